import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { launchMediaBrowser } from './media-page.ts';
import { openMeeting } from './partytracks-meeting.ts';
import { startPageSfu } from './page-sfu.ts';
import { arriveAs, join } from './room-page.ts';
import { openSite, type Site } from './site.ts';

/** A moving picture and a beep in place of devices, granted without asking; a screen in place of a choice. */
const FAKE_DEVICES = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
];

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  return () => browser.close();
});

const PERMISSIONS = { permissions: ['microphone', 'camera'] };

/** Ada and Ben in a call, with an SFU between them that forwards media. */
async function call(): Promise<{ site: Site; ada: Page; ben: Page }> {
  const sfu = await startPageSfu(browser);
  const site = await openSite(browser, sfu.api.environment);
  const [ada, ben] = [await site.visit(PERMISSIONS), await site.visit(PERMISSIONS)];
  await arriveAs(ada, 'Ada');
  await arriveAs(ben, 'Ben');
  for (const tab of [ada, ben]) await join(tab);
  for (const tab of [ada, ben]) await tab.getByText('2 people are here.').waitFor();
  return { site, ada, ben };
}

const tileOf = (tab: Page, name: string) =>
  tab.getByRole('list', { name: 'People in this room' }).getByRole('listitem').filter({ hasText: name });

/** Whether pictures are coming: how wide they are, once the element plays them. */
const widthOf = (tab: Page, selector: string): Promise<number> =>
  tab.evaluate((selector) => {
    const video = document.querySelector<HTMLVideoElement>(selector);
    return video !== null && video.currentTime > 0 ? video.videoWidth : 0;
  }, selector);

const press = (tab: Page, name: string) => tab.getByRole('button', { name, exact: true }).click();

test('a camera that is turned on is seen by the other, and one that is turned off is not', async () => {
  const { ada, ben } = await call();
  await press(ada, 'Turn on camera');
  await expect.poll(() => widthOf(ada, '.tile video[data-mirrored]')).toBeGreaterThan(0);
  await expect.poll(() => widthOf(ben, '.tile video')).toBeGreaterThan(0);
  expect(await tileOf(ben, 'Ada').locator('video').count()).toBe(1);

  await press(ada, 'Turn off camera');
  await expect.poll(() => tileOf(ben, 'Ada').locator('video').count()).toBe(0);
});

test('a microphone is heard, and is off when somebody mutes it', async () => {
  const { ada, ben } = await call();
  await press(ada, 'Turn on microphone');
  await expect.poll(() => tileOf(ben, 'Ada').getByText('muted').count()).toBe(0);
  await expect.poll(() => tileOf(ben, 'Ada').locator('audio').count()).toBe(1);
  // The beep of the device is speech to the page that sends it.
  await expect.poll(() => tileOf(ben, 'Ada').getAttribute('data-speaking')).toBe('true');

  await press(ben, 'Open people');
  await press(ben, 'Mute Ada');
  await ada.getByRole('button', { name: 'Turn on microphone' }).waitFor();
  await ben.getByRole('button', { name: 'Ada is muted' }).waitFor();
});

test('a screen that is shared stands beside the people until the sharing ends', async () => {
  const { ada, ben } = await call();
  await press(ada, 'Share screen');
  await expect.poll(() => widthOf(ben, '.screen video')).toBeGreaterThan(0);
  await ben.getByText('Ada’s screen').waitFor();
  await press(ada, 'Turn on camera');
  await expect.poll(() => widthOf(ben, 'li.tile video')).toBeGreaterThan(0);
  await ben.screenshot({ path: fileURLToPath(new URL('screenshots/call-sharing.png', import.meta.url)) });
  await press(ada, 'Stop sharing');
  await expect.poll(() => ben.getByText('Ada’s screen').count()).toBe(0);
});

test('the page and a stock client, on partytracks alone, hear and see each other', async () => {
  const meeting = await openMeeting(browser);
  const ben = await meeting.join('Ben');
  const ada = await meeting.site.visit(PERMISSIONS);
  await arriveAs(ada, 'Ada');
  await join(ada);
  await press(ada, 'Turn on camera');
  await press(ada, 'Turn on microphone');
  await ben.do('push', 'audio');
  await ben.do('pull', 'Ada', 'video');
  await ben.do('pull', 'Ada', 'audio');
  await expect.poll(() => ben.do('received', 'Ada', 'video')).toBeGreaterThan(0);
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  await expect.poll(() => tileOf(ada, 'Ben').locator('audio').count()).toBe(1);
  expect(meeting.uncaught).toEqual([]);
});

test('who leaves is at home, and gone for the other at once', async () => {
  const { ada, ben } = await call();
  await press(ben, 'Leave');
  await ben.waitForURL((url) => url.pathname === '/');
  await expect.poll(() => ada.getByRole('status').textContent()).toBe('You are alone here.');
});

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds in the page as it is; run by the debugger, which the page's policy does not bind. */
async function violations(tab: Page): Promise<string[]> {
  const session = await tab.context().newCDPSession(tab);
  const run = async (expression: string): Promise<unknown> => {
    const { result } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      allowUnsafeEvalBlockedByCSP: true,
    });
    return result.value;
  };
  await run(`${AXE};0`);
  const found = (await run(
    `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  )) as string[];
  await session.detach();
  return found;
}

test.each(['light', 'dark'] as const)(
  'axe finds nothing in lobby, call and panel: %s',
  async (colorScheme) => {
    const site = await openSite(browser);
    const ada = await site.visit({ colorScheme });
    await arriveAs(ada, 'Ada');
    await ada.getByText('Nobody is here yet.').waitFor();
    expect(await violations(ada)).toEqual([]);
    await join(ada);
    await ada.getByText('You are alone here.').waitFor();
    await press(ada, 'Open people');
    expect(await violations(ada)).toEqual([]);
    expect(site.complaints).toEqual([]);
  },
);
