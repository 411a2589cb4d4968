import { describe, expect, test } from 'vitest';
import type { Publication, SimulcastChoice, Subscription } from '../../../src/sfu/media/session-media.ts';
import { Camera, MediaLab, type Peer } from './media-lab.ts';
import { type ReadRtp, VIDEO, vp8Numbers } from './rtp-builder.ts';

const ORDERED = { priorityOrdering: 'asciibetical', ridNotAvailable: 'asciibetical' } as const;
const prefer = (preferredRid: string): SimulcastChoice => ({
  preferredRid,
  priorityOrdering: 'none',
  ridNotAvailable: 'none',
});

type Stage = {
  readonly lab: MediaLab;
  readonly publisher: Peer;
  readonly source: Publication;
  readonly subscriber: Peer;
  readonly subscription: Subscription;
  readonly layers: Readonly<Record<'a' | 'b', Camera>>;
  /** Sends a packet of each of these layers; a layer that is asked for a key frame gives one. */
  readonly film: (...rids: ('a' | 'b')[]) => void;
};

function stage(choice: SimulcastChoice): Stage {
  const lab = new MediaLab();
  const [publisher, subscriber] = [lab.peer(), lab.peer()];
  const source = publisher.media.publish({ mid: '0', format: VIDEO, ssrcs: [], rids: ['a', 'b'] });
  const subscription = subscriber.media.subscribe('1', VIDEO);
  subscription.setSimulcast(choice);
  subscription.setSource(source);
  const layer = (rid: string, ssrc: number, start: number): Camera =>
    new Camera(
      ssrc,
      {
        extensions: new Map([
          [1, Buffer.from('0')],
          [2, Buffer.from(rid)],
        ]),
      },
      start,
    );
  const layers = { a: layer('a', 11, 32_760), b: layer('b', 22, 9_000) };
  const due = new Set([11, 22]);
  const film = (...rids: ('a' | 'b')[]): void => {
    for (const { mediaSsrc } of publisher.heard('pli')) due.add(mediaSsrc);
    for (const rid of rids) {
      const camera = layers[rid];
      publisher.sends(camera.next(due.delete(camera.ssrc)));
    }
  };
  return { lab, publisher, source, subscriber, subscription, layers, film };
}

const layersOf = (packets: readonly ReadRtp[]): string =>
  packets.map(({ payload }) => (payload.subarray(7).toString().startsWith('11:') ? 'a' : 'b')).join('');

function expectSeamless(packets: readonly ReadRtp[]): void {
  packets.slice(1).forEach((packet, i) => {
    const before = packets[i];
    if (before === undefined) return;
    expect((packet.sequenceNumber - before.sequenceNumber) & 0xffff).toBe(1);
    const [now, then] = [vp8Numbers(packet.payload), vp8Numbers(before.payload)];
    expect((now.pictureId - then.pictureId) & 0x7fff).toBe(1);
    expect((now.tl0 - then.tl0) & 0xff).toBe(1);
    const elapsed = (packet.timestamp - before.timestamp) >>> 0;
    expect(elapsed).toBeGreaterThan(0);
    expect(elapsed).toBeLessThan(3 * 90_000);
  });
}

