import { DevicesExhaustedError } from 'partytracks/client';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { RoomMedia, askServerOffer, type ServerOffer } from '../../src/client/media/index.ts';
import { readServerOffer } from '../../src/client/media/server-offer.ts';
import { FakeKit, fakeTrack, type FakePull } from '../support/fake-media.ts';
import { RoomPerson } from '../support/room-people.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

beforeEach(() => void vi.stubGlobal('navigator', { mediaDevices: {} }));
afterEach(() => void vi.unstubAllGlobals());

const OFFER: ServerOffer = readServerOffer({ media: true, feedback: true, apiExtraParams: 'lab=1' });

type Equipped = RoomPerson & { media: RoomMedia; kit: FakeKit };

async function equipped(server: TestServer, name: string, offer = OFFER): Promise<Equipped> {
  const person = await new RoomPerson(server, name).meets();
  const kit = new FakeKit();
  const media = new RoomMedia(person.client, offer, { kit });
  onTestFinished(() => media.close());
  return Object.assign(person, { media, kit });
}

const tracksOf = (person: RoomPerson, id: string) =>
  person.client.users.find((user) => user.id === id)?.tracks;

test('what is on, and where it is, is told to the others', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  const [audio, video] = ada.kit.pushes;
  audio?.announced$.next({ sessionId: 'own', trackName: 'mic' });
  video?.announced$.next({ sessionId: 'own', trackName: 'cam' });
  ada.media.microphone.start();
  await until(() => tracksOf(ben, 'ada')?.audioEnabled === true);
  expect(ben.client.users[0]).toMatchObject({
    transceiverSessionId: 'own',
    tracks: {
      audio: 'own/mic',
      video: 'own/cam',
      audioEnabled: true,
      audioUnavailable: false,
      videoEnabled: false,
      screenShareEnabled: false,
    },
  });

  // The SFU lost the session, and partytracks has opened another one.
  audio?.announced$.next({ sessionId: 'next', trackName: 'mic' });
  ada.media.microphone.stop();
  await until(() => tracksOf(ben, 'ada')?.audioEnabled === false);
  expect(tracksOf(ben, 'ada')?.audio).toBe('next/mic');
});

test('a camera is sent within the limits of the server', async () => {
  const server = await startServer({ MAX_WEBCAM_BITRATE: '500000', MAX_WEBCAM_QUALITY_LEVEL: '540' });
  const person = await new RoomPerson(server, 'ada').meets();
  const offer = await askServerOffer({ origin: server.url, room: 'room', token: undefined });
  const kit = new FakeKit();
  const media = new RoomMedia(person.client, { ...offer, media: true }, { kit });
  onTestFinished(() => media.close());
  media.camera.start();
  const limits = { maxBitrate: 500_000, maxFramerate: 24 };
  expect(kit.pushes[1]?.encodings[0]).toEqual([{ ...limits, scaleResolutionDownBy: 1 }]);
  expect(kit.pushes[1]?.encodings.at(-1)).toEqual([{ ...limits, scaleResolutionDownBy: 2 }]);
  expect(offer.media).toBe(false);
});

test('who is muted by somebody stops sending', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  ada.media.microphone.start();
  await until(() => tracksOf(ben, 'ada')?.audioEnabled === true);
  ben.client.muteUser('ada');
  await until(() => !ada.media.getSnapshot().microphone.isOn);
  await until(() => tracksOf(ben, 'ada')?.audioEnabled === false);
  expect(await firstValueFrom(ada.media.microphone.track$)).toBe(ada.kit.mic.fallback);
});

test('a screen is sent while it is shared, to its end in the browser', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  expect(ada.kit.pushes).toHaveLength(2);
  ada.media.screen.start();
  expect(ada.media.getSnapshot().screen).toMatchObject({ isOn: false, isStarting: true });
  const track = fakeTrack('screen');
  ada.kit.screens[0]?.next({ getVideoTracks: () => [track] } as unknown as MediaStream);
  ada.kit.pushes[2]?.announced$.next({ sessionId: 'own', trackName: 'screen' });
  await until(() => ada.client.self?.tracks.screenShareEnabled === true);
  expect(ada.client.self?.tracks.screenshare).toBe('own/screen');
  expect(track.contentHint).toBe('detail');

  ada.kit.screens[0]?.complete();
  await until(() => ada.client.self?.tracks.screenShareEnabled === false);
  expect(ada.client.self?.tracks.screenshare).toBeUndefined();
  expect(ada.kit.pushes[2]?.isOver).toBe(true);
});

test('of the others it receives what they send, and stops when they do', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  ben.client.update({ tracks: { audio: 'b/mic', video: 'b/cam', screenshare: 'b/screen' } });
  await until(() => ada.kit.pulled.length > 0);
  expect(ada.kit.pulled).toEqual(['b/mic']);
  ben.client.update({ tracks: { videoEnabled: true, screenShareEnabled: true } });
  await until(() => ada.kit.pulled.length === 3);
  expect(ada.kit.pulled.toSorted()).toEqual(['b/cam', 'b/mic', 'b/screen']);

  const [mic, cam] = [fakeTrack('mic'), fakeTrack('cam')];
  pullOf(ada.kit, 'mic').track$.next(mic);
  pullOf(ada.kit, 'cam').track$.next(cam);
  expect(ada.media.getSnapshot().others).toEqual(new Map([['ben', { audio: mic, video: cam }]]));

  ben.client.update({ tracks: { videoEnabled: false } });
  await until(() => ada.kit.pulled.length === 2);
  expect(ada.media.getSnapshot().others).toEqual(new Map([['ben', { audio: mic }]]));
  ben.client.leave();
  await until(() => ada.kit.pulled.length === 0);
  expect(ada.media.getSnapshot().others).toEqual(new Map());
});

