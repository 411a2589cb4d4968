import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { answer, ScriptedSfu } from '../support/scripted-sfu.ts';
import { FAKE_DEVICES, openCall, PERMISSIONS, press, soundOf, tileOf } from './call-page.ts';
import { launchMediaBrowser } from './media-page.ts';
import { startPageSfu } from './page-sfu.ts';
import { arriveAs, enterAs, join, people } from './room-page.ts';
import { openSite } from './site.ts';

let browser: Browser;
/** One that asks for devices, and where nobody answers that they may be used. */
let askingBrowser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  const asking = FAKE_DEVICES.filter((flag) => !flag.includes('fake-ui'));
  askingBrowser = await launchMediaBrowser([
    ...asking,
    '--autoplay-policy=document-user-activation-required',
  ]);
  return async () => {
    await browser.close();
    await askingBrowser.close();
  };
});

/** From here on counts the tiles of somebody that are taken away; what it gives says how many. */
async function watchTile(tab: Page, name: string): Promise<() => Promise<number>> {
  await tab.evaluate((name) => {
    const removed: Node[] = [];
    new MutationObserver((changes) => {
      for (const { removedNodes } of changes)
        for (const node of removedNodes) if (node.textContent?.includes(name)) removed.push(node);
    }).observe(document.body, { childList: true, subtree: true });
    Object.assign(window, { removed });
  }, name);
  return () => tab.evaluate(() => (window as unknown as { removed: Node[] }).removed.length);
}

/** How far the picture of somebody else has come, in seconds. */
const playedOf = (tab: Page, name: string): Promise<number> =>
  tileOf(tab, name)
    .locator('video')
    .evaluateAll((videos) => (videos[0] as HTMLVideoElement | undefined)?.currentTime ?? 0);

test('who denies camera and microphone is told what to do, joins without, and can allow them later', async () => {
  const site = await openSite(askingBrowser);
  const ada = await site.visit({ permissions: [] });
  await arriveAs(ada, 'Ada');
  await press(ada, 'Turn on camera');
  await ada.getByText('The camera is blocked. Allow it in the browser’s address bar').waitFor();
  await press(ada, 'Turn on microphone');
  await ada.getByText('The microphone is blocked.').waitFor();
  await join(ada);
  await expect.poll(() => people(ada)).toEqual([['Ada', 'you']]);

  await ada.context().grantPermissions(['camera', 'microphone']);
  await press(ada, 'Turn on camera');
  await ada.getByRole('button', { name: 'Turn off camera' }).waitFor();
  await press(ada, 'Turn on microphone');
  await ada.getByRole('button', { name: 'Turn off microphone' }).waitFor();
  expect(await ada.getByText('is blocked').count()).toBe(0);
});

test('a network that is gone for five seconds is no leave', async () => {
  const { ada, ben } = await openCall(browser);
  await press(ada, 'Turn on camera');
  await expect.poll(() => playedOf(ben, 'Ada')).toBeGreaterThan(0);
  const removed = await watchTile(ben, 'Ada');

  await ada.context().setOffline(true);
  await ada.getByText('You are offline. You will be back by yourself.').waitFor();
  // The time is what this test is about: shorter than the grace in which nobody is taken for gone.
  await ada.waitForTimeout(5_000);
  await ada.context().setOffline(false);
  await ada.getByText('2 people are here.').waitFor();
  await press(ada, 'Raise hand');
  await tileOf(ben, 'Ada').getByText('hand raised').waitFor();
  expect(await removed()).toBe(0);
});

test('after a restart of the server two people are in their places, and see each other as before', async () => {
  const { site, ada, ben } = await openCall(browser);
  await press(ada, 'Turn on camera');
  await expect.poll(() => playedOf(ben, 'Ada')).toBeGreaterThan(0);
  const removed = await watchTile(ben, 'Ada');

  await site.stop();
  await ben.getByText('The connection is lost. Trying again…').waitFor();
  await site.start();
  for (const tab of [ada, ben]) await tab.getByText('2 people are here.').waitFor();
  const played = await playedOf(ben, 'Ada');
  await expect.poll(() => playedOf(ben, 'Ada')).toBeGreaterThan(played);
  await press(ada, 'Raise hand');
  await tileOf(ben, 'Ada').getByText('hand raised').waitFor();
  expect(await removed()).toBe(0);
});

test('without its SFU the room goes on, and with it comes sound and picture', async () => {
  const pageSfu = await startPageSfu(browser);
  const carryOut = pageSfu.alterAnswer((reply) => reply);
  let isDown = true;
  const sfu = await ScriptedSfu.start((request, response) =>
    (isDown ? answer(503, { errorCode: 'unavailable' }) : carryOut)(request, response),
  );
  const site = await openSite(browser, sfu.environment);
  const [ada, ben] = [await site.visit(PERMISSIONS), await site.visit(PERMISSIONS)];
  await enterAs(ada, 'Ada');
  await enterAs(ben, 'Ben');
  await ada.getByText('Sound and picture have no connection, and are being tried again.').waitFor();
  await press(ben, 'Raise hand');
  await tileOf(ada, 'Ben').getByText('hand raised').waitFor();

  isDown = false;
  await press(ben, 'Turn on camera');
  await expect.poll(() => playedOf(ada, 'Ben'), { timeout: 40_000 }).toBeGreaterThan(0);
  expect(await ada.getByText('Sound and picture have no connection').count()).toBe(0);
});

test('what the browser refuses to play by itself, a press plays', async () => {
  const { ada, ben } = await openCall(browser);
  // Refused by a script: whatever Playwright does in a page counts as touching it, after which browsers play.
  await ben.evaluate(() => {
    const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'play') ?? {};
    HTMLMediaElement.prototype.play = () => {
      Object.defineProperty(HTMLMediaElement.prototype, 'play', own);
      return Promise.reject(new DOMException('not touched yet', 'NotAllowedError'));
    };
  });
  const isPaused = (): Promise<boolean> =>
    soundOf(ben, 'Ada').evaluate((audio) => (audio as HTMLAudioElement).paused);
  await press(ada, 'Turn on microphone');
  await ben.getByRole('button', { name: 'Play sound' }).waitFor();
  expect(await isPaused()).toBe(true);
  await press(ben, 'Play sound');
  await expect.poll(isPaused).toBe(false);
  expect(await ben.getByRole('button', { name: 'Play sound' }).count()).toBe(0);
});
