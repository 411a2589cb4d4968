import { expect, test } from 'vitest';
import { endOfTurn } from '../../support/fake-clock.ts';
import { FakeSfu, type FakeSession, type Reply } from './fake-sfu.ts';
import { answerTo, audio, bundleOf, directions, offer, video } from './peer-descriptions.ts';

const sdpOf = ({ body }: Reply): string => body.sessionDescription?.sdp ?? '';

async function publisher(sfu: FakeSfu): Promise<FakeSession> {
  const session = await sfu.open();
  await sfu.tracksNew(session, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0'), video('1')) },
    tracks: [
      { location: 'local', mid: '0', trackName: 'mic' },
      { location: 'local', mid: '1', trackName: 'cam' },
    ],
  });
  for (const publication of session.media.publications) publication.flow();
  return session;
}

type Stage = {
  readonly sfu: FakeSfu;
  readonly ada: FakeSession;
  readonly ben: FakeSession;
  readonly pull: (...names: readonly string[]) => Promise<Reply>;
  /** Pulls, and answers as a browser does. */
  readonly receive: (...names: readonly string[]) => Promise<string>;
};

async function stage(): Promise<Stage> {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const pull = (...names: readonly string[]): Promise<Reply> =>
    sfu.tracksNew(ben, {
      tracks: names.map((trackName) => ({ location: 'remote', sessionId: ada.id, trackName })),
    });
  const receive = async (...names: readonly string[]): Promise<string> => {
    const sdp = sdpOf(await pull(...names));
    expect(await sfu.renegotiate(ben, answerTo(sdp))).toEqual({ status: 200, body: {} });
    return sdp;
  };
  return { sfu, ada, ben, pull, receive };
}

test('an idle m-line is used again with its mid and SSRC, so that descriptions do not grow', async () => {
  const { sfu, ben, pull, receive } = await stage();
  await receive('mic', 'cam');
  for (let round = 0; round < 4; round += 1) {
    // The stock client stops only the first transceiver of a batch; here it is none.
    const closed = await sfu.close(ben, {
      tracks: [{ mid: '1' }],
      sessionDescription: { type: 'offer', sdp: offer(audio('0', 'recvonly'), video('1', 'recvonly')) },
      force: false,
    });
    expect(directions(sdpOf(closed))).toEqual(['0 sendonly', '1 inactive']);
    const again = await pull('cam');
    expect(directions(sdpOf(again))).toEqual(['0 sendonly', '1 sendonly']);
    await sfu.renegotiate(ben, answerTo(sdpOf(again)));
  }
  expect(ben.media.subscriptions).toHaveLength(2);
  expect(ben.media.subscriptions.every(({ source }) => source !== undefined)).toBe(true);
});

test('a batch is closed by its mids, whichever transceivers the client has stopped', async () => {
  const { sfu, ben, receive } = await stage();
  await receive('mic', 'cam', 'mic');
  const closed = await sfu.close(ben, {
    tracks: [{ mid: '1' }, { mid: '2' }],
    sessionDescription: {
      type: 'offer',
      sdp: offer(audio('0', 'recvonly'), video('1', 'stopped'), audio('2', 'recvonly')),
    },
    force: false,
  });
  expect(closed.body.tracks).toEqual([{ mid: '1' }, { mid: '2' }]);
  expect(directions(sdpOf(closed))).toEqual(['0 sendonly', '0 1 inactive', '2 inactive']);
  expect(bundleOf(sdpOf(closed))).toBe('0 2');
});

test('the place of a rejected m-line is given away with another mid, but never the first', async () => {
  const { sfu, ben, receive, pull } = await stage();
  await receive('mic', 'cam', 'cam');
  await sfu.close(ben, {
    tracks: [{ mid: '0' }, { mid: '1' }],
    sessionDescription: {
      type: 'offer',
      sdp: offer(audio('0', 'stopped'), video('1', 'stopped'), video('2', 'recvonly')),
    },
  });
  const sdp = sdpOf(await pull('mic', 'mic'));
  expect(directions(sdp)).toEqual(['0 0 inactive', '3 sendonly', '2 sendonly', '4 sendonly']);
  expect(bundleOf(sdp)).toBe('2 3 4');
});

test('a browser may give the place of a stopped m-line away too', async () => {
  const { sfu, ben, receive } = await stage();
  await receive('mic', 'cam');
  const close = { type: 'offer', sdp: offer(audio('0', 'stopped'), video('1', 'recvonly')) };
  await sfu.close(ben, { tracks: [{ mid: '0' }], sessionDescription: close });
  const pushed = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp: offer(video('7'), video('1', 'recvonly')) },
    tracks: [{ location: 'local', mid: '7', trackName: 'cam' }],
  });
  expect(directions(sdpOf(pushed))).toEqual(['7 recvonly', '1 sendonly']);
});

