import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { launchDeviceBrowser, openCall } from './sfu-call.ts';
import {
  energy,
  energyOfASecond,
  frames,
  GONE_MS,
  LOOKING,
  SECOND,
  silence,
  SILENCE,
  talk,
} from './sfu-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchDeviceBrowser();
  return () => browser.close();
});

/** As bright as Chromium's camera is at the least, on average. */
const LIT = 20;

test.each([
  ['two', ['Ada', 'Ben']],
  ['four', ['Ada', 'Ben', 'Cleo', 'Dan']],
])('%s people see and hear each other', async (_, names) => {
  const { join, uncaught } = await openCall(browser);
  const people = await Promise.all(names.map(join));
  await talk(people, names);
  const pairs = people.flatMap((person, index) =>
    names.filter((_, other) => other !== index).map((name) => [person, name] as const),
  );

  await Promise.all(
    pairs.map(async ([person, name]) => {
      await expect.poll(() => energy(person, name), LOOKING).toBeGreaterThan(0);
      await expect.poll(() => frames(person, name), LOOKING).toBeGreaterThan(0);
      const [sound, picture] = [await energy(person, name), await frames(person, name)];
      await expect.poll(() => energy(person, name), LOOKING).toBeGreaterThan(sound);
      await expect.poll(() => frames(person, name), LOOKING).toBeGreaterThan(picture + SECOND);
      await expect.poll(() => person.do('received', name, 'video'), LOOKING).toMatchObject({ width: 640 });
    }),
  );
  expect(uncaught).toEqual([]);
});

test('a muted microphone is silent and a camera that is off is black, until they are on again', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await talk([ada, ben], ['Ada', 'Ben']);
  await expect.poll(() => energy(ben, 'Ada'), LOOKING).toBeGreaterThan(0);
  await expect.poll(() => ben.do('brightness', 'Ada', 'video'), LOOKING).toBeGreaterThan(LIT);

  await ada.do('turnOff', 'audio');
  await ada.do('turnOff', 'video');
  await expect.poll(() => ben.do('brightness', 'Ada', 'video'), LOOKING).toBe(0);
  await expect.poll(() => energyOfASecond(ben, 'Ada'), LOOKING).toBeLessThan(SILENCE);

  await ada.do('turnOn', 'audio');
  await ada.do('turnOn', 'video');
  await expect.poll(() => energyOfASecond(ben, 'Ada'), LOOKING).toBeGreaterThan(SILENCE);
  await expect.poll(() => ben.do('brightness', 'Ada', 'video'), LOOKING).toBeGreaterThan(LIT);
  expect(uncaught).toEqual([]);
});

test('a screen is seen beside the camera, until it is shared no more', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await talk([ada, ben], ['Ada', 'Ben']);
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(0);

  await ada.do('send', 'screenshare');
  await ben.do('receive', 'Ada', 'screenshare');
  await expect.poll(() => frames(ben, 'Ada', 'screenshare'), LOOKING).toBeGreaterThan(SECOND);
  await expect.poll(() => ben.do('received', 'Ada', 'screenshare'), LOOKING).toMatchObject({ width: 1280 });

  await ada.do('stopSending', 'screenshare');
  await expect.poll(() => silence(ben, 'Ada', 'screenshare'), LOOKING).toBeGreaterThan(GONE_MS);
  const camera = await frames(ben, 'Ada');
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(camera + SECOND);
  expect(uncaught).toEqual([]);
});

test('whoever leaves is seen no more, and is seen again after coming back', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await talk([ada, ben], ['Ada', 'Ben']);
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(0);

  await ada.do('leave');
  await expect.poll(() => ben.do('people'), LOOKING).toEqual(['Ben']);
  await expect.poll(() => silence(ben, 'Ada', 'video'), LOOKING).toBeGreaterThan(GONE_MS);
  await expect.poll(() => silence(ben, 'Ada', 'audio'), LOOKING).toBeGreaterThan(GONE_MS);
  await ada.page.close();

  const again = await join('Ada');
  await talk([again], ['Ada']);
  await again.do('receive', 'Ben', 'video');
  await expect.poll(() => energy(ben, 'Ada'), LOOKING).toBeGreaterThan(0);
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(SECOND);
  await expect.poll(() => frames(again, 'Ben'), LOOKING).toBeGreaterThan(SECOND);
  expect(uncaught).toEqual([]);
});

test('whoever looks away and back, four times, sees and hears each time', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await talk([ada, ben], ['Ada', 'Ben']);
  for (let round = 0; round < 4; round += 1) {
    await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(SECOND);
    await expect.poll(() => energy(ben, 'Ada'), LOOKING).toBeGreaterThan(0);
    const closed = ben.page.waitForResponse((response) => response.url().includes('/tracks/close'));
    await ben.do('stopReceiving', 'Ada', 'audio');
    await ben.do('stopReceiving', 'Ada', 'video');
    expect((await closed).status()).toBe(200);
    await ben.do('receive', 'Ada', 'audio');
    await ben.do('receive', 'Ada', 'video');
  }
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(SECOND);
  await expect.poll(() => energy(ben, 'Ada'), LOOKING).toBeGreaterThan(0);
  // What Ben sends was not touched by all that.
  const [sound, picture] = [await energy(ada, 'Ben'), await frames(ada, 'Ben')];
  await expect.poll(() => energy(ada, 'Ben'), LOOKING).toBeGreaterThan(sound);
  await expect.poll(() => frames(ada, 'Ben'), LOOKING).toBeGreaterThan(picture + SECOND);
  expect(uncaught).toEqual([]);
});
