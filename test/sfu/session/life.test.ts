import { expect, test } from 'vitest';
import { FakeSfu, type FakeSession, type Reply } from './fake-sfu.ts';
import { answerTo, audio, offer, video } from './peer-descriptions.ts';

const sdpOf = ({ body }: Reply): string => body.sessionDescription?.sdp ?? '';
const GONE = { status: 410, body: { errorCode: 'session_error' } };

const push = (mid = '0', trackName = 'mic', sdp = offer(audio(mid))): object => ({
  sessionDescription: { type: 'offer', sdp },
  tracks: [{ location: 'local', mid, trackName }],
});

async function publisher(sfu: FakeSfu): Promise<FakeSession> {
  const session = await sfu.open();
  await sfu.tracksNew(session, push());
  session.transport.become('connected');
  session.media.publications[0]?.flow();
  return session;
}

const pull = ({ id }: FakeSession): object => ({
  tracks: [{ location: 'remote', sessionId: id, trackName: 'mic' }],
});

test('a session that never connects expires, and is gone for every operation', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  sfu.advance(59_000);
  expect((await sfu.state(session)).status).toBe(200);
  sfu.advance(1_000);
  const item = { location: 'remote', sessionId: 's', trackName: 't', mid: '0' };
  const replies = [
    await sfu.state(session),
    await sfu.tracksNew(session, push()),
    await sfu.tracksNew(session, { tracks: [item] }),
    await sfu.renegotiate(session, 'v=0\r\n'),
    await sfu.close(session, { tracks: [{ mid: '0' }], force: true }),
    await sfu.update(session, { tracks: [item] }),
  ];
  for (const reply of replies) expect(reply).toMatchObject(GONE);
  expect([session.transport.state, session.media.isClosed]).toEqual(['closed', true]);
  expect(sfu.registry.stats).toEqual({ sessions: 0, tracks: 0, egressPacketsPerSecond: 0 });
});

test('sessions of another SFU are gone too', async () => {
  const sfu = new FakeSfu();
  expect(await sfu.ask('GET', 'sessions/7b1f0c52a90e4d0d8f6b3a4c5d6e7f80')).toMatchObject(GONE);
});

test('a session that lost its peer waits for it, and then ends with all that hangs on it', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await publisher(sfu);
  await sfu.renegotiate(ben, answerTo(sdpOf(await sfu.tracksNew(ben, pull(ada)))));
  const flow = (): void => {
    for (const { media } of [ada, ben]) media.publications[0]?.flow();
  };
  ada.transport.become('disconnected');
  sfu.advance(29_000);
  flow();
  ada.transport.become('connected');
  sfu.advance(10_000);
  ada.transport.become('disconnected');
  sfu.advance(15_000);
  flow();
  expect((await sfu.state(ada)).status).toBe(200);
  sfu.advance(15_000);
  expect(await sfu.state(ada)).toMatchObject(GONE);
  expect(ben.media.subscriptions[1]?.source ?? ben.media.subscriptions[0]?.source).toBeUndefined();
  expect((await sfu.state(ben)).body.tracks).toMatchObject([
    { location: 'local', status: 'active' },
    { location: 'remote', status: 'inactive' },
  ]);
});

test('media are told each time that there are keys', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  session.transport.become('connected');
  session.transport.become('disconnected');
  session.transport.become('connected');
  session.transport.become('connected');
  expect(session.media.connections).toBe(3);
});

test('packets reach the media of their session', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const [packet, compound] = [Buffer.from('rtp'), Buffer.from('rtcp')];
  session.transport.receive(packet, compound);
  expect(session.media.packets).toEqual([packet, compound]);
});

test('a track without packets is collected; who received it is paused, and its name is free', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await publisher(sfu);
  await sfu.renegotiate(ben, answerTo(sdpOf(await sfu.tracksNew(ben, pull(ada)))));
  sfu.advance(15_000);
  ben.media.publications[0]?.flow();
  sfu.advance(14_000);
  expect((await sfu.state(ada)).body.tracks).toMatchObject([{ status: 'active' }]);
  sfu.advance(1_000);
  expect((await sfu.state(ada)).body.tracks).toEqual([
    { location: 'local', mid: '0', trackName: 'mic', status: 'inactive' },
  ]);
  expect((await sfu.state(ben)).body.tracks).toMatchObject([{ status: 'active' }, { status: 'inactive' }]);
  expect(ben.media.subscriptions[0]?.source).toBeUndefined();
  const missing = await sfu.tracksNew(ben, pull(ada));
  expect(missing.body.tracks).toMatchObject([{ errorCode: 'not_found_track_error' }]);
  expect((await sfu.tracksNew(ada, push())).body.tracks).toEqual([{ trackName: 'mic', mid: '0' }]);
  expect((await sfu.state(ada)).body.tracks).toMatchObject([{ status: 'active' }]);
});