const pullOf = (kit: FakeKit, trackName: string): FakePull => {
  const pull = kit.pulls.find(({ metadata, isOver }) => metadata.trackName === trackName && !isOver);
  if (pull === undefined) throw new Error(`${trackName} is not pulled`);
  return pull;
};

test('a track that is sent over another session is received from there', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  const ben = await new RoomPerson(server, 'ben', { presence: { tracks: { audio: 'b/1' } } }).meets('ada');
  await until(() => ada.kit.pulled.length > 0);
  pullOf(ada.kit, '1').track$.next(fakeTrack('first'));
  ben.client.update({ tracks: { audio: 'c/2' } });
  await until(() => ada.kit.pulled[0] === 'c/2');
  expect(ada.kit.pulled).toEqual(['c/2']);
  expect(ada.media.getSnapshot().others).toEqual(new Map());
});

test('in the lobby nobody is received, and who is there is not either', async () => {
  const server = await startServer();
  const presence = { tracks: { audio: 'x/mic' } };
  const ada = await equipped(server, 'ada');
  ada.client.update({ joined: false });
  const ben = await new RoomPerson(server, 'ben', { presence }).meets('ada');
  await ada.meets('ben');
  await until(() => ada.client.users[1]?.tracks.audio === 'x/mic');
  expect(ada.kit.pulls).toEqual([]);
  ada.client.update({ joined: true });
  expect(ada.kit.pulled).toEqual(['x/mic']);
  ben.client.update({ joined: false });
  await until(() => ada.kit.pulled.length === 0);
});

test('whoever talks to the AI gives it the microphone that is sent', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  expect(ada.media.talkToAi()).toBe(false);
  ada.kit.pushes[0]?.announced$.next({ sessionId: 'own', trackName: 'mic' });
  expect(ada.media.talkToAi()).toBe(true);
  await until(() => ada.all('error').length > 0);
  expect(ada.all('error')).toEqual([{ code: 'ai_not_active', text: 'There is no AI in this room' }]);
  expect(ada.media.getSnapshot().microphone.isOn).toBe(true);
});

test.each([
  [Object.assign(new Error('no'), { name: 'NotAllowedError' }), 'denied'],
  [new DevicesExhaustedError(), 'none'],
  [Object.assign(new Error('no'), { name: 'OverconstrainedError' }), 'failed'],
])('a microphone that gives nothing (%s) is "%s", which the others are told', async (error, problem) => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  ada.kit.mic.answer = error;
  ada.media.microphone.start();
  expect(ada.media.getSnapshot().microphone).toMatchObject({ isOn: false, isStarting: false, problem });
  await until(() => ada.client.self?.tracks.audioUnavailable === true);

  ada.kit.mic.answer = 'yes';
  ada.media.microphone.start();
  expect(ada.media.getSnapshot().microphone).toMatchObject({ isOn: true, problem: undefined });
  await until(() => ada.client.self?.tracks.audioUnavailable === false);
});

test('a page without HTTPS is told why it has no devices', async () => {
  vi.stubGlobal('navigator', {});
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  ada.media.camera.start();
  ada.media.screen.start();
  const { camera, screen } = ada.media.getSnapshot();
  expect([camera.problem, screen.problem]).toEqual(['insecure', 'insecure']);
});

test('without an SFU the devices work and nothing is sent', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada', { ...OFFER, media: false });
  ada.media.camera.start();
  expect(ada.kit.configs).toEqual([]);
  expect(ada.media.getSnapshot()).toMatchObject({
    isAvailable: false,
    camera: { track: ada.kit.cam.content },
  });
});

test('the SFU is spoken to through the server, with what the server adds', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  expect(ada.kit.configs).toEqual([{ prefix: `${server.url}/partytracks`, apiExtraParams: 'lab=1' }]);
  expect(ada.media.getSnapshot().isConnected).toBe(true);
  ada.kit.peerConnection.become('disconnected');
  expect(ada.media.getSnapshot().isConnected).toBe(false);
});

test('closing stops all of it, and says so', async () => {
  const server = await startServer();
  const ada = await equipped(server, 'ada');
  const ben = await new RoomPerson(server, 'ben', { presence: { tracks: { audio: 'b/mic' } } }).meets('ada');
  ada.kit.pushes[0]?.announced$.next({ sessionId: 'own', trackName: 'mic' });
  ada.media.microphone.start();
  await until(() => tracksOf(ben, 'ada')?.audio === 'own/mic' && ada.kit.pulled.length === 1);
  ada.media.close();
  await until(() => tracksOf(ben, 'ada')?.audio === undefined);
  expect(tracksOf(ben, 'ada')?.audioEnabled).toBe(false);
  expect(ada.kit.pulled).toEqual([]);
  expect(ada.kit.pushes.every(({ isOver }) => isOver)).toBe(true);
});
