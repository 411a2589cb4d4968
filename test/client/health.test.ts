import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionHealth } from '../../src/client/media/connection-health.ts';
import { DeadTracks } from '../../src/client/media/dead-tracks.ts';
import type { Pull } from '../../src/client/media/incoming.ts';
import { RoomMedia } from '../../src/client/media/index.ts';
import { readServerOffer } from '../../src/client/media/server-offer.ts';
import { readStats, type StatsSample } from '../../src/client/media/stats-sample.ts';
import { Ewma } from '../../src/client/ewma.ts';
import { RoomClient } from '../../src/client/index.ts';
import { FakeKit, fakeTrack } from '../support/fake-media.ts';
import { user } from '../support/room-of.ts';
import { scriptedSockets } from '../support/scripted-socket.ts';

test('an average forgets by its time constant, however the samples lie', () => {
  const [coarse, fine] = [new Ewma(1_000), new Ewma(1_000)];
  expect(coarse.value).toBeUndefined();
  coarse.add(100, 500);
  fine.add(100, 500);
  expect(coarse.value).toBe(100);
  coarse.add(0, 1_000);
  for (let i = 0; i < 10; i += 1) fine.add(0, 100);
  expect(coarse.value).toBeCloseTo(100 / Math.E, 10);
  expect(fine.value).toBeCloseTo(100 / Math.E, 10);
});

const inbound = (trackIdentifier: string, bytesReceived: number, packetsLost = 0) => ({
  type: 'inbound-rtp',
  trackIdentifier,
  bytesReceived,
  packetsReceived: bytesReceived / 100,
  packetsLost,
});
const outbound = (bytesSent: number) => ({ type: 'outbound-rtp', bytesSent, packetsSent: bytesSent / 100 });
const sample = (...entries: object[]): StatsSample =>
  readStats(new Map(entries.entries()) as unknown as RTCStatsReport);

test('a report is summed up by what matters of it', () => {
  const remote = { type: 'remote-inbound-rtp', packetsLost: 3 };
  const nothing = [{ type: 'candidate-pair', bytesSent: 9 }, { type: 'inbound-rtp' }, {}];
  expect(sample(outbound(1_000), outbound(500), remote, inbound('t', 700, 2), ...nothing)).toEqual({
    bytesSent: 1_500,
    packetsSent: 15,
    sentPacketsLost: 3,
    received: new Map([['t', { bytes: 700, packets: 7, packetsLost: 2 }]]),
  });
});

test('counters become rates, smoothed', () => {
  const health = new ConnectionHealth();
  const remote = (packetsLost: number) => ({ type: 'remote-inbound-rtp', packetsLost });
  health.take(sample(outbound(0), remote(0), inbound('t', 0)), 1_000);
  expect(health.health).toEqual({ outgoingBitrate: 0, outgoingLoss: 0, incomingLoss: 0 });
  health.take(sample(outbound(10_000), remote(10), inbound('t', 9_000, 10)), 2_000);
  expect(health.health).toEqual({ outgoingBitrate: 80_000, outgoingLoss: 0.1, incomingLoss: 0.1 });

  health.take(sample(outbound(10_000), remote(10), inbound('t', 18_000, 10)), 5_000);
  const { outgoingBitrate, outgoingLoss, incomingLoss } = health.health;
  expect(outgoingBitrate).toBeCloseTo(80_000 / Math.E, 6);
  // Nothing was sent, so nothing is known of what would have been lost.
  expect(outgoingLoss).toBe(0.1);
  expect(incomingLoss).toBeCloseTo(0.1 * Math.exp(-0.3), 10);
});

test('another connection counts from its own beginning, and late packets are no gain', () => {
  const health = new ConnectionHealth();
  health.take(sample(outbound(50_000), inbound('t', 5_000, 5)), 1_000);
  health.take(sample(outbound(100)), 2_000);
  expect(health.health.outgoingBitrate).toBe(0);
  health.take(sample(outbound(1_100), inbound('u', 1_000, -1)), 3_000);
  expect(health.health).toEqual({ outgoingBitrate: 8_000, outgoingLoss: 0, incomingLoss: 0 });
});

const presence = { tracks: { audioEnabled: true } };
const pullOf = (kind: Pull['kind'], change: object = presence): Pull => ({
  user: user('ben', change),
  kind,
  path: `s/${kind}`,
  track: fakeTrack(kind),
});

/** The paths that turn out to be dead at each second, with so many bytes by then. */
const course = (pull: Pull, bytes: readonly number[]): number[] => {
  const dead = new DeadTracks();
  return bytes.flatMap((bytes, second) =>
    dead.look([pull], sample(inbound(pull.kind, bytes)), second * 1_000).length > 0 ? [second] : [],
  );
};
const still = (bytes: number, seconds: number): number[] => Array.from({ length: seconds }, () => bytes);

