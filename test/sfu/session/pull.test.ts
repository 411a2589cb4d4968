import { expect, test } from 'vitest';
import { endOfTurn } from '../../support/fake-clock.ts';
import { FakeSfu, type FakeSession } from './fake-sfu.ts';
import {
  answerTo,
  audio,
  bundleOf,
  directions,
  linesOf,
  offer,
  video,
  type OfferLine,
} from './peer-descriptions.ts';

/** A session that publishes `mic` and `cam`, with packets. */
async function publisher(sfu: FakeSfu, ...lines: readonly OfferLine[]): Promise<FakeSession> {
  const session = await sfu.open();
  const offered = lines.length > 0 ? lines : [audio('0'), video('1')];
  const names = { audio: 'mic', video: 'cam' };
  await sfu.tracksNew(session, {
    sessionDescription: { type: 'offer', sdp: offer(...offered) },
    tracks: offered.map(({ mid, kind }) => ({ location: 'local', mid, trackName: names[kind] })),
  });
  for (const publication of session.media.publications) publication.flow();
  return session;
}

const remote = ({ id: sessionId }: FakeSession, trackName: string, more: object = {}): object => ({
  location: 'remote',
  sessionId,
  trackName,
  ...more,
});

const sdpOf = ({ body }: Awaited<ReturnType<FakeSfu['tracksNew']>>): string =>
  body.sessionDescription?.sdp ?? '';

test('offers what is pulled, and sends it when the offer is answered', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const reply = await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic'), remote(ada, 'cam')] });
  const { sessionDescription, ...rest } = reply.body;
  expect(rest).toEqual({
    requiresImmediateRenegotiation: true,
    tracks: [
      { sessionId: ada.id, trackName: 'mic', mid: '0' },
      { sessionId: ada.id, trackName: 'cam', mid: '1' },
    ],
  });
  expect(sessionDescription?.type).toBe('offer');
  const unnamed = sdpOf(reply)
    .replace(/^o=.*$/m, 'o=-')
    .replaceAll(/^a=msid:.*$/gm, 'a=msid');
  expect(unnamed).toMatchSnapshot();
  expect(ben.media.subscriptions.map(({ source }) => source)).toEqual([undefined, undefined]);
  expect(await sfu.renegotiate(ben, answerTo(sdpOf(reply)))).toEqual({ status: 200, body: {} });
  expect(ben.media.subscriptions.map(({ source }) => source)).toEqual(ada.media.publications);
  expect(ben.media.subscriptions.map(({ refreshes }) => refreshes)).toEqual([1, 1]);
  expect(ben.transport.remotes.map(({ dtlsRole }) => dtlsRole)).toEqual(['server']);
});

test('says the name of a stream anew for each m-line, with the publisher as what belongs together', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const first = await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] });
  await sfu.renegotiate(ben, answerTo(sdpOf(first)));
  const second = await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] });
  const [one, other] = linesOf(sdpOf(second), /^a=msid:/).flat();
  expect(one).toMatch(new RegExp(`^a=msid:${ada.id} [\\w-]{36}$`));
  expect(other).toMatch(new RegExp(`^a=msid:${ada.id} [\\w-]{36}$`));
  expect(one).not.toBe(other);
});

test('uses the numbers of the first description, whoever made it', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const cam = {
    ...video('0'),
    codecs: { 120: 'VP8/90000', 96: 'VP9/90000' },
    extensions: { 7: 'urn:3gpp:video-orientation' },
  };
  const ben = await publisher(sfu, cam);
  const reply = await sfu.tracksNew(ben, { tracks: [remote(ada, 'cam'), remote(ada, 'mic')] });
  expect(linesOf(sdpOf(reply), /^m=|urn:3gpp/)).toEqual([
    ['m=video 9 UDP/TLS/RTP/SAVPF 120', 'a=extmap:7 urn:3gpp:video-orientation'],
    ['m=video 9 UDP/TLS/RTP/SAVPF 120', 'a=extmap:7 urn:3gpp:video-orientation'],
    ['m=audio 9 UDP/TLS/RTP/SAVPF 111'],
  ]);
});

