import { expect, test } from 'vitest';
import { FakeSfu, type FakeSession, type Reply } from './fake-sfu.ts';
import { answerTo, audio, directions, offer, recorded } from './peer-descriptions.ts';

const sdpOf = ({ body }: Reply): string => body.sessionDescription?.sdp ?? '';

const VOICE = { location: 'local', trackName: 'ai-voice', kind: 'audio', bidirectionalMediaStream: true };

async function speaker(sfu: FakeSfu): Promise<FakeSession> {
  const session = await sfu.open();
  await sfu.tracksNew(session, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0')) },
    tracks: [{ location: 'local', mid: '0', trackName: 'mic' }],
  });
  session.media.publications[0]?.flow();
  return session;
}

const feed = ({ id }: FakeSession, name = 'ai-voice'): object => ({
  tracks: [{ location: 'remote', mid: `#${name}`, sessionId: id, trackName: 'mic', kind: 'audio' }],
});

test('offers a third party an m-line that goes both ways, as one that is not lite', async () => {
  const sfu = new FakeSfu();
  const ai = await sfu.open('?thirdparty=true&correlationId=meeting-1');
  expect(ai.transport.kind).toBe('third-party');
  const reply = await sfu.tracksNew(ai, { tracks: [VOICE] });
  expect(reply.body).toMatchObject({
    requiresImmediateRenegotiation: true,
    tracks: [{ trackName: 'ai-voice', mid: '0' }],
    sessionDescription: { type: 'offer' },
  });
  const unnamed = sdpOf(reply)
    .replace(/^o=.*$/m, 'o=-')
    .replaceAll(/^a=msid:.*$/gm, 'a=msid');
  expect(unnamed).toMatchSnapshot();
});

test.each([
  ['active', 'server'],
  ['passive', 'client'],
])('takes an answer that is %s in DTLS, and publishes what it brings', async (setup, dtlsRole) => {
  const sfu = new FakeSfu();
  const ai = await sfu.open('?thirdparty=true');
  const offered = sdpOf(await sfu.tracksNew(ai, { tracks: [VOICE] }));
  const answer = answerTo(offered, setup).replace(
    'a=sendrecv',
    'a=sendrecv\r\na=ssrc:77 cname:x\r\na=candidate:1 1 UDP 100 203.0.113.5 3478 typ host',
  );
  expect(await sfu.renegotiate(ai, answer)).toEqual({ status: 200, body: {} });
  expect(ai.media.publications.map(({ parameters: { mid, ssrcs } }) => ({ mid, ssrcs }))).toEqual([
    { mid: '0', ssrcs: [77] },
  ]);
  expect(ai.transport.remotes).toMatchObject([
    {
      dtlsRole,
      candidates: [{ protocol: 'udp', address: '203.0.113.5', port: 3_478, type: 'host', priority: 100 }],
    },
  ]);
  ai.media.publications[0]?.flow();
  const ben = await sfu.open();
  const pull = { tracks: [{ location: 'remote', sessionId: ai.id, trackName: 'ai-voice' }] };
  expect((await sfu.tracksNew(ben, pull)).body.tracks).toMatchObject([{ mid: '0' }]);
});

test('feeds one speaker after the other to it, without another offer', async () => {
  const sfu = new FakeSfu();
  const [ada, ben] = [await speaker(sfu), await speaker(sfu)];
  const ai = await sfu.open('?thirdparty=true');
  await sfu.renegotiate(ai, answerTo(sdpOf(await sfu.tracksNew(ai, { tracks: [VOICE] }))));
  for (const { id, media } of [ada, ben]) {
    expect(await sfu.tracksNew(ai, feed({ id } as FakeSession))).toEqual({
      status: 200,
      body: {
        requiresImmediateRenegotiation: false,
        tracks: [{ sessionId: id, trackName: 'mic', mid: '0' }],
      },
    });
    expect(ai.media.subscriptions[0]?.source).toBe(media.publications[0]);
  }
  expect((await sfu.state(ai)).body.tracks).toEqual([
    { location: 'local', mid: '0', trackName: 'ai-voice', status: 'active' },
    { location: 'remote', mid: '0', sessionId: ben.id, trackName: 'mic', status: 'active' },
  ]);
  expect((await sfu.close(ai, { tracks: [{ mid: '0' }], force: true })).body.tracks).toEqual([{ mid: '0' }]);
  expect(ai.media.subscriptions[0]?.source).toBeUndefined();
  expect(ai.media.publications[0]?.isClosed).toBe(true);
});

test('cannot be fed before it has answered', async () => {
  const sfu = new FakeSfu();
  const ada = await speaker(sfu);
  const ai = await sfu.open('?thirdparty=true');
  await sfu.tracksNew(ai, { tracks: [VOICE] });
  expect(await sfu.tracksNew(ai, feed(ada))).toMatchObject({
    status: 425,
    body: { errorCode: 'session_error' },
  });
  const update = { ...VOICE, location: 'remote', sessionId: ada.id, trackName: 'mic', mid: '#ai-voice' };
  expect(await sfu.update(ai, { tracks: [update] })).toMatchObject({ status: 425 });
});

test('an unknown name, and one of an m-line that is not sent on, cannot be fed', async () => {
  const sfu = new FakeSfu();
  const [ada, ben] = [await speaker(sfu), await speaker(sfu)];
  for (const name of ['nobody', 'mic']) {
    const { status, body } = await sfu.tracksNew(ben, feed(ada, name));
    expect([status, body.tracks?.[0]?.errorCode]).toEqual([200, 'invalid_params']);
  }
});

test('the same publication asked for twice is offered once', async () => {
  const sfu = new FakeSfu();
  const ai = await sfu.open('?thirdparty=true');
  const first = await sfu.tracksNew(ai, { tracks: [VOICE] });
  const again = await sfu.tracksNew(ai, { tracks: [VOICE] });
  expect(again.body.tracks).toEqual(first.body.tracks);
  expect(directions(sdpOf(again))).toEqual(['0 sendrecv']);
  await sfu.renegotiate(ai, answerTo(sdpOf(again)));
  const third = await sfu.tracksNew(ai, { tracks: [VOICE] });
  expect(third.body).toMatchObject({ tracks: [{ errorCode: 'repeated_local_track_error' }] });
  expect(third.body).not.toHaveProperty('sessionDescription');
});

test('an offer of this side needs to know the kind', async () => {
  const sfu = new FakeSfu();
  const ai = await sfu.open('?thirdparty=true');
  const { kind: _, ...kindless } = VOICE;
  const refused = await sfu.tracksNew(ai, { tracks: [kindless] });
  expect(refused).toMatchObject({ status: 406, body: { errorCode: 'invalid_params' } });
});

test("a browser's own m-line can go both ways from its offer on, and is fed before it is connected", async () => {
  const sfu = new FakeSfu();
  const ada = await speaker(sfu);
  const ben = await sfu.open();
  const reply = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp: recorded('chromium-both-ways') },
    tracks: [{ location: 'local', mid: '0', trackName: 'microphone', bidirectionalMediaStream: true }],
  });
  expect(directions(sdpOf(reply))).toEqual(['0 sendrecv']);
  expect((await sfu.tracksNew(ben, feed(ada, 'microphone'))).body).toEqual({
    requiresImmediateRenegotiation: false,
    tracks: [{ sessionId: ada.id, trackName: 'mic', mid: '0' }],
  });
  expect(ben.media.subscriptions[0]?.source).toBe(ada.media.publications[0]);
});