// Chromium itself cannot offer after its last m-line is stopped, under max-bundle; what another client says then is answered.
test('all closed, then pushed anew', async () => {
  const { sfu, ben } = await stage();
  const push = (sdp: string, mid: string): Promise<Reply> =>
    sfu.tracksNew(ben, {
      sessionDescription: { type: 'offer', sdp },
      tracks: [{ location: 'local', mid, trackName: `track-${mid}` }],
    });
  await push(offer(audio('0')), '0');
  const closed = await sfu.close(ben, {
    tracks: [{ mid: '0' }],
    sessionDescription: { type: 'offer', sdp: offer(audio('0', 'stopped')) },
  });
  expect(closed.body).toMatchObject({ tracks: [{ mid: '0' }] });
  expect(directions(sdpOf(closed))).toEqual(['0 0 inactive']);
  expect(bundleOf(sdpOf(closed))).toBeUndefined();
  expect(directions(sdpOf(await push(offer(audio('0', 'stopped'), audio('1')), '1')))).toEqual([
    '0 0 inactive',
    '1 recvonly',
  ]);
});

test("a client's offer rolls an unanswered one back: its m-lines are as if they had not been", async () => {
  const { sfu, ben, pull, receive } = await stage();
  await receive('mic');
  await pull('cam');
  const pushed = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0', 'recvonly'), audio('1')) },
    tracks: [{ location: 'local', mid: '1', trackName: 'voice' }],
  });
  expect(directions(sdpOf(pushed))).toEqual(['0 sendonly', '1 recvonly']);
  expect(ben.media.subscriptions.map(({ isClosed }) => isClosed)).toEqual([false, true]);
  const late = await sfu.renegotiate(ben, answerTo(sdpOf(await pull('cam'))).replace('a=mid:2', 'a=mid:1'));
  expect(late.status).toBe(406);
});

test('an idle m-line that was to be used again is idle after a rollback', async () => {
  const { sfu, ben, pull, receive } = await stage();
  await receive('mic', 'cam');
  const idle = { type: 'offer', sdp: offer(audio('0', 'recvonly'), video('1', 'recvonly')) };
  await sfu.close(ben, { tracks: [{ mid: '1' }], sessionDescription: idle });
  await pull('cam');
  const sdp = offer(audio('0', 'recvonly'), video('1', 'recvonly'), audio('2'));
  const pushed = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp },
    tracks: [{ location: 'local', mid: '2', trackName: 'voice' }],
  });
  expect(directions(sdpOf(pushed))).toEqual(['0 sendonly', '1 inactive', '2 recvonly']);
  expect(directions(sdpOf(await pull('cam')))).toEqual(['0 sendonly', '1 sendonly', '2 recvonly']);
});

test('a pull whose answer was lost gets the same m-line, and more beside it', async () => {
  const { sfu, ben, pull } = await stage();
  const first = await pull('mic');
  const again = await pull('mic', 'cam');
  expect(again.body.tracks).toMatchObject([{ mid: '0' }, { mid: '1' }]);
  expect(directions(sdpOf(again))).toEqual(['0 sendonly', '1 sendonly']);
  // What answers the first would leave the second half open.
  expect(await sfu.renegotiate(ben, answerTo(sdpOf(first)))).toMatchObject({ status: 406 });
  expect(await sfu.renegotiate(ben, answerTo(sdpOf(again)))).toEqual({ status: 200, body: {} });
});

test('an answer is taken once', async () => {
  const { sfu, ben, receive } = await stage();
  const sdp = await receive('mic');
  expect(await sfu.renegotiate(ben, answerTo(sdp))).toMatchObject({
    status: 406,
    body: { errorCode: 'invalid_session_description', errorSubcode: 'invalid_modification_stable' },
  });
});

test.each([
  ['an offer in its place', (sdp: string) => answerTo(sdp), 'offer'],
  ['no role in DTLS', (sdp: string) => answerTo(sdp, 'actpass'), 'answer'],
  ['another m-line', (sdp: string) => answerTo(sdp).replace('a=mid:0', 'a=mid:9'), 'answer'],
  ['no final line end', (sdp: string) => answerTo(sdp).trimEnd(), 'answer'],
])('refuses an answer with %s, and still takes a good one', async (_, change, type) => {
  const { sfu, ben, pull } = await stage();
  const sdp = sdpOf(await pull('mic'));
  const refused = await sfu.renegotiate(ben, change(sdp), type);
  expect(refused).toMatchObject({ status: 406, body: { errorCode: 'invalid_session_description' } });
  expect(await sfu.renegotiate(ben, answerTo(sdp))).toEqual({ status: 200, body: {} });
});

