import { expect, test } from 'vitest';
import { endOfTurn } from '../../support/fake-clock.ts';
import { FakeSfu, type FakeSession, type Reply } from './fake-sfu.ts';
import { answerTo, audio, directions, offer, recorded, video } from './peer-descriptions.ts';

const sdpOf = ({ body }: Reply): string => body.sessionDescription?.sdp ?? '';

const push = (sdp: string, ...names: readonly string[]): object => ({
  sessionDescription: { type: 'offer', sdp },
  tracks: names.map((trackName, mid) => ({ location: 'local', mid: String(mid), trackName })),
});

async function publisher(sfu: FakeSfu, sdp = offer(audio('0'), video('1'))): Promise<FakeSession> {
  const session = await sfu.open();
  await sfu.tracksNew(session, push(sdp, ...(sdp.includes('m=audio') ? ['mic', 'cam'] : ['cam'])));
  for (const publication of session.media.publications) publication.flow();
  return session;
}

async function pulled(sfu: FakeSfu, from: FakeSession, ...names: readonly string[]): Promise<FakeSession> {
  const session = await sfu.open();
  const tracks = names.map((trackName) => ({ location: 'remote', sessionId: from.id, trackName }));
  await sfu.renegotiate(session, answerTo(sdpOf(await sfu.tracksNew(session, { tracks }))));
  return session;
}

test('closes by force, without a description, and tells what was not there', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'mic');
  expect(await sfu.close(ada, { tracks: [{ mid: '0' }, { mid: '7' }], force: true })).toEqual({
    status: 200,
    body: {
      requiresImmediateRenegotiation: false,
      tracks: [
        { mid: '0' },
        {
          mid: '7',
          errorCode: 'close_track_error',
          errorDescription: "Track doesn't exist or was already closed",
        },
      ],
    },
  });
  expect(ada.media.publications.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  expect(ben.media.subscriptions[0]?.source).toBeUndefined();
  expect((await sfu.state(ben)).body.tracks).toEqual([
    { location: 'remote', mid: '0', sessionId: ada.id, trackName: 'mic', status: 'inactive' },
  ]);
  const again = await sfu.close(ada, { tracks: [{ mid: '0' }], force: true });
  expect(again.body.tracks).toMatchObject([{ mid: '0', errorCode: 'close_track_error' }]);
});

test('an m-line closed by force is not used again before the peer knows', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'mic');
  await sfu.close(ben, { tracks: [{ mid: '0' }], force: true });
  const pull = { tracks: [{ location: 'remote', sessionId: ada.id, trackName: 'mic' }] };
  const offered = await sfu.tracksNew(ben, pull);
  expect(directions(sdpOf(offered))).toEqual(['0 inactive', '1 sendonly']);
  await sfu.renegotiate(ben, answerTo(sdpOf(offered)));
  const next = await sfu.tracksNew(ben, pull);
  expect(directions(sdpOf(next))).toEqual(['0 sendonly', '1 sendonly']);
});

test('closing without force needs an offer', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const refused = await sfu.close(ada, { tracks: [{ mid: '0' }], force: false });
  expect(refused).toMatchObject({ status: 406, body: { errorCode: 'invalid_params' } });
  expect(ada.media.publications[0]?.isClosed).toBe(false);
});

test('closes what is published with the exchange that the client begins', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const closed = await sfu.close(ada, {
    tracks: [{ mid: '1' }, { mid: '9' }],
    sessionDescription: { type: 'offer', sdp: offer(audio('0'), video('1', 'stopped')) },
  });
  expect(closed.body.tracks).toMatchObject([{ mid: '1' }, { mid: '9', errorCode: 'close_track_error' }]);
  expect(directions(sdpOf(closed))).toEqual(['0 recvonly', '0 1 inactive']);
  expect(ada.media.publications.map(({ isClosed }) => isClosed)).toEqual([false, true]);
});

