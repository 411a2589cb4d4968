import { describe, expect, test } from 'vitest';
import { answer, ScriptedSfu, sdp } from '../support/scripted-sfu.ts';
import { startServer } from '../support/server.ts';
import { sayJson } from './faults.ts';
import { ask, call, CALLS, seen, SESSION, startWithSession, type Seen } from './proxy-client.ts';

const asJson = (status: number, body: object): Seen => ({ status, type: 'application/json', body });
const NO_SESSION: Seen = { status: 502, type: 'text/plain', body: 'sfu_unavailable' };
const UNAVAILABLE = asJson(502, {
  error: { code: 'sfu_unavailable', message: 'The media server cannot be reached' },
});

const WHY = { errorCode: 'internal_error', errorDescription: 'why' };
const ANSWER = { type: 'answer', sdp: sdp('0', '1') };
const OFFER = { type: 'offer', sdp: sdp('101', '102') };
/** Fields that the API does not have. */
const STRANGE = { secret: 'x', mock: true };

describe('sessions/new', () => {
  test.each([
    ['nothing', {}],
    ['null', { sessionId: null }],
    ['a number', { sessionId: 7 }],
    ['an empty text', { sessionId: '' }],
    ['slashes', { sessionId: 'a/b' }],
    ['a way out', { sessionId: '..' }],
    ['a query', { sessionId: 'a?b' }],
    ['more than an id is long', { sessionId: 'x'.repeat(129) }],
    ['an error beside it', { sessionId: 'good', ...WHY }],
  ])('[C7] an answer with %s for an id is a failure in plain text', async (_, body) => {
    const { server, sfu } = await startWithSession();
    sfu.next('sessions/new', answer(201, body));
    expect(seen(await call(server, 'openSession', ''))).toEqual(NO_SESSION);
  });

  test.each([200, 201])('[C4] a session in a %i is answered with its id alone', async (status) => {
    const { server, sfu } = await startWithSession();
    sfu.next('sessions/new', sayJson(status, { sessionId: 'new_-1', sessionDescription: ANSWER }));
    expect(seen(await call(server, 'openSession', ''))).toEqual(asJson(201, { sessionId: 'new_-1' }));
  });
});

describe('a push', () => {
  const mic = { trackName: 'mic', mid: '0' };
  const cam = { trackName: 'cam', mid: '1' };
  const pushed = (...tracks: object[]): Seen => asJson(200, { tracks, sessionDescription: ANSWER });

  test.each([
    ['has failed in part', [mic, { ...cam, ...WHY }], pushed(mic, { trackName: 'cam', ...WHY })],
    [
      'has failed',
      [
        { ...mic, ...WHY },
        { ...cam, ...WHY },
      ],
      pushed({ trackName: 'mic', ...WHY }, { trackName: 'cam', ...WHY }),
    ],
    ['has failed without m-lines', [{ trackName: 'mic', ...WHY }], pushed({ trackName: 'mic', ...WHY })],
    ['has empty m-lines', [{ ...mic, mid: '' }, cam], pushed({ trackName: 'mic' }, cam)],
    ['has more fields than the API', [{ ...mic, ...STRANGE }, cam], pushed(mic, cam)],
  ])('[C8] a track has an m-line only where the push has it: it %s', async (_, tracks, expected) => {
    const { server, sfu } = await startWithSession();
    sfu.next('tracks/new', sayJson(200, { tracks, sessionDescription: ANSWER }));
    expect(seen(await call(server, 'push', SESSION))).toEqual(expected);
  });

  const tracks = [mic, cam];
  test.each([
    ['no tracks', { sessionDescription: ANSWER }],
    ['tracks that are no list', { tracks: 'mic', sessionDescription: ANSWER }],
    ['a track that is none', { tracks: [null, cam], sessionDescription: ANSWER }],
    ['no description', { tracks }],
    ['a description that is none', { tracks, sessionDescription: 'v=0' }],
    ['an offer', { tracks, sessionDescription: { ...ANSWER, type: 'offer' } }],
    ['an answer that is no SDP', { tracks, sessionDescription: { type: 'answer', sdp: 'v=0\r\n' } }],
    ['an answer that is cut', { tracks, sessionDescription: { type: 'answer', sdp: ANSWER.sdp.trimEnd() } }],
    ['nothing but errors', { tracks: [{ ...mic, ...WHY }] }],
  ])('[C8] what a client could not use is a failure without tracks: %s', async (_, body) => {
    const { server, sfu } = await startWithSession();
    sfu.next('tracks/new', answer(200, body));
    expect(seen(await call(server, 'push', SESSION))).toEqual(UNAVAILABLE);
  });

  test('[C8] without an offer of its own a client gets the offer of the SFU', async () => {
    const { server, sfu } = await startWithSession();
    const body = { requiresImmediateRenegotiation: true, tracks: [mic], sessionDescription: OFFER };
    sfu.next('tracks/new', answer(200, body));
    const track = { location: 'local', trackName: 'mic', kind: 'audio' };
    expect(seen(await call(server, 'push', SESSION, { body: { tracks: [track] } }))).toEqual(
      asJson(200, body),
    );
  });
});

