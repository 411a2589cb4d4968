import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { FAKE_DEVICES, openCall, PERMISSIONS, press, soundOf, tileOf } from './call-page.ts';
import { launchMediaBrowser } from './media-page.ts';
import { openMeeting } from './partytracks-meeting.ts';
import { arriveAs, join } from './room-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  return () => browser.close();
});

/** Whether pictures are coming: how wide they are, once the element plays them. */
const widthOf = (tab: Page, selector: string): Promise<number> =>
  tab.evaluate((selector) => {
    const video = document.querySelector<HTMLVideoElement>(selector);
    return video !== null && video.currentTime > 0 ? video.videoWidth : 0;
  }, selector);

test('a camera that is turned on is seen by the other, and one that is turned off is not', async () => {
  const { ada, ben } = await openCall(browser);
  await press(ada, 'Turn on camera');
  await expect.poll(() => widthOf(ada, '.tile video[data-mirrored]')).toBeGreaterThan(0);
  await expect.poll(() => widthOf(ben, '.tile video')).toBeGreaterThan(0);
  expect(await tileOf(ben, 'Ada').locator('video').count()).toBe(1);

  await press(ada, 'Turn off camera');
  await expect.poll(() => tileOf(ben, 'Ada').locator('video').count()).toBe(0);
});

test('a microphone is heard, and is off when somebody mutes it', async () => {
  const { ada, ben } = await openCall(browser);
  await press(ada, 'Turn on microphone');
  await expect.poll(() => tileOf(ben, 'Ada').getByText('muted').count()).toBe(0);
  await expect.poll(() => soundOf(ben, 'Ada').count()).toBe(1);
  // The beep of the device is speech to the page that sends it.
  await expect.poll(() => tileOf(ben, 'Ada').getAttribute('data-speaking')).toBe('true');

  await press(ben, 'Open people');
  await press(ben, 'Mute Ada');
  await ada.getByRole('button', { name: 'Turn on microphone' }).waitFor();
  await ben.getByRole('button', { name: 'Ada is muted' }).waitFor();
});

test('a screen that is shared stands beside the people until the sharing ends', async () => {
  const { ada, ben } = await openCall(browser);
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
  await expect.poll(() => soundOf(ada, 'Ben').count()).toBe(1);
  expect(meeting.uncaught).toEqual([]);
});

test('who leaves is gone for the others at once, says how it was, and may come back', async () => {
  const { ada, ben } = await openCall(browser);
  await press(ben, 'Turn on camera');
  await press(ben, 'Leave');
  await expect.poll(() => ada.getByRole('status').textContent()).toBe('You are alone here.');
  await press(ben, 'There were problems');
  await ben.getByText('Thank you.').waitFor();

  await press(ben, 'Come back');
  await join(ben);
  await press(ben, 'Turn on camera');
  await expect.poll(() => widthOf(ada, 'li.tile video')).toBeGreaterThan(0);
  await press(ben, 'Leave');
  await ben.getByRole('link', { name: 'Another room' }).click();
  await ben.waitForURL((url) => url.pathname === '/');
});