test('gives no number a second meaning: what a peer has used is avoided', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await publisher(sfu, { ...audio('0'), codecs: { 96: 'opus/48000/2', 97: 'red/48000/2' } });
  const reply = await sfu.tracksNew(ben, { tracks: [remote(ada, 'cam')] });
  expect(linesOf(sdpOf(reply), /^m=/).flat()).toEqual([
    'm=audio 9 UDP/TLS/RTP/SAVPF 96',
    'm=video 9 UDP/TLS/RTP/SAVPF 98',
  ]);
});

test('names of header extensions that mean nothing here cost nothing, however many a peer has', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  // Some 30,000 of them: to compare each with all others took ten seconds, in which no packet was forwarded.
  const lines = Array.from({ length: 128 }, (_, mid) => audio(String(mid), 'inactive'));
  let count = 0;
  const sdp = offer(...lines).replaceAll('a=rtcp-mux\r\n', () => {
    const names = Array.from({ length: 240 }, () => `a=extmap:${1 + (count++ % 14)} urn:x:${count}\r\n`);
    return `${names.join('')}a=rtcp-mux\r\n`;
  });
  const description = { sessionDescription: { type: 'offer', sdp }, tracks: [{ mid: '0' }], force: false };
  expect((await sfu.close(ben, description)).status).toBe(200);
  const pull = { tracks: [{ location: 'remote', sessionId: ada.id, trackName: 'mic' }] };
  // All ids have a meaning to the peer, whatever it is: none gets another.
  const offered = await sfu.tracksNew(ben, pull);
  expect(offered.body.sessionDescription?.sdp).not.toContain('a=extmap');
}, 5_000);

test('a peer that has used up all payload types is told that nothing can be offered to it', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const numbers = [...Array(32).keys()].map((n) => 96 + n).concat([...Array(29).keys()].map((n) => 35 + n));
  const codecs = Object.fromEntries(numbers.map((number) => [number, `x-${number}/8000`]));
  const sdp = offer({ mid: '0', kind: 'audio', direction: 'inactive', codecs }, audio('1', 'inactive'));
  const description = { sessionDescription: { type: 'offer', sdp }, tracks: [{ mid: '0' }], force: false };
  await sfu.close(ben, description);
  const { status, body } = await sfu.tracksNew(ben, { tracks: [remote(ada, 'cam')] });
  expect({ status, body }).toEqual({
    status: 406,
    body: {
      errorCode: 'invalid_params',
      errorDescription: 'The peer has given a meaning to every payload type: there is none left for VP8',
    },
  });
  expect((await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] })).status).toBe(200);
});

test('waits for the first packet of the publisher', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const [mic] = ada.media.publications;
  if (mic !== undefined) mic.lastPacketAtMs = undefined;
  const ben = await sfu.open();
  const pulling = sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] });
  await endOfTurn();
  mic?.flow();
  expect((await pulling).body).toMatchObject({ tracks: [{ mid: '0' }] });
});

test('says what it cannot give for each track, and gives the others', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const [mic] = ada.media.publications;
  if (mic !== undefined) mic.lastPacketAtMs = undefined;
  const ben = await sfu.open();
  const stranger = { location: 'remote', sessionId: 'nobody', trackName: 'mic' };
  const pulling = sfu.tracksNew(ben, {
    tracks: [remote(ada, 'mic'), remote(ada, 'cam'), remote(ada, 'screen'), stranger],
  });
  await endOfTurn();
  sfu.clock.advance(8_000);
  expect((await pulling).body.tracks).toMatchObject([
    { sessionId: ada.id, trackName: 'mic', errorCode: 'empty_track_error' },
    { sessionId: ada.id, trackName: 'cam', mid: '0' },
    { sessionId: ada.id, trackName: 'screen', errorCode: 'not_found_track_error' },
    { sessionId: 'nobody', trackName: 'mic', errorCode: 'not_found_track_error' },
  ]);
});