test.each([
  [
    'sound that never comes is dead after 10 s, and again after another',
    pullOf('audio'),
    still(0, 25),
    [10, 21],
  ],
  ['sound that stops is dead 10 s later', pullOf('audio'), [1, 2, 3, ...still(3, 12)], [12]],
  ['sound that goes on is alive', pullOf('audio'), [...Array(30).keys()], []],
  ['sound that is muted is not missed', pullOf('audio', { tracks: {} }), still(5, 25), []],
  ['a picture that never comes is dead', pullOf('video'), still(0, 12), [10]],
  ['a screen that never comes is dead', pullOf('screenshare'), still(0, 12), [10]],
  ['a screen on which nothing changes is alive', pullOf('screenshare'), still(9, 25), []],
])('%s', (_, pull, bytes, seconds) => {
  expect(course(pull, bytes)).toEqual(seconds);
});

test('while the connection is interrupted no track is blamed', () => {
  const dead = new DeadTracks();
  const pull = pullOf('audio');
  const nothing = sample(inbound('audio', 0));
  dead.look([pull], nothing, 0);
  dead.pause();
  expect(dead.look([pull], nothing, 11_000)).toEqual([]);
  expect(dead.look([pull], nothing, 21_000)).toEqual([pull]);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Ada, who receives Ben's microphone; with what she reports. */
async function adaReceivesBen(
  offer: object,
): Promise<{ kit: FakeKit; media: RoomMedia; reports: unknown[] }> {
  const reports: unknown[] = [];
  vi.stubGlobal('fetch', (url: string, init: { body: string }) => {
    reports.push([url, JSON.parse(init.body)]);
    return Promise.resolve(new Response());
  });
  const { Socket, sockets } = scriptedSockets();
  const client = new RoomClient({
    server: 'https://meet.example.org',
    room: 'r',
    id: 'ada',
    WebSocket: Socket,
  });
  await vi.advanceTimersByTimeAsync(0);
  const users = [user('ada'), user('ben', { tracks: { audio: 'push/mic', audioEnabled: true } })];
  sockets[0]?.open();
  sockets[0]?.say({ type: 'roomState', state: { ai: { enabled: false }, meetingId: 'm', users } });
  const kit = new FakeKit();
  const media = new RoomMedia(client, readServerOffer({ media: true, ...offer }), { kit });
  onTestFinished(() => {
    media.close();
    client.leave();
  });
  kit.pulls[0]?.track$.next(fakeTrack('t'));
  return { kit, media, reports };
}

test('a dead track is reported once, asked for again, and given up in the end', async () => {
  const { kit, reports } = await adaReceivesBen({ feedback: true });
  kit.peerConnection.stats = [inbound('t', 0)];
  await vi.advanceTimersByTimeAsync(12_000);
  expect(reports).toEqual([
    [
      'https://meet.example.org/api/deadTrack',
      { trackId: 'mic', pullSessionTrace: 'own', pushedSessionTrace: 'push', pushingUser: "ben's name" },
    ],
  ]);
  expect(kit.pulls.map(({ isOver }) => isOver)).toEqual([true, false]);

  for (let again = 0; again < 5; again += 1) {
    kit.pulls.at(-1)?.track$.next(fakeTrack('t'));
    await vi.advanceTimersByTimeAsync(12_000);
  }
  expect(kit.pulls).toHaveLength(4);
  expect(reports).toHaveLength(1);
});

test('where reports go nowhere a dead track is asked for again all the same', async () => {
  const { kit, reports } = await adaReceivesBen({ feedback: false });
  kit.peerConnection.stats = [inbound('t', 0)];
  await vi.advanceTimersByTimeAsync(12_000);
  expect(kit.pulls).toHaveLength(2);
  expect(reports).toEqual([]);
});

test('a connection that is not there is not measured', async () => {
  const { kit, media } = await adaReceivesBen({ feedback: true });
  kit.peerConnection.stats = [inbound('t', 0), outbound(0)];
  await vi.advanceTimersByTimeAsync(5_000);
  kit.peerConnection.become('disconnected');
  await vi.advanceTimersByTimeAsync(20_000);
  expect(kit.pulls).toHaveLength(1);
  kit.peerConnection.become('connected');
  kit.peerConnection.stats = [inbound('t', 100), outbound(1_000_000)];
  await vi.advanceTimersByTimeAsync(1_000);
  expect(media.getSnapshot().health.outgoingBitrate).toBeGreaterThan(0);
});
