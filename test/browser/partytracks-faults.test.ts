/*
 * Answers after which the stock client `partytracks` (0.0.54) waits for ever, or is broken until the page is loaded
 * again, and what keeps the server from giving them. The titles below name the rules.
 *
 * | request      | answer                                    | what the server does instead               | rule |
 * | ------------ | ----------------------------------------- | ------------------------------------------ | ---- |
 * | sessions/new | JSON without `sessionId`                  | answers every failure with text            | C7   |
 * | push         | `errorCode` beside `tracks`               | leaves out `tracks`                        | C8   |
 * | push         | a failed track with an m-line             | leaves out the m-line                      | C8   |
 * | pull         | `errorCode`, or no `tracks`               | gives an error for each track              | C9   |
 * | pull         | no JSON; none, because the SFU cut it     | the same                                   | C9   |
 * | pull         | to be renegotiated, but without an offer  | the same                                   | C9   |
 * | renegotiate  | `errorCode`; no JSON; none                | asks again; at the end no `errorCode`      | C10  |
 * | tracks/close | no `sessionDescription`                   | answers JSON; the client's next offer heals | C12  |
 * | any          | a redirect (an alert, and a reload)       | 401 without a login                        | C3   |
 * | none         | the connection to the SFU is gone         | opens another session when the client asks | C2   |
 *
 * C2 and C3 are in `partytracks.test.ts`. No server can keep away that the connection between it and the browser breaks
 * while a pull or its renegotiation is under way, also by a stop: the client does not catch a failed `fetch` there, and
 * the pull waits until the track has another path or the client another session.
 */

import type { Browser } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { answer, type SfuHandler } from '../support/scripted-sfu.ts';
import { launchMediaBrowser } from './media-page.ts';
import type { SfuReply } from './media-page.sfu.ts';
import { CLOSE_UNANSWERED, openMeeting, openTalk } from './partytracks-meeting.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchMediaBrowser();
  return () => browser.close();
});

type Faults = Readonly<Record<string, SfuHandler>>;

const text =
  (status: number): SfuHandler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'text/plain' });
    response.end('upstream connect error');
  };
const cut: SfuHandler = (_, response) => void response.destroy();
const failure = (status: number, errorCode: string): SfuHandler =>
  answer(status, { errorCode, errorDescription: 'scripted' });

const tracksIn = (body: string): object[] => (JSON.parse(body) as { tracks: object[] }).tracks;

/** None of the tracks is to be had, in the form of the API. */
const failEachTrack: SfuHandler = (request, response) => {
  const failed = tracksIn(request.body).map((track) => ({ ...track, mid: '', ...TRACK_ERROR }));
  answer(200, { requiresImmediateRenegotiation: false, tracks: failed })(request, response);
};
const TRACK_ERROR = { errorCode: 'not_found_track_error', errorDescription: 'scripted' };

type Body = { readonly tracks?: readonly object[] };
const withBody =
  (change: (body: Body) => object) =>
  ({ status, body }: SfuReply): SfuReply => ({ status, body: { ...body, ...change(body) } });
const withError = withBody(() => ({ errorCode: 'internal_error' }));
const withoutDescription = withBody(() => ({ sessionDescription: undefined }));
/** The last track fails, though it has an m-line. */
const withTrackError = withBody(({ tracks = [] }) => ({
  tracks: [...tracks.slice(0, -1), { ...tracks.at(-1), ...TRACK_ERROR }],
}));

test('[C7] a session is opened in the end, whatever was answered before', async () => {
  const { sfu, join, uncaught } = await openMeeting(browser);
  const ada = await join('Ada');
  const faults: readonly SfuHandler[] = [
    text(500),
    failure(500, 'internal_error'),
    failure(200, 'internal_error'),
    failure(403, 'unauthorized'),
    answer(201, { sessionId: '' }),
    cut,
    sfu.loseAnswer,
  ];
  sfu.api.next('sessions/new', ...faults);

  await ada.do('push', 'audio');

  await expect.poll(() => ada.do('announced')).toBe(1);
  expect(sfu.api.of('sessions/new').length).toBe(faults.length + 1);
  expect(uncaught).toEqual([]);
});

