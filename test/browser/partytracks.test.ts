import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { launchMediaBrowser } from './media-page.ts';
import { CLOSE_UNANSWERED, openMeeting, openTalk, sessionCookie } from './partytracks-meeting.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser();
  return () => browser.close();
});

/** After which the client gives up a connection that is disconnected. */
const CLIENT_WAITS_MS = 7_000;

test('[C2] [C5] sound and picture that one pushes reach the other, who pulls them and closes them', async () => {
  const { sfu, ada, ben, uncaught } = await openTalk(browser);
  await ada.do('push', 'video');
  await expect.poll(() => ada.do('announced')).toBe(2);

  await ben.do('pull', 'Ada', 'audio');
  await ben.do('pull', 'Ada', 'video');
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  await expect.poll(() => ben.do('received', 'Ada', 'video')).toBeGreaterThan(0);
  await ben.do('stopPulling', 'Ada', 'video');
  const [close] = await sfu.api.asked('tracks/close', 1);

  expect(close?.path).toContain(`/sessions/${await ben.do('sessionId')}/`);
  expect(JSON.parse(close?.body ?? '')).toEqual({
    tracks: [{ mid: '2' }],
    sessionDescription: { type: 'offer', sdp: expect.stringMatching(/\r\n$/) },
    force: false,
  });
  await expect.poll(() => ben.do('signalingState')).toBe('stable');
  const soundSoFar = await ben.do('received', 'Ada', 'audio');
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(soundSoFar);
  expect(uncaught).toEqual([]);
});

test('[C2] a connection that does not come about is given up for a new session', async () => {
  const { sfu, join, uncaught } = await openMeeting(browser);
  const ada = await join('Ada');
  const withWrongFingerprint = sfu.alterAnswer(({ status, body }) => ({
    status,
    body: JSON.parse(
      JSON.stringify(body).replace(/(fingerprint:sha-256 )[\dA-F]{2}:[\dA-F]{2}/g, '$100:00'),
    ) as object,
  }));
  sfu.api.next('tracks/new', withWrongFingerprint);

  await ada.do('push', 'audio');

  await expect.poll(() => ada.do('announced')).toBe(1);
  expect(sfu.api.of('tracks/new').length).toBe(2);
  expect(uncaught).toEqual([]);
});

test('[C2] [C5] when the SFU has lost everything, new sessions carry what the old ones did', async () => {
  const { sfu, ada, ben, uncaught } = await openTalk(browser);
  await ada.do('pull', 'Ben', 'audio');
  await ben.do('pull', 'Ada', 'audio');
  await expect.poll(() => ada.do('received', 'Ben', 'audio')).toBeGreaterThan(0);
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  const lost = [await ada.do('sessionId'), await ben.do('sessionId')];
  await Promise.all([ada, ben].map(({ page }) => page.clock.install()));

  await sfu.forgetAll();
  await Promise.all(
    [ada, ben].map(async (person) => {
      await expect.poll(() => person.do('iceConnectionState')).toBe('disconnected');
      await person.page.clock.fastForward(CLIENT_WAITS_MS);
    }),
  );

  await expect.poll(() => ada.do('announced')).toBe(2);
  await expect.poll(() => ben.do('announced')).toBe(2);
  await expect.poll(() => ada.do('received', 'Ben', 'audio')).toBeGreaterThan(0);
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  expect(lost).not.toContain(await ada.do('sessionId'));
  expect(lost).not.toContain(await ben.do('sessionId'));
  // Who is the later one may close, on the session that is lost, what the earlier one has replaced.
  expect(uncaught.filter((message) => !CLOSE_UNANSWERED.test(message))).toEqual([]);
});

test('[C11] what somebody published or pulled who leaves is closed at the SFU by force', async () => {
  const { sfu, ada, ben, uncaught } = await openTalk(browser);
  await ada.do('push', 'video');
  await expect.poll(() => ada.do('announced')).toBe(2);
  await ada.do('pull', 'Ben', 'audio');
  await expect.poll(() => ada.do('received', 'Ben', 'audio')).toBeGreaterThan(0);

  await ada.do('leave');
  // At once: a user who is only gone is waited for, for longer than this.
  await expect.poll(() => sfu.api.of('tracks/close').length).toBe(1);

  const [close] = sfu.api.of('tracks/close');

  expect(close?.path).toContain(`/sessions/${await ada.do('sessionId')}/`);
  const mids = ['0', '1', '2'].map((mid) => ({ mid }));
  expect(JSON.parse(close?.body ?? '')).toEqual({ tracks: mids, force: true });
  await expect.poll(() => ben.do('people')).toEqual(['Ben']);
  expect(uncaught).toEqual([]);
});

test('[C3] [C9] who has no login for a while pulls as soon as it is back', async () => {
  const { site, sfu, ben, uncaught } = await openTalk(browser);
  const context = ben.page.context();
  const refusal = ben.page.waitForResponse((response) => response.url().includes('/tracks/new'));

  await context.clearCookies();
  await ben.do('pull', 'Ada', 'audio');
  expect((await refusal).status()).toBe(401);
  expect(sfu.api.of('tracks/new').length).toBe(2);
  await context.addCookies([sessionCookie('Ben', site.url)]);

  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  expect(uncaught).toEqual([]);
});
