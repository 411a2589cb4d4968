import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { CountingVoice } from '../support/counting-voice.ts';
import { openAdminSite } from './admin-site.ts';
import { openLive, textOf } from './live-page.ts';
import { launchBrowser } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  return () => browser.close();
});

const rooms = (tab: Page): Promise<string[][]> =>
  tab
    .locator('#rooms tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => Array.from(row.children, (cell) => cell.textContent ?? '').slice(0, 3)),
    );

test('all machines are there, as a drawing and for other tools', async () => {
  const site = await openAdminSite(browser);
  const tab = await site.visit('/');
  await tab.getByText('No rooms are running.').waitFor();

  const image = tab.getByRole('img', { name: 'Statechart of the machine room' });
  expect(
    await image.evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth)),
  ).toBeGreaterThan(100);
  const links = await tab
    .locator('.machine a')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  const statuses = await Promise.all(links.map(async (link) => [link, (await fetch(link)).status]));
  expect(statuses).toEqual(
    ['svg', 'svg', 'md', 'scxml', 'mmd', 'stately.json'].map((kind) => [
      `${site.url}/machines/room.${kind}`,
      200,
    ]),
  );
  expect(site.complaints).toEqual([]);
});

test('rooms are listed with their states, by themselves, and lead to their live views', async () => {
  const site = await openAdminSite(browser, { voice: new CountingVoice() });
  const tab = await site.visit('/');
  await tab.getByText('No rooms are running.').waitFor();

  const ada = await site.enter('a', 'Ada', 'daily');
  await site.enter('b', 'Ben', 'daily');
  await site.enter('c', 'Cy', '<b>retro');
  await expect
    .poll(() => rooms(tab))
    .toEqual([
      ['<b>retro', 'active', '1'],
      ['daily', 'active', '2'],
    ]);
  expect(await textOf(tab, 'summary')).toBe('2 rooms are running.');

  await tab.getByRole('link', { name: 'daily' }).focus();
  ada.send({ type: 'enableAi' });
  await expect.poll(async () => (await rooms(tab))[1]).toEqual(['daily', 'aiConnecting', '2']);
  // Who has gone to a room with the keyboard is still there after the list has been brought up to date.
  await tab.keyboard.press('Enter');
  await openLive(tab);
  expect(await textOf(tab, 'room')).toBe('daily');
  expect(site.complaints).toEqual([]);
});

test('a room is found by a part of its name', async () => {
  const site = await openAdminSite(browser);
  for (const name of ['Weekly', 'weekend', 'daily']) await site.enter('a', 'Ada', name);
  const tab = await site.visit('/');
  await tab.getByText('3 rooms are running.').waitFor();
  const search = tab.getByLabel('Find a room by its name');

  await search.fill('WEEK');
  await expect.poll(() => textOf(tab, 'summary')).toBe('2 of 3 found.');
  expect((await rooms(tab)).map(([name]) => name)).toEqual(['Weekly', 'weekend']);

  await search.fill('<i>');
  await expect.poll(() => textOf(tab, 'summary')).toBe('None of 3 rooms has “<i>” in its name.');
  expect(await tab.locator('#rooms').isVisible()).toBe(false);

  await search.fill('');
  await expect.poll(() => textOf(tab, 'summary')).toBe('3 rooms are running.');
  expect(site.complaints).toEqual([]);
});

test('of many rooms the first are shown, and it is said that there are more', async () => {
  const site = await openAdminSite(browser);
  for (let room = 1; room <= 203; room += 1) await site.enter('a', 'Ada', `room ${room}`);
  const tab = await site.visit('/');

  await expect.poll(() => textOf(tab, 'summary')).toBe('200 of 203 shown. A longer name finds fewer.');
  expect(await rooms(tab)).toHaveLength(200);
  expect(site.complaints).toEqual([]);
});

test('a server that does not answer is told, and found again', async () => {
  const site = await openAdminSite(browser);
  const tab = await site.visit('/');
  await tab.getByText('No rooms are running.').waitFor();

  await site.stop();
  await tab.getByText('The server does not answer. Trying again…').waitFor();
  await site.start();

  await tab.getByText('No rooms are running.').waitFor();
  expect(site.complaints.filter((text) => !text.startsWith('Failed to load resource: net::ERR_'))).toEqual(
    [],
  );
});

test('[L5] an operator logs in with the token', async () => {
  const token = 'a token that is long enough';
  const site = await openAdminSite(browser, {}, { ADMIN_TOKEN: token });
  const tab = await site.visit('/');
  expect(tab.url()).toBe(`${site.url}/login`);

  await tab.getByLabel('Token').fill('another token than that');
  await tab.keyboard.press('Enter');
  await tab.getByLabel('Token').and(tab.locator(':invalid')).waitFor();
  await tab.getByLabel('Token').fill(token);
  await tab.keyboard.press('Enter');

  await tab.getByText('No rooms are running.').waitFor();
  expect(tab.url()).toBe(`${site.url}/`);
  expect(site.complaints.filter((text) => !text.includes('401'))).toEqual([]);
});

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

type AxeResults = { readonly violations: readonly { id: string; nodes: readonly { html: string }[] }[] };

/** What axe finds against WCAG 2.2 A and AA; run by the debugger, which the page's policy does not bind. */
async function violations(tab: Page): Promise<string[]> {
  const { readFileSync } = await import('node:fs');
  await tab.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = await tab.evaluate<AxeResults>(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const overflow = (tab: Page): Promise<number> =>
  tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test.each([
  { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const)('everybody can use the pages: $colorScheme, $viewport.width px', async (options) => {
  const site = await openAdminSite(browser, { voice: new CountingVoice() });
  const ada = await site.enter('a', 'Ada', 'daily '.repeat(21).trim());
  const index = await site.visit('/', options);
  await index.getByText('One room is running.').waitFor();
  expect([await overflow(index), await violations(index)]).toEqual([0, []]);

  await index.locator('#rooms a').click();
  await openLive(index);
  ada.sendRaw('no JSON');
  ada.send({ type: 'enableAi' });
  ada.send({ type: 'enableAi' });
  ada.send({ type: 'disableAi' });
  ada.send({ type: 'disableAi' });
  await expect.poll(() => textOf(index, 'place')).toBe('Step 5 of 5');
  await index.keyboard.press('ArrowLeft');
  await expect.poll(() => textOf(index, 'ahead')).toBe('1 step ahead');
  // Scrolls in a frame of its own, which leaves room for the log.
  const drawingHeight = await index.locator('#drawing').evaluate((pane) => pane.clientHeight);
  expect(drawingHeight).toBeLessThan(options.viewport.height);
  await index.getByText('Keys', { exact: true }).click();
  expect([await overflow(index), await violations(index)]).toEqual([0, []]);
  expect(site.complaints).toEqual([]);
});
