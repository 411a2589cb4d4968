import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Camera, deltas, MediaLab, type Peer, publishVideo } from './media-lab.ts';
import { VIDEO, vp8Numbers } from './rtp-builder.ts';

/** What can happen on one line: packets with loss, reordering and repetition, changes of source, layer, SSRC and keys, time. */
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('film' as const),
      key: fc.boolean(),
      fate: fc.constantFrom('come', 'lost', 'late', 'twice'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('arrive' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('source' as const), which: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('prefer' as const), rid: fc.constantFrom('a', 'b') }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('anew' as const), start: fc.nat(0xffff) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('keys' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('time' as const), ms: fc.nat(3_000) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Course {
  readonly lab = new MediaLab();
  readonly subscriber = this.lab.peer();
  readonly #plain = this.lab.peer();
  readonly #layered = this.lab.peer();
  readonly #sources = [
    publishVideo(this.#plain, 55),
    this.#layered.media.publish({ mid: '0', format: VIDEO, ssrcs: [], rids: ['a', 'b'] }),
    undefined,
  ];
  readonly #subscription = this.subscriber.media.subscribe('1', VIDEO);
  readonly #late: (() => void)[] = [];
  #ssrc = 1_000;
  #cameras = [
    { peer: this.#plain, camera: new Camera(55) },
    { peer: this.#layered, camera: this.#layer('a', 0xfff0) },
    { peer: this.#layered, camera: this.#layer('b', 0x7ff0) },
  ];

  take(event: Step): void {
    switch (event.type) {
      case 'film':
        for (const { peer, camera } of this.#cameras) this.#film(peer, camera.next(event.key), event.fate);
        break;
      case 'arrive':
        for (const arrive of this.#late.splice(0)) arrive();
        break;
      case 'source':
        this.#subscription.setSource(this.#sources[event.which]);
        break;
      case 'prefer':
        this.#subscription.setSimulcast({
          preferredRid: event.rid,
          priorityOrdering: 'none',
          ridNotAvailable: 'asciibetical',
        });
        break;
      case 'anew':
        this.#cameras = this.#cameras.map((line, i) =>
          i === 1 ? { ...line, camera: this.#layer('a', event.start) } : line,
        );
        break;
      case 'keys':
        this.subscriber.transport.hasKeys = !this.subscriber.transport.hasKeys;
        if (this.subscriber.transport.hasKeys) this.subscriber.media.connected();
        break;
      case 'time':
        this.lab.run(event.ms);
    }
  }

  #layer(rid: string, start: number): Camera {
    this.#ssrc += 1;
    const extensions = new Map([
      [1, Buffer.from('0')],
      [2, Buffer.from(rid)],
    ]);
    return new Camera(this.#ssrc, { extensions }, start);
  }

  #film(peer: Peer, packet: Buffer, fate: string): void {
    if (fate === 'lost') return;
    if (fate === 'late') {
      this.#late.push(() => peer.sends(packet));
      return;
    }
    peer.sends(packet);
    if (fate === 'twice') peer.sends(packet);
  }
}

/** The packets in the order of their numbers, from the first; all of them are within half a circle. */
const inOrder = <T extends { readonly sequenceNumber: number }>(packets: readonly T[]): T[] => {
  const first = packets[0]?.sequenceNumber ?? 0;
  return [...packets].sort(
    (a, b) => (((a.sequenceNumber - first) << 16) >> 16) - (((b.sequenceNumber - first) << 16) >> 16),
  );
};

test('whatever happens, no number is encrypted twice, and pictures and times go on in the order of the numbers', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const course = new Course();
      course.take({ type: 'source', which: 0 });
      for (const event of steps) course.take(event);
      const got = inOrder(course.subscriber.got());
      const numbers = deltas(got.map(({ sequenceNumber }) => sequenceNumber)).map((d) => d & 0xffff);
      const pictures = deltas(got.map(({ payload }) => vp8Numbers(payload).pictureId)).map((d) => d & 0x7fff);
      const times = deltas(got.map(({ timestamp }) => timestamp)).map((d) => d | 0);
      // One packet is one picture here: as many pictures go by as numbers do.
      expect(pictures).toEqual(numbers);
      expect(times.every((elapsed) => elapsed > 0)).toBe(true);
    }),
    { numRuns: 400 },
  );
});