test('makes no offer when there is nothing to offer', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const { status, body } = await sfu.tracksNew(ben, { tracks: [remote(ada, 'screen')] });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    requiresImmediateRenegotiation: false,
    tracks: [{ errorCode: 'not_found_track_error' }],
  });
  expect(body).not.toHaveProperty('sessionDescription');
});

test('a publisher that ends while it is waited for is not found', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const [mic] = ada.media.publications;
  if (mic !== undefined) mic.lastPacketAtMs = undefined;
  const ben = await sfu.open();
  const pulling = sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] });
  await endOfTurn();
  ada.transport.become('closed');
  expect((await pulling).body.tracks).toMatchObject([{ errorCode: 'not_found_track_error' }]);
});

test("puts a pull onto the m-lines of the client's own offer", async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const sdp = offer(audio('a', 'recvonly'), video('v', 'recvonly'));
  const reply = await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp },
    tracks: [remote(ada, 'cam'), remote(ada, 'mic', { mid: 'a' }), remote(ada, 'cam', { mid: 'x' })],
  });
  expect(reply.body).toMatchObject({
    requiresImmediateRenegotiation: false,
    tracks: [{ mid: 'v' }, { mid: 'a' }, { errorCode: 'invalid_params' }],
    sessionDescription: { type: 'answer' },
  });
  expect(directions(sdpOf(reply))).toEqual(['a sendonly', 'v sendonly']);
  const [mic, cam] = ada.media.publications;
  expect(ben.media.subscriptions.map(({ mid, source }) => [mid, source])).toEqual([
    ['v', cam],
    ['a', mic],
  ]);
});

test('tells a subscription which layer is preferred', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const simulcast = { preferredRid: 'b', ridNotAvailable: 'asciibetical' };
  await sfu.tracksNew(ben, { tracks: [remote(ada, 'cam', { simulcast })] });
  expect(ben.media.subscriptions[0]?.simulcast).toEqual({
    preferredRid: 'b',
    priorityOrdering: 'none',
    ridNotAvailable: 'asciibetical',
  });
});

test('keeps the order of the bundle, and chooses mids that the session has never seen', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await publisher(sfu, audio('4'));
  const first = await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic')] });
  await sfu.renegotiate(ben, answerTo(sdpOf(first)));
  // The browser has counted on, past what was given up in between.
  const sdp = offer(audio('4'), audio('5', 'recvonly'), video('9'));
  await sfu.tracksNew(ben, {
    sessionDescription: { type: 'offer', sdp },
    tracks: [{ location: 'local', mid: '9', trackName: 'cam' }],
  });
  const second = await sfu.tracksNew(ben, { tracks: [remote(ada, 'cam')] });
  expect(bundleOf(sdpOf(second))).toBe('4 5 9 10');
  expect(directions(sdpOf(second))).toEqual(['4 recvonly', '5 sendonly', '9 recvonly', '10 sendonly']);
});

test('an answer that takes no part of an m-line rejects that one alone', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await sfu.open();
  const reply = await sfu.tracksNew(ben, { tracks: [remote(ada, 'mic'), remote(ada, 'cam')] });
  const answer = answerTo(sdpOf(reply)).replace('m=video 9', 'm=video 0').replace('BUNDLE 0 1', 'BUNDLE 0');
  expect(await sfu.renegotiate(ben, answer)).toEqual({ status: 200, body: {} });
  expect(ben.media.subscriptions.map(({ isClosed }) => isClosed)).toEqual([false, true]);
  expect((await sfu.state(ben)).body.tracks).toMatchObject([{ mid: '0', status: 'active' }]);
});
