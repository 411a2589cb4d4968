import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { launchDeviceBrowser, openCall } from './sfu-call.ts';
import { energy, energyOfASecond, listen, LOOKING, SILENCE } from './sfu-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchDeviceBrowser();
  return () => browser.close();
});

const ECHO = 'Echo (no AI configured)';
/** Unlike anything in the greeting. */
const HERTZ = 3_000;
/** In decibels: the tone is 6 below full scale, and what is not there 100 and more. */
const HEARD = -50;

test('[M2] whoever has control of what stands in for the AI is answered, and everybody hears it', async () => {
  const { join, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  await ada.do('sendTone', HERTZ);
  await ben.do('send', 'audio');
  await expect.poll(() => ada.do('path', 'audio')).toBeDefined();

  await ada.do('say', { type: 'enableAi' });
  await expect.poll(() => ben.do('ai'), LOOKING).toMatchObject({ enabled: true });
  expect(await ben.do('people')).toContain(ECHO);
  await ben.do('receive', ECHO, 'audio');
  await expect.poll(() => energy(ben, ECHO), LOOKING).toBeGreaterThan(SILENCE);
  // It does not listen before it has greeted.
  await expect.poll(() => energyOfASecond(ben, ECHO), LOOKING).toBeLessThan(SILENCE);
  expect(await ben.do('loudness', ECHO, HERTZ)).toBeLessThan(HEARD);

  const [sessionId, trackName] = (await ada.do('path', 'audio'))?.split('/') ?? [];
  await ada.do('say', { type: 'requestAiControl', track: { location: 'remote', sessionId, trackName } });
  const adaId = await ben.do('idOf', 'Ada');
  await expect.poll(() => ben.do('ai'), LOOKING).toMatchObject({ controllingUser: adaId });
  await ada.do('sound', true);
  await listen(ben, ECHO, 2);
  await ada.do('sound', false);
  await expect.poll(() => ben.do('loudness', ECHO, HERTZ), LOOKING).toBeGreaterThan(HEARD);

  await ada.do('say', { type: 'relenquishAiControl' });
  await expect.poll(() => ben.do('ai'), LOOKING).not.toHaveProperty('controllingUser');
  await ben.do('say', { type: 'disableAi' });
  await expect.poll(() => ada.do('ai'), LOOKING).toMatchObject({ enabled: false });
  expect(await ada.do('people')).not.toContain(ECHO);
  expect(uncaught).toEqual([]);
});
