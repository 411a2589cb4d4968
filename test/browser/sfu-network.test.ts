import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { Received } from './reception.client.ts';
import { BadNetwork, launchDeviceBrowser, openCall, type CallPerson } from './sfu-call.ts';
import { energy, frames, listen, LOOKING, SECOND, SILENCE, talk } from './sfu-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchDeviceBrowser();
  return () => browser.close();
});

type Receptions = { readonly sound: Received; readonly picture: Received };

const receptions = async (person: CallPerson, name: string): Promise<Receptions> => ({
  sound: await person.do('received', name, 'audio'),
  picture: await person.do('received', name, 'video'),
});

const SECONDS = 6;
/** In percent of the sound: a machine that is busy with other tests adds its own to what the network does. */
const CONCEALED_ANYWAY = 10;

test.each([
  ['loses 2 % of the packets', { seed: 1, lossPercent: 2 }],
  ['loses 5 % of the packets', { seed: 1, lossPercent: 5 }],
  ['delays packets by up to 50 ms', { seed: 1, lossPercent: 0, jitterMs: 50 }],
])('pictures recover and sound stays on a network that %s', async (_, impairment) => {
  const network = new BadNetwork(impairment);
  const { join, uncaught } = await openCall(browser, network);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await talk([ada, ben], ['Ada', 'Ben']);
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(SECOND);
  await expect.poll(() => energy(ben, 'Ada'), LOOKING).toBeGreaterThan(0);

  const before = await receptions(ben, 'Ada');
  await listen(ben, 'Ada', SECONDS);
  const after = await receptions(ben, 'Ada');
  const { lost, delayed } = await network.counts;

  expect(lost + delayed).toBeGreaterThan(0);
  expect(after.picture.frames - before.picture.frames).toBeGreaterThan((SECONDS / 2) * SECOND);
  expect(after.picture.freezeSeconds - before.picture.freezeSeconds).toBeLessThan(SECONDS / 2);
  expect(after.sound.energy).toBeGreaterThan(before.sound.energy + SILENCE);
  const concealed = after.sound.concealedSamples - before.sound.concealedSamples;
  const percent = (100 * concealed) / (after.sound.samples - before.sound.samples);
  // Both ways go through that network: to the SFU and from it.
  expect(percent).toBeLessThan(2 * impairment.lossPercent + CONCEALED_ANYWAY);
  // It is not frozen at the end either.
  await expect.poll(() => frames(ben, 'Ada'), LOOKING).toBeGreaterThan(after.picture.frames + SECOND);
  expect(uncaught).toEqual([]);
});