test('[C8] a push comes about after every failure that passes', async () => {
  const { sfu, join, uncaught } = await openMeeting(browser);
  const ada = await join('Ada');
  const faults: Faults = {
    'no JSON': text(500),
    'an error as a success': failure(200, 'internal_error'),
    'no connection yet': failure(425, 'session_error'),
    'our key refused': failure(403, 'unauthorized'),
    'an error of the track': sfu.alterAnswer(withTrackError),
    'an error beside the tracks': sfu.alterAnswer(withError),
    'no answer to the offer': sfu.alterAnswer(withoutDescription),
    'a cut connection': cut,
    'a lost answer': sfu.loseAnswer,
  };

  for (const [fault, handler] of Object.entries(faults)) {
    const [asked, announced] = [sfu.api.of('tracks/new').length, await ada.do('announced')];
    sfu.api.next('tracks/new', handler);
    await ada.do('push', 'audio');
    await expect.poll(() => ada.do('announced'), { message: fault }).toBe(announced + 1);
    expect({ fault, asked: sfu.api.of('tracks/new').length }).toEqual({ fault, asked: asked + 2 });
  }
  expect(uncaught).toEqual([]);
});

test('[C9] a pull comes about after every failure that passes', async () => {
  const { sfu, ben, uncaught } = await openTalk(browser);
  const faults: Faults = {
    'no JSON': text(500),
    'an error': failure(500, 'internal_error'),
    'an error as a success': failure(200, 'internal_error'),
    'our key refused': failure(401, 'unauthorized'),
    'an error of the track': failEachTrack,
    'an error beside the tracks': sfu.alterAnswer(withError),
    'nothing at all': answer(200, {}),
    'no offer to answer': sfu.alterAnswer(withoutDescription),
    'a cut connection': cut,
    'a lost answer': sfu.loseAnswer,
  };

  let closed = 0;
  for (const [fault, handler] of Object.entries(faults)) {
    const asked = sfu.api.of('tracks/new').length;
    sfu.api.next('tracks/new', handler);
    await ben.do('pull', 'Ada', 'audio');
    await expect.poll(() => ben.do('received', 'Ada', 'audio'), { message: fault }).toBeGreaterThan(0);
    expect({ fault, asked: sfu.api.of('tracks/new').length }).toEqual({ fault, asked: asked + 2 });
    await ben.do('stopPulling', 'Ada', 'audio');
    await sfu.api.asked('tracks/close', (closed += 1));
  }
  expect(uncaught).toEqual([]);
});

test('[C9] of two tracks pulled at once, the one that fails does not keep back the other', async () => {
  const { sfu, ada, ben, uncaught } = await openTalk(browser);
  await ada.do('push', 'video');
  await expect.poll(() => ada.do('announced')).toBe(2);
  sfu.api.next('tracks/new', sfu.alterAnswer(withTrackError));
  const asked = sfu.api.of('tracks/new').length;

  await ben.page.evaluate(() => {
    window.participant.pull('Ada', 'audio');
    window.participant.pull('Ada', 'video');
  });

  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  await expect.poll(() => ben.do('received', 'Ada', 'video')).toBeGreaterThan(0);
  expect(
    sfu.api
      .of('tracks/new')
      .slice(asked)
      .map(({ body }) => tracksIn(body).length),
  ).toEqual([2, 1]);
  expect(uncaught).toEqual([]);
});