test('a closed m-line can publish again, under another name', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  await sfu.close(ada, { tracks: [{ mid: '0' }], force: true });
  const { body } = await sfu.tracksNew(ada, push(offer(audio('0'), video('1')), 'voice'));
  expect(body.tracks).toEqual([{ trackName: 'voice', mid: '0' }]);
  expect((await sfu.state(ada)).body.tracks).toEqual([
    { location: 'local', mid: '0', trackName: 'voice', status: 'active' },
    { location: 'local', mid: '1', trackName: 'cam', status: 'active' },
  ]);
});

test('points an m-line at another publication', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const eve = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'mic', 'cam');
  const item = { location: 'remote', sessionId: eve.id, trackName: 'mic' };
  expect(await sfu.update(ben, { tracks: [{ ...item, mid: '0' }] })).toEqual({
    status: 200,
    body: {
      requiresImmediateRenegotiation: false,
      tracks: [{ sessionId: eve.id, trackName: 'mic', mid: '0' }],
    },
  });
  expect(ben.media.subscriptions[0]?.source).toBe(eve.media.publications[0]);
  // Of another codec, of no track, and on no m-line.
  const faulty = [
    { ...item, mid: '1' },
    { ...item, trackName: 'x', mid: '0' },
    { ...item, mid: '9' },
  ];
  expect((await sfu.update(ben, { tracks: faulty })).body.tracks).toMatchObject([
    { mid: '1', errorCode: 'update_track_error' },
    { mid: '0', errorCode: 'not_found_track_error' },
    { mid: '9', errorCode: 'update_track_error' },
  ]);
  expect(ben.media.subscriptions[0]?.source).toBe(eve.media.publications[0]);
});

test('prefers another simulcast layer, where there are layers', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu, recorded('chromium-simulcast'));
  const eve = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'cam');
  const update = (session: FakeSession, from: FakeSession): Promise<Reply> =>
    sfu.update(session, {
      tracks: [
        {
          location: 'remote',
          sessionId: from.id,
          trackName: 'cam',
          mid: '0',
          simulcast: { preferredRid: 'c' },
        },
      ],
    });
  expect((await update(ben, ada)).body.tracks).toEqual([{ sessionId: ada.id, trackName: 'cam', mid: '0' }]);
  expect(ben.media.subscriptions[0]?.simulcast).toMatchObject({ preferredRid: 'c' });
  const refused = await update(await pulled(sfu, eve, 'cam'), eve);
  expect(refused.body.tracks).toMatchObject([{ errorCode: 'update_track_error' }]);
});

test('a source that is waited for is given up with the request that failed', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'mic');
  const cleo = await sfu.open();
  await sfu.tracksNew(cleo, push(offer(audio('0')), 'late'));
  // The offer of another track is not answered: its m-line cannot be changed yet, and the whole request is refused.
  const offered = await sfu.tracksNew(ben, {
    tracks: [{ location: 'remote', sessionId: ada.id, trackName: 'cam' }],
  });
  const waiting = { location: 'remote', sessionId: cleo.id, trackName: 'late', mid: '0' };
  const refused = { ...waiting, sessionId: ada.id, trackName: 'cam', mid: offered.body.tracks?.[0]?.mid };
  expect((await sfu.update(ben, { tracks: [waiting, refused] })).status).toBe(425);
  await sfu.close(ben, { tracks: [{ mid: '0' }], force: true });
  cleo.media.publications[0]?.flow();
  await endOfTurn();
  expect(ben.media.subscriptions[0]?.source).toBeUndefined();
  expect((await sfu.state(ben)).body.tracks).toMatchObject([{ trackName: 'cam' }]);
});

test('a closed m-line cannot be given another source: it has to be pulled anew', async () => {
  const sfu = new FakeSfu();
  const ada = await publisher(sfu);
  const ben = await pulled(sfu, ada, 'mic');
  await sfu.close(ben, { tracks: [{ mid: '0' }], force: true });
  const item = { location: 'remote', sessionId: ada.id, trackName: 'mic', mid: '0' };
  const { body } = await sfu.update(ben, { tracks: [item] });
  expect(body.tracks).toMatchObject([{ mid: '0', errorCode: 'update_track_error' }]);
  expect(ben.media.subscriptions[0]?.source).toBeUndefined();
});