describe('a simulcast subscription', () => {
  test('goes from layer to layer and back without a seam, each time on a key frame', () => {
    const { lab, subscriber, subscription, film } = stage(prefer('a'));
    const got: ReadRtp[] = [];
    for (const rid of ['a', 'b', 'a', 'b', 'a']) {
      subscription.setSimulcast(prefer(rid));
      lab.run(500, () => {
        film('a', 'b');
        got.push(...subscriber.got());
      });
    }
    expect(layersOf(got)).toMatch(/^a{9,11}b{9,11}a{9,11}b{9,11}a{9,11}$/);
    expectSeamless(got);
  });

  test('shows the layer that it has until a picture begins in the other', () => {
    const { lab, publisher, subscriber, subscription, layers, film } = stage(prefer('b'));
    lab.run(200, () => film('a', 'b'));
    subscription.setSimulcast(prefer('a'));
    lab.run(3_000, () => {
      publisher.sends(layers.a.next());
      publisher.sends(layers.b.next());
    });
    publisher.sends(layers.a.next(true));
    publisher.sends(layers.b.next());
    publisher.sends(layers.a.next());
    const got = subscriber.got();
    expect(layersOf(got)).toMatch(/^b+aa$/);
    expectSeamless(got);
  });

  test('takes a change of mind before the other layer began for none', () => {
    const { lab, subscriber, subscription, film } = stage(prefer('b'));
    lab.run(200, () => film('a', 'b'));
    subscription.setSimulcast(prefer('a'));
    subscription.setSimulcast(prefer('b'));
    lab.run(500, () => film('a', 'b'));
    expect(layersOf(subscriber.got())).toMatch(/^b+$/);
  });

  test('whose layer begins anew while it waits for another takes each packet once', () => {
    const { lab, publisher, source, subscriber, subscription, layers, film } = stage(prefer('b'));
    const other = lab.peer();
    const staying = other.media.subscribe('1', VIDEO);
    staying.setSimulcast(prefer('b'));
    staying.setSource(source);
    lab.run(500, () => film('a', 'b'));
    subscription.setSimulcast(prefer('a'));
    layers.b.sequenceNumber += 30_000;
    for (let i = 0; i < 3; i += 1) publisher.sends(layers.b.next());
    lab.run(500, () => film('a', 'b'));
    subscription.setSimulcast(prefer('b'));
    lab.run(500, () => film('a', 'b'));
    const [got, stayed] = [subscriber.got(), other.got()];
    expect(layersOf(got)).toMatch(/^b+a{9,}b{9,}$/);
    expectSeamless(got);
    expect(layersOf(stayed)).toMatch(/^b{25,}$/);
    expectSeamless(stayed);
  });

  test('falls back while its layer does not flow, and returns when it does', () => {
    const { lab, subscriber, film } = stage({ preferredRid: 'a', ...ORDERED });
    const got: ReadRtp[] = [];
    const during = (ms: number, ...rids: ('a' | 'b')[]): string => {
      const from = got.length;
      lab.run(ms, () => {
        film(...rids);
        got.push(...subscriber.got());
      });
      return layersOf(got.slice(from));
    };
    expect(during(1_000, 'a', 'b')).toMatch(/^a+$/);
    expect(during(1_900, 'b')).toBe('');
    expect(during(1_000, 'b')).toMatch(/^b{10,}$/);
    expect(during(1_000, 'a', 'b')).toMatch(/^b{0,3}a{15,}$/);
    expectSeamless(got);
  });

  test('waits for the layer that it prefers when it has no fallback', () => {
    const { lab, subscriber, film } = stage(prefer('a'));
    lab.run(3_000, () => film('b'));
    expect(subscriber.got()).toEqual([]);
    lab.run(500, () => film('a', 'b'));
    expect(layersOf(subscriber.got())).toMatch(/^a+$/);
  });

  test('falls back at once when its layer says goodbye', () => {
    const { lab, publisher, subscriber, film } = stage({ preferredRid: 'a', ...ORDERED });
    lab.run(1_000, () => film('a', 'b'));
    subscriber.got();
    publisher.says({ type: 'bye', ssrcs: [11] });
    lab.run(500, () => film('b'));
    expect(layersOf(subscriber.got())).toMatch(/^b{8,}$/);
  });

  test('takes a smaller layer on a slow way, if it has an ordering, and its publisher is not held back', () => {
    const { lab, publisher, subscriber, layers } = stage({ preferredRid: 'a', ...ORDERED });
    const send = (): void => {
      for (let i = 0; i < 5; i += 1) publisher.sends(layers.a.next(true, `11:${'x'.repeat(950)}`));
      publisher.sends(layers.b.next(true, `22:${'x'.repeat(950)}`));
    };
    lab.run(2_000, send);
    expect(layersOf(subscriber.got())).toMatch(/a{5}$/);
    publisher.heard();
    lab.run(2_500, () => {
      send();
      subscriber.says({ type: 'remb', senderSsrc: 1, bitrate: 300_000, ssrcs: [] });
    });
    expect(layersOf(subscriber.got())).toMatch(/^a+b{5,}$/);
    expect(new Set(publisher.heard('remb').map(({ bitrate }) => bitrate))).toEqual(new Set([2_500_000]));
    lab.run(10_000, send);
    expect(layersOf(subscriber.got())).toMatch(/a{50}$/);
  });

  test('whose layers repair themselves in streams of their own takes none of these', () => {
    const { lab, publisher, subscriber, film } = stage(prefer('a'));
    const repair = new Camera(33, {
      extensions: new Map([
        [1, Buffer.from('0')],
        [3, Buffer.from('a')],
      ]),
    });
    lab.run(500, () => {
      film('a');
      publisher.sends(repair.next(true));
    });
    expect(layersOf(subscriber.got())).toBe('a'.repeat(10));
    expect(lab.engine.totals.dropped).toBe(10);
  });
});