test('[C10] an answer to the offer of the SFU arrives there after every failure that passes', async () => {
  const { sfu, ben, uncaught } = await openTalk(browser);
  const faults: Faults = {
    'no JSON': text(500),
    'an error': failure(500, 'internal_error'),
    'no connection yet': failure(425, 'session_error'),
    'too many requests': failure(429, 'retryable_transient_error'),
    'a cut connection': cut,
    'a lost answer': sfu.loseAnswer,
  };

  let closed = 0;
  for (const [fault, handler] of Object.entries(faults)) {
    const asked = sfu.api.of('renegotiate').length;
    sfu.api.next('renegotiate', handler);
    await ben.do('pull', 'Ada', 'audio');
    await expect.poll(() => ben.do('received', 'Ada', 'audio'), { message: fault }).toBeGreaterThan(0);
    expect({ fault, asked: sfu.api.of('renegotiate').length }).toEqual({ fault, asked: asked + 2 });
    await ben.do('stopPulling', 'Ada', 'audio');
    await sfu.api.asked('tracks/close', (closed += 1));
  }
  expect(uncaught).toEqual([]);
});

test('[C10] an answer that is refused for good holds up no other pull', async () => {
  const { sfu, ada, ben, uncaught } = await openTalk(browser);
  await ada.do('push', 'video');
  await expect.poll(() => ada.do('announced')).toBe(2);
  sfu.api.next('renegotiate', failure(406, 'invalid_session_description'));

  await ben.do('pull', 'Ada', 'video');
  await expect.poll(() => ben.do('tracksOf', 'Ada', 'video')).toBe(1);
  await ben.do('pull', 'Ada', 'audio');

  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  expect(uncaught).toEqual([]);
});

test('[C8] [C9] a push that fails and a pull that waits behind it both come about', async () => {
  const { sfu, ben, uncaught } = await openTalk(browser);

  let announced = 1;
  for (const fault of [cut, sfu.loseAnswer]) {
    sfu.api.next('tracks/new', fault);
    await ben.page.evaluate(() => {
      window.participant.push('audio');
      window.participant.pull('Ada', 'audio');
    });
    await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
    await expect.poll(() => ben.do('announced')).toBe((announced += 1));
    await ben.do('stopPulling', 'Ada', 'audio');
  }
  expect(uncaught).toEqual([]);
});

test('[C12] after a close that failed the next pull and the next push come about', async () => {
  const { sfu, ben, uncaught } = await openTalk(browser);
  const faults: Faults = {
    'no JSON': text(500),
    'an error': failure(500, 'internal_error'),
    'our key refused': failure(403, 'unauthorized'),
    'a cut connection': cut,
  };

  let announced = 1;
  for (const [fault, handler] of Object.entries(faults)) {
    for (const next of ['pull', 'push'] as const) {
      await ben.do('pull', 'Ada', 'audio');
      await expect.poll(() => ben.do('received', 'Ada', 'audio'), { message: fault }).toBeGreaterThan(0);
      sfu.api.next('tracks/close', handler);
      const closed = ben.page.waitForResponse((response) => response.url().includes('/tracks/close'));
      await ben.do('stopPulling', 'Ada', 'audio');
      await closed;
      // Otherwise the pull of the next round comes first.
      if (next === 'pull') continue;
      await ben.do('push', 'audio');
      await expect.poll(() => ben.do('announced'), { message: fault }).toBe((announced += 1));
    }
  }
  expect(uncaught.filter((message) => !CLOSE_UNANSWERED.test(message))).toEqual([]);
});

test('[C12] after a close that was carried out and not answered the next pull comes about', async () => {
  const { sfu, ben, uncaught } = await openTalk(browser);
  await ben.do('pull', 'Ada', 'audio');
  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  sfu.api.next('tracks/close', sfu.loseAnswer);

  const closed = ben.page.waitForResponse((response) => response.url().includes('/tracks/close'));
  await ben.do('stopPulling', 'Ada', 'audio');
  await closed;
  await ben.do('pull', 'Ada', 'audio');

  await expect.poll(() => ben.do('received', 'Ada', 'audio')).toBeGreaterThan(0);
  expect(uncaught).toEqual([]);
});
