import { describe, expect, test } from 'vitest';
import type { Publication } from '../../../src/sfu/media/session-media.ts';
import { Camera, MediaLab, type Peer } from './media-lab.ts';
import { AUDIO, VIDEO } from './rtp-builder.ts';

const publish = (peer: Peer, ssrc: number, mid = '0'): Publication =>
  peer.media.publish({ mid, format: VIDEO, ssrcs: [ssrc], rids: [] });

const rembs = (peer: Peer): number[] => peer.heard('remb').map(({ bitrate }) => bitrate);

/** A camera of 800 kbit/s: five packets of 1,000 bytes in each 50 ms. */
const film = (peer: Peer, camera: Camera) => (): void => {
  for (let i = 0; i < 5; i += 1) peer.sends(camera.next(true, 'x'.repeat(981)));
};

describe('what a publisher may send', () => {
  test('is much from the start, and is said every second', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    peer.media.tick(lab.clock.now());
    expect(rembs(peer)).toEqual([]);
    publish(peer, 55);
    lab.run(3_000);
    expect(rembs(peer)).toEqual([2_500_000, 2_500_000, 2_500_000]);
  });

  test('is said again as soon as there are keys', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    peer.transport.hasKeys = false;
    publish(peer, 55);
    lab.run(100);
    peer.transport.hasKeys = true;
    peer.media.connected();
    expect(rembs(peer)).toEqual([2_500_000]);
  });

  test('is for all that it sends, and follows what it publishes', () => {
    const lab = new MediaLab({ maxVideoBps: 1_000_000 });
    const peer = lab.peer();
    publish(peer, 55);
    const screen = publish(peer, 66, '1');
    peer.media.publish({ mid: '2', format: AUDIO, ssrcs: [77], rids: [] });
    lab.run(100);
    screen.close();
    lab.run(50);
    expect(rembs(peer)).toEqual([2_064_000, 1_064_000].map((bps) => expect.closeTo(bps, -2)));
  });

  test('is not said to who sends sound alone', () => {
    const lab = new MediaLab();
    const peer = lab.peer();
    peer.media.publish({ mid: '2', format: AUDIO, ssrcs: [77], rids: [] });
    lab.run(2_000);
    expect(rembs(peer)).toEqual([]);
  });

  test('is not cut by a subscriber whose estimate is low because it gets little', () => {
    const lab = new MediaLab();
    const [peer, subscriber] = [lab.peer(), lab.peer()];
    subscriber.media.subscribe('0', VIDEO).setSource(publish(peer, 55));
    const send = film(peer, new Camera(55));
    lab.run(5_000, () => {
      send();
      subscriber.says({ type: 'remb', senderSsrc: 1, bitrate: 700_000, ssrcs: [] });
    });
    expect(new Set(rembs(peer))).toEqual(new Set([2_500_000]));
  });

  test('is cut to what its slowest subscriber takes once that lasts, and grows again afterwards', () => {
    const lab = new MediaLab();
    const [peer, slow, fast] = [lab.peer(), lab.peer(), lab.peer()];
    const source = publish(peer, 55);
    for (const subscriber of [slow, fast]) subscriber.media.subscribe('0', VIDEO).setSource(source);
    const send = film(peer, new Camera(55));
    lab.run(2_000, send);
    const estimate = (bitrate: number) => (): void => {
      send();
      slow.says({ type: 'remb', senderSsrc: 1, bitrate, ssrcs: [] });
      fast.says({ type: 'remb', senderSsrc: 1, bitrate: 3_000_000, ssrcs: [] });
    };
    rembs(peer);
    lab.run(1_500, estimate(400_000));
    expect(new Set(rembs(peer))).toEqual(new Set([2_500_000]));
    lab.run(2_000, estimate(400_000));
    expect(rembs(peer).at(-1)).toBeCloseTo(400_000, -2);
    lab.run(5_000, estimate(900_000));
    const recovering = rembs(peer);
    const steps = recovering.slice(1).map((bps, i) => bps / (recovering[i] ?? 1));
    expect(recovering.at(-1)).toBe(2_500_000);
    expect(Math.max(...steps.slice(0, -1))).toBeLessThan(1.26);
  });

  test('is cut by a subscriber that comes over from another only once that takes too much too', () => {
    const lab = new MediaLab();
    const [before, after, slow] = [lab.peer(), lab.peer(), lab.peer()];
    const subscription = slow.media.subscribe('0', VIDEO);
    subscription.setSource(publish(before, 55));
    const send = film(before, new Camera(55));
    lab.run(2_000, send);
    lab.run(2_000, () => {
      send();
      slow.says({ type: 'remb', senderSsrc: 1, bitrate: 200_000, ssrcs: [] });
    });
    expect(rembs(before).at(-1)).toBeCloseTo(200_000, -2);
    subscription.setSource(publish(after, 66));
    after.media.tick(lab.clock.now());
    before.media.tick(lab.clock.now());
    expect([...rembs(after), ...rembs(before)]).toEqual([2_500_000, 2_500_000]);
  });

  test('grows again at once when its slow subscriber leaves', () => {
    const lab = new MediaLab();
    const [peer, slow] = [lab.peer(), lab.peer()];
    const subscription = slow.media.subscribe('0', VIDEO);
    subscription.setSource(publish(peer, 55));
    const send = film(peer, new Camera(55));
    lab.run(2_000, send);
    lab.run(2_000, () => {
      send();
      slow.says({ type: 'remb', senderSsrc: 1, bitrate: 1, ssrcs: [] });
    });
    expect(rembs(peer).at(-1)).toBeCloseTo(150_000, -1);
    subscription.close();
    lab.run(50);
    expect(rembs(peer)).toEqual([2_500_000]);
  });
});