test.each([
  ['fewer m-lines', offer(audio('0', 'recvonly'))],
  ['another m-line in a place', offer(audio('0', 'recvonly'), video('5'))],
  ['another kind in a place', offer(audio('0', 'recvonly'), audio('1'))],
  ['two m-lines of one mid', offer(audio('0', 'recvonly'), video('1'), video('1'))],
  ['no ICE', offer(audio('0', 'recvonly'), video('1')).replaceAll(/a=ice-.*\r\n/g, '')],
  ['no fingerprint', offer(audio('0', 'recvonly'), video('1')).replaceAll(/a=fingerprint.*\r\n/g, '')],
  ['nothing of SDP', 'hello\r\n'],
  ['no m-line', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'],
])('refuses an offer with %s, and nothing has changed', async (_, sdp) => {
  const { sfu, ben, receive, pull } = await stage();
  await receive('mic', 'cam');
  const body = { sessionDescription: { type: 'offer', sdp } };
  const tracks = [{ location: 'local', mid: '1', trackName: 'x' }];
  const refusals = [
    await sfu.tracksNew(ben, { ...body, tracks }),
    await sfu.close(ben, { ...body, tracks: [{ mid: '0' }] }),
  ];
  for (const refused of refusals)
    expect(refused).toMatchObject({ status: 406, body: { errorCode: 'invalid_session_description' } });
  expect(directions(sdpOf(await pull('mic')))).toEqual(['0 sendonly', '1 sendonly', '2 sendonly']);
});

test('operations on one session wait for each other', async () => {
  const { sfu, ada, ben, pull } = await stage();
  const [mic] = ada.media.publications;
  if (mic !== undefined) mic.lastPacketAtMs = undefined;
  const done: string[] = [];
  const pulling = pull('mic').then(() => done.push('pull'));
  const closing = sfu.close(ben, { tracks: [{ mid: '0' }], force: true }).then(({ body }) => {
    done.push('close');
    return body.tracks;
  });
  await endOfTurn();
  expect(done).toEqual([]);
  mic?.flow();
  await pulling;
  expect(await closing).toEqual([{ mid: '0' }]);
  expect(done).toEqual(['pull', 'close']);
});

test('operations on other sessions do not', async () => {
  const { sfu, ada, pull } = await stage();
  const [mic] = ada.media.publications;
  if (mic !== undefined) mic.lastPacketAtMs = undefined;
  const pulling = pull('mic');
  await endOfTurn();
  expect(await sfu.close(ada, { tracks: [{ mid: '1' }], force: true })).toMatchObject({ status: 200 });
  sfu.clock.advance(8_000);
  expect((await pulling).body.tracks).toMatchObject([{ errorCode: 'empty_track_error' }]);
});

test('a peer that takes the passive side of DTLS stays it, also when it offers', async () => {
  const { sfu, ben, pull } = await stage();
  await sfu.renegotiate(ben, answerTo(sdpOf(await pull('mic')), 'passive'));
  const pushed = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0', 'recvonly'), video('1')) },
    tracks: [{ location: 'local', mid: '1', trackName: 'cam' }],
  });
  expect(sdpOf(pushed)).toContain('a=setup:active');
  expect(ben.transport.remotes.map(({ dtlsRole }) => dtlsRole)).toEqual(['client', 'client']);
});

test('an m-line that the client does not want to receive on carries nothing until it does', async () => {
  const { sfu, ada, ben, receive } = await stage();
  await receive('mic');
  const push = (direction: 'inactive' | 'recvonly', mid: string): Promise<Reply> =>
    sfu.tracksNew(ben, {
      sessionDescription: { type: 'offer', sdp: offer(audio('0', direction), audio('1'), audio('2')) },
      tracks: [{ location: 'local', mid, trackName: mid }],
    });
  expect(directions(sdpOf(await push('inactive', '1')))).toEqual(['0 inactive', '1 recvonly', '2 inactive']);
  expect(ben.media.subscriptions[0]?.source).toBeUndefined();
  await push('recvonly', '2');
  expect(ben.media.subscriptions[0]?.source).toBe(ada.media.publications[0]);
});