describe('a pull', () => {
  const mic = { sessionId: SESSION, trackName: 'mic' };
  const cam = { sessionId: SESSION, trackName: 'cam' };
  const pulled = (...tracks: object[]): Seen =>
    asJson(200, { requiresImmediateRenegotiation: true, tracks, sessionDescription: OFFER });
  const UNKNOWN = {
    errorCode: 'temporarily_unavailable_error',
    errorDescription: 'The track cannot be had at the moment',
  };
  const NOT_FOUND = { errorCode: 'not_found_track_error', errorDescription: 'Track not found' };
  const NONE = asJson(200, {
    requiresImmediateRenegotiation: false,
    tracks: [
      { ...mic, ...UNKNOWN },
      { ...cam, ...UNKNOWN },
    ],
  });

  test.each([
    ['is done', [{ ...mic, mid: '101', ...STRANGE }], pulled({ ...mic, mid: '101' }, { ...cam, mid: '102' })],
    ['has failed', [{ ...mic, ...WHY }], pulled({ ...mic, ...WHY }, { ...cam, mid: '102' })],
    [
      'has failed with an m-line',
      [{ ...mic, mid: '101', ...WHY }],
      pulled({ ...mic, ...WHY }, { ...cam, mid: '102' }),
    ],
    ['has an empty m-line', [{ ...mic, mid: '' }], pulled({ ...mic, ...UNKNOWN }, { ...cam, mid: '102' })],
    ['has no m-line', [mic], pulled({ ...mic, ...UNKNOWN }, { ...cam, mid: '102' })],
  ])('[C9] a track beside one that is done %s', async (_, tracks, expected) => {
    const { server, sfu } = await startWithSession();
    const body = { requiresImmediateRenegotiation: true, sessionDescription: OFFER };
    sfu.next('tracks/new', sayJson(200, { ...body, tracks: [...tracks, { ...cam, mid: '102' }] }));
    expect(seen(await call(server, 'pull', SESSION))).toEqual(expected);
  });

  test('[C9] a track that the SFU says nothing of has failed', async () => {
    const { server, sfu } = await startWithSession();
    const body = { requiresImmediateRenegotiation: true, sessionDescription: OFFER };
    sfu.next('tracks/new', answer(200, { ...body, tracks: [{ ...cam, mid: '102' }] }));
    expect(seen(await call(server, 'pull', SESSION))).toEqual(
      pulled({ ...cam, mid: '102' }, { ...mic, ...UNKNOWN }),
    );
  });

  const tracks = [
    { ...mic, mid: '101' },
    { ...cam, mid: '102' },
  ];
  const needed = { requiresImmediateRenegotiation: true, tracks };
  test.each([
    ['no tracks', { requiresImmediateRenegotiation: true, sessionDescription: OFFER }],
    ['tracks that are no list', { ...needed, tracks: {}, sessionDescription: OFFER }],
    ['a track that is none', { ...needed, tracks: [7], sessionDescription: OFFER }],
    ['no offer', needed],
    ['an answer', { ...needed, sessionDescription: ANSWER }],
    ['an offer that is no SDP', { ...needed, sessionDescription: { type: 'offer', sdp: 'v=0' } }],
    ['an offer that is cut', { ...needed, sessionDescription: { ...OFFER, sdp: OFFER.sdp.slice(0, -2) } }],
  ])('[C9] what a client could not use is an error for each track: %s', async (_, body) => {
    const { server, sfu } = await startWithSession();
    sfu.next('tracks/new', answer(200, body));
    expect(seen(await call(server, 'pull', SESSION))).toEqual(NONE);
  });

  test('[C5] [C9] what may not be pulled does not exist, and the SFU is asked for the rest', async () => {
    const { server, sfu } = await startWithSession();
    const theirs = { sessionId: 'session-of-nobody', trackName: 'mic' };
    const wanted = [theirs, mic].map((track) => ({ location: 'remote', ...track }));
    const body = { requiresImmediateRenegotiation: true, sessionDescription: OFFER };
    sfu.next('tracks/new', answer(200, { ...body, tracks: [{ ...mic, mid: '101' }] }));
    const got = await call(server, 'pull', SESSION, { body: { tracks: wanted } });
    expect(seen(got)).toEqual(pulled({ ...mic, mid: '101' }, { ...theirs, ...NOT_FOUND }));
    expect(sfu.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ tracks: [wanted[1]] }]);
  });

  // Anybody in a room can say any of these in its presence; the stock client pulls whatever it finds there, together.
  test.each([
    ['no name', { sessionId: 'x' }],
    ['an empty name', { sessionId: 'x', trackName: '' }],
    ['a name of 300 characters', { sessionId: 'x', trackName: 'n'.repeat(300) }],
    ['a session that cannot be', { sessionId: 'not an id!', trackName: 'mic' }],
    ['an empty session', { sessionId: '', trackName: 'mic' }],
  ])('[C9] a malformed track fails alone, and not those in its batch: %s', async (_, malformed) => {
    const { server, sfu } = await startWithSession();
    const body = { requiresImmediateRenegotiation: true, sessionDescription: OFFER };
    sfu.next('tracks/new', answer(200, { ...body, tracks: [{ ...mic, mid: '101' }] }));
    const wanted = [malformed, mic].map((track) => ({ location: 'remote', ...track }));
    const got = await call(server, 'pull', SESSION, { body: { tracks: wanted } });
    expect(seen(got)).toEqual(pulled({ ...mic, mid: '101' }, { ...malformed, ...NOT_FOUND }));
  });

  test('[C9] a pull of nothing that may be pulled does not reach the SFU', async () => {
    const { server, sfu } = await startWithSession();
    const track = { sessionId: 'session-of-nobody', trackName: 'mic' };
    const got = await call(server, 'pull', SESSION, { body: { tracks: [{ location: 'remote', ...track }] } });
    const failed = { requiresImmediateRenegotiation: false, tracks: [{ ...track, ...NOT_FOUND }] };
    expect([seen(got), sfu.requests]).toEqual([asJson(200, failed), []]);
  });
});

