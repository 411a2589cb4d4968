import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { FAKE_DEVICES, PERMISSIONS, press, soundOf, tileOf } from './call-page.ts';
import { launchMediaBrowser } from './media-page.ts';
import { arriveAs, join } from './room-page.ts';
import { openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser(FAKE_DEVICES);
  return () => browser.close();
});

/** Pixels of the one picture of somebody else that is playing; 0 while there is none. */
const widthOf = (tab: Page): Promise<number> =>
  tab.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('.tile video:not([data-mirrored])');
    return video !== null && video.currentTime > 0 ? video.videoWidth : 0;
  });

test('[M1] [M2] two tabs and a server without any account: they see and hear each other, and invite the echo', async () => {
  const site = await openSite(browser, { EMBEDDED_SFU: 'true', SFU_PORT: '0' });
  const [ada, ben] = [await site.visit(PERMISSIONS), await site.visit(PERMISSIONS)];
  await arriveAs(ada, 'Ada');
  await arriveAs(ben, 'Ben');
  for (const tab of [ada, ben]) {
    await join(tab);
    await press(tab, 'Turn on camera');
    await press(tab, 'Turn on microphone');
  }
  for (const tab of [ada, ben]) await expect.poll(() => widthOf(tab)).toBeGreaterThan(0);
  await expect.poll(() => soundOf(ada, 'Ben').count()).toBe(1);
  await expect.poll(() => soundOf(ben, 'Ada').count()).toBe(1);

  await press(ada, 'Open people');
  await ada.getByRole('heading', { name: 'Echo (no AI configured)' }).waitFor();
  await press(ada, 'Invite');
  await tileOf(ben, 'Echo (no AI configured)').waitFor();
  await expect.poll(() => soundOf(ben, 'Echo (no AI configured)').count()).toBe(1);
  await ben.screenshot({ path: fileURLToPath(new URL('screenshots/alone-echo.png', import.meta.url)) });
  await press(ada, 'Send away');
  await expect.poll(() => tileOf(ben, 'Echo (no AI configured)').count()).toBe(0);
});
