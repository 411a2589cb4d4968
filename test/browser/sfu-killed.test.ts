import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { CLOSE_UNANSWERED } from './partytracks-meeting.ts';
import { launchDeviceBrowser, openCall } from './sfu-call.ts';
import { energy, frames, LOOKING, SECOND, talk } from './sfu-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchDeviceBrowser();
  return () => browser.close();
});

/** The browser notices after some 5 s that nobody answers, the client waits for 7 s more, and then opens another session. */
const REBUILT = { interval: 200, timeout: 30_000 };

test('[M4] when the SFU dies, people see and hear each other again by themselves, and nobody leaves the room', async () => {
  const { join, killSfu, uncaught } = await openCall(browser);
  const [ada, ben] = await Promise.all([join('Ada'), join('Ben')]);
  const directions = [
    [ada, 'Ben'],
    [ben, 'Ada'],
  ] as const;
  await talk([ada, ben], ['Ada', 'Ben']);
  for (const [person, name] of directions) {
    await expect.poll(() => frames(person, name), LOOKING).toBeGreaterThan(0);
    await expect.poll(() => energy(person, name), LOOKING).toBeGreaterThan(0);
  }
  const lost = await Promise.all([ada, ben].map((person) => person.do('sessionId')));

  await killSfu();

  for (const person of [ada, ben])
    await expect.poll(() => person.do('sessionId'), REBUILT).not.toBeOneOf(lost);
  for (const [person, name] of directions) {
    await expect.poll(() => frames(person, name), REBUILT).toBeGreaterThan(SECOND);
    await expect.poll(() => energy(person, name), REBUILT).toBeGreaterThan(0);
    expect(await person.do('drops')).toBe(0);
    expect((await person.do('people')).toSorted()).toEqual(['Ada', 'Ben']);
  }
  // Who is the later one may close, on the session that is lost, what the earlier one has replaced.
  expect(uncaught.filter((message) => !CLOSE_UNANSWERED.test(message))).toEqual([]);
});