describe('refusals of our own', () => {
  const ours = (code: string, message: string): object => ({ error: { code, message } });
  const failed = (errorCode: string, errorDescription: string): object => ({
    requiresImmediateRenegotiation: false,
    tracks: ['mic', 'cam'].map((trackName) => ({
      sessionId: SESSION,
      trackName,
      errorCode,
      errorDescription,
    })),
  });

  test.each([
    ['openSession', { status: 401, type: 'text/plain', body: 'unauthorized' }],
    ['push', { status: 401, type: 'text/plain', body: 'unauthorized' }],
    ['pull', asJson(401, failed('unauthorized', 'This session belongs to somebody else'))],
    ['renegotiate', asJson(401, ours('unauthorized', 'Set a name first'))],
    ['close', asJson(401, ours('unauthorized', 'Set a name first'))],
    ['update', asJson(401, ours('unauthorized', 'Set a name first'))],
    ['state', asJson(401, ours('unauthorized', 'Set a name first'))],
  ] as const)('[C2] [C7] [C8] [C9] without a login: %s', async (operation, expected) => {
    const { server, sfu } = await startWithSession();
    expect(seen(await call(server, operation, SESSION, { as: null }))).toEqual(expected);
    expect(sfu.requests).toEqual([]);
  });

  test.each([
    ['openSession', { status: 503, type: 'text/plain', body: 'sfu_not_configured' }],
    ['push', asJson(503, ours('sfu_not_configured', 'No media server is configured on this server'))],
    ['pull', asJson(503, failed('sfu_not_configured', 'The track cannot be had at the moment'))],
    ['renegotiate', asJson(503, ours('sfu_not_configured', 'No media server is configured on this server'))],
  ] as const)('[C7] [C8] [C9] without an SFU: %s', async (operation, expected) => {
    const server = await startServer();
    expect(seen(await call(server, operation, SESSION))).toEqual(expected);
  });

  test.each(['{', '', '[]', 'null', '{"tracks":[]}', '{"tracks":[{"location":"sideways"}]}'])(
    '[C8] a body that is no request is refused here: %s',
    async (body) => {
      const { server, sfu } = await startWithSession();
      const { method, path } = CALLS.push;
      const got = await ask(server, path.replace(':id', SESSION), { method, body });
      expect(seen(got)).toEqual(asJson(400, ours('bad_request', 'The request is malformed')));
      expect(sfu.requests).toEqual([]);
    },
  );

  test('[C7] a page elsewhere opens no session, and is told so in plain text', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer(sfu.environment);
    const got = await call(server, 'openSession', '', { headers: { origin: 'https://evil.example' } });
    expect(seen(got)).toEqual({ status: 403, type: 'text/plain', body: 'forbidden_origin' });
    expect(sfu.requests).toEqual([]);
  });
});