test('a track that has never had a packet is collected too', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  await sfu.tracksNew(session, push());
  sfu.advance(30_000);
  expect(session.media.publications[0]?.isClosed).toBe(true);
});

test('a session that ends while it pulls answers that it is gone', async () => {
  const sfu = new FakeSfu();
  const ada = await sfu.open();
  await sfu.tracksNew(ada, push());
  const ben = await sfu.open();
  const pulling = sfu.tracksNew(ben, pull(ada));
  const waiting = sfu.close(ben, { tracks: [{ mid: '0' }], force: true });
  await Promise.resolve();
  ben.transport.become('closed');
  sfu.clock.advance(8_000);
  expect(await pulling).toMatchObject(GONE);
  expect(await waiting).toMatchObject(GONE);
});

test('media do what is due at each tick', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const now = sfu.clock.now();
  sfu.registry.tick(now + 50);
  sfu.registry.tick(now + 100);
  expect(session.media.ticks).toEqual([now + 50, now + 100]);
});

test('has as many sessions as it may have', async () => {
  const sfu = new FakeSfu({ maxSessions: 1 });
  const only = await sfu.open();
  expect(await sfu.ask('POST', 'sessions/new')).toEqual({
    status: 503,
    body: {
      errorCode: 'temporarily_unavailable_error',
      errorDescription: 'This SFU has all the 1 sessions that it may have',
    },
  });
  only.transport.become('closed');
  expect((await sfu.ask('POST', 'sessions/new')).status).toBe(201);
});

test('a session has as many tracks as it may have', async () => {
  const sfu = new FakeSfu({ maxTracksPerSession: 1 });
  const session = await publisher(sfu);
  const second = await sfu.tracksNew(session, push('1', 'cam', offer(audio('0'), video('1'))));
  expect(second).toMatchObject({ status: 406, body: { errorCode: 'invalid_params' } });
});

test('all sessions together have as many tracks as they may have', async () => {
  const sfu = new FakeSfu({ maxTracks: 1 });
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const refused = { status: 503, body: { errorCode: 'temporarily_unavailable_error' } };
  expect(await sfu.tracksNew(ben, push())).toMatchObject(refused);
  await sfu.close(ada, { tracks: [{ mid: '0' }], force: true });
  sfu.advance(1_000);
  expect(await sfu.tracksNew(ben, push())).toMatchObject({ status: 200 });
});

test('nobody pulls more when more is sent than may be, until less is', async () => {
  const sfu = new FakeSfu({ maxEgressPacketsPerSecond: 1_000 });
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  sfu.engine.totals = { ...sfu.engine.totals, packetsOut: 1_001 };
  sfu.advance(1_000);
  expect(sfu.registry.stats.egressPacketsPerSecond).toBe(1_001);
  expect(await sfu.tracksNew(ben, pull(ada))).toEqual({
    status: 503,
    body: {
      errorCode: 'temporarily_unavailable_error',
      errorDescription:
        'This SFU sends 1001 packets a second and may send 1000: nobody can receive another track until others stop',
    },
  });
  sfu.advance(1_000);
  expect(await sfu.tracksNew(ben, pull(ada))).toMatchObject({
    status: 200,
    body: { tracks: [{ mid: '0' }] },
  });
});

test('a session is asked 50 times a second, and others are not concerned', async () => {
  const sfu = new FakeSfu();
  const [ada, ben] = [await sfu.open(), await sfu.open()];
  for (let asked = 0; asked < 50; asked += 1) expect((await sfu.state(ada)).status).toBe(200);
  expect(await sfu.state(ada)).toMatchObject({
    status: 429,
    body: { errorCode: 'retryable_transient_error' },
  });
  expect((await sfu.state(ben)).status).toBe(200);
  sfu.clock.advance(20);
  expect((await sfu.state(ada)).status).toBe(200);
});
