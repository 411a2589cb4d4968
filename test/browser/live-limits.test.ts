import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { openAdminSite } from './admin-site.ts';
import { openLive, presence, textOf } from './live-page.ts';
import { launchBrowser } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

const LIVE = '/rooms/daily/statechart';
/** Attempts while the server is away cannot but fail, and Chromium notes each. */
const REFUSED_ATTEMPT = /^Failed to load resource: net::ERR_/;

test.each([1440, 400])(
  'of a burst of 5,000 events few are in the document, and a thousand can be gone back: %i px',
  async (width) => {
    const site = await openAdminSite(browser);
    const ada = await site.enter('a', 'Ada');
    const tab = await site.visit(LIVE, { viewport: { width, height: 900 } });
    await openLive(tab);
    for (let count = 0; count < 5_000; count += 1) ada.send(presence(count % 2 === 0));

    await expect.poll(() => textOf(tab, 'place')).toBe('Step 5,000 of 5,000');
    expect(await tab.locator('#rows > *').count()).toBeLessThan(100);
    // Followed to the end.
    expect(await tab.getByRole('option').last().locator('.seq').textContent()).toBe('5000');
    await tab.keyboard.press('Home');
    await expect
      .poll(() => tab.getByRole('option').first().textContent())
      .toBe('Earlier steps are forgotten');
    const [, back = '0'] = /of ([\d,]+)$/.exec(await textOf(tab, 'place')) ?? [];
    expect(Number(back.replace(',', ''))).toBeGreaterThanOrEqual(1_000);
    expect(site.complaints).toEqual([]);
  },
);

test('a lost connection is told, and so is its return', async () => {
  const site = await openAdminSite(browser);
  await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);

  await site.stop();
  await tab.locator('#status', { hasText: 'The connection is lost.' }).waitFor();
  expect(await textOf(tab, 'state')).toContain('active');
  await site.start();

  await tab.locator('#status', { hasText: 'The connection is back.' }).waitFor();
  expect(site.complaints.filter((text) => !REFUSED_ATTEMPT.test(text))).toEqual([]);
});

test('who has asked for little motion sees none', async () => {
  const site = await openAdminSite(browser);
  const ada = await site.enter('a', 'Ada');
  const [calm, lively] = [
    await site.visit(LIVE, { reducedMotion: 'reduce' }),
    await site.visit(LIVE, { reducedMotion: 'no-preference' }),
  ];
  for (const tab of [calm, lively]) await openLive(tab);

  ada.send({ type: 'enableAi' });

  const animation = async (tab: Page): Promise<string> => {
    await tab.locator('#drawing .is-taken .line').waitFor({ state: 'attached' });
    return tab
      .locator('#drawing .is-taken .line')
      .first()
      .evaluate((line) => getComputedStyle(line).animationName);
  };
  expect([await animation(calm), await animation(lively)]).toEqual(['none', 'taken']);
  expect(site.complaints).toEqual([]);
});

test('[L1] who comes when too many look on already is told, and let in when there is room', async () => {
  const site = await openAdminSite(browser);
  await site.enter('a', 'Ada');
  const others = new AbortController();
  for (let view = 0; view < 32; view += 1)
    await fetch(`${site.url}${LIVE}/events`, { signal: others.signal });
  const tab = await site.visit(LIVE);
  await tab.locator('#status', { hasText: 'Too many people are looking on.' }).waitFor();

  others.abort();

  await tab.locator('#status', { hasText: 'The connection is back. Live' }).waitFor();
  expect(site.complaints.filter((text) => !text.includes('429'))).toEqual([]);
});

test('the log follows what happens until its reader scrolls away from the end', async () => {
  const site = await openAdminSite(browser);
  const ada = await site.enter('a', 'Ada');
  const tab = await site.visit(LIVE);
  await openLive(tab);
  const wave = async (from: number, to: number): Promise<void> => {
    for (let count = from; count <= to; count += 1) ada.send(presence(count % 2 === 1));
    await expect.poll(() => textOf(tab, 'place')).toBe(`Step ${to} of ${to}`);
  };
  const log = tab.locator('#log');
  const fromEnd = () =>
    log.evaluate((pane) => Math.round(pane.scrollHeight - pane.clientHeight - pane.scrollTop));
  const firstInSight = () =>
    log.evaluate((pane) => {
      const rows = [...pane.querySelectorAll('[role=option]')];
      const { top } = pane.getBoundingClientRect();
      return rows.find((row) => row.getBoundingClientRect().top >= top)?.id;
    });

  await wave(1, 100);
  expect(await fromEnd()).toBe(0);

  await log.evaluate((pane) => pane.scrollTo(0, 28 * 20));
  await expect.poll(firstInSight).toBe('step-20');
  await wave(101, 200);
  expect(await firstInSight()).toBe('step-20');

  await tab.keyboard.press('End');
  await expect.poll(fromEnd).toBe(0);
  await wave(201, 300);
  expect(await fromEnd()).toBe(0);
  expect(site.complaints).toEqual([]);
});
