import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { launchDeviceBrowser, openCall } from './sfu-call.ts';
import { frames, LOOKING, SECOND } from './sfu-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchDeviceBrowser();
  return () => browser.close();
});

test('of a camera that is sent in two sizes, each receives the one that it prefers, and another when it changes its mind', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben, cleo] = await Promise.all([join('Ada'), join('Ben'), join('Cleo')]);
  await ada.do('send', 'video', 'two sizes');
  await ben.do('receive', 'Ada', 'video', 'a');
  await cleo.do('receive', 'Ada', 'video', 'b');
  await expect.poll(() => ben.do('received', 'Ada', 'video'), LOOKING).toMatchObject({ width: 640 });
  await expect.poll(() => cleo.do('received', 'Ada', 'video'), LOOKING).toMatchObject({ width: 320 });

  for (const [rid, width] of [
    ['b', 320],
    ['a', 640],
    ['b', 320],
  ] as const) {
    await ben.do('prefer', 'Ada', 'video', rid);
    await expect.poll(() => ben.do('received', 'Ada', 'video'), LOOKING).toMatchObject({ width });
    const seen = await frames(ben, 'Ada');
    await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(seen + SECOND);
  }
  expect(await cleo.do('received', 'Ada', 'video')).toMatchObject({ width: 320 });
  expect(uncaught).toEqual([]);
});
