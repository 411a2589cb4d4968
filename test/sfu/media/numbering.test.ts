import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReceiveWindow, WINDOW } from '../../../src/sfu/media/receive-window.ts';
import { SequenceMap } from '../../../src/sfu/media/sequence-map.ts';
import { ahead16, ahead32, unwrap16 } from '../../../src/sfu/media/sequence-numbers.ts';
import { Timeline } from '../../../src/sfu/media/timeline.ts';

describe('sequence numbers', () => {
  test('are compared on a circle', () => {
    expect([ahead16(1, 0xffff), ahead16(0xffff, 1), ahead16(5, 5), ahead16(0x8000, 0)]).toEqual([
      2, -2, 0, -0x8000,
    ]);
    expect([ahead32(1, 0xffff_ffff), ahead32(0xffff_ffff, 1)]).toEqual([2, -2]);
  });

  test('stand for the index next to one that is known', () => {
    expect([unwrap16(2, 0x1_ffff), unwrap16(0xffff, 0x2_0001), unwrap16(7, 0x5_0007)]).toEqual([
      0x2_0002, 0x1_ffff, 0x5_0007,
    ]);
    expect(unwrap16(0, 0xffff_ffff_ffff)).toBe(0x1_0000_0000_0000);
  });
});

describe('the window of what has come', () => {
  const arrivals = (window: ReceiveWindow, ...numbers: number[]): string[] =>
    numbers.map((number) => window.accept(number & 0xffff));

  test('lets each packet through once, across the wrap', () => {
    const window = new ReceiveWindow();
    expect(arrivals(window, 0xfffe, 0xffff, 1, 0, 0, 1, 0xffff, 2)).toEqual([
      'next',
      'next',
      'next',
      'late',
      'known',
      'known',
      'known',
      'next',
    ]);
    expect(window.highest).toBe(0x1_0000 + 0x1_0002);
  });

  test('takes a packet from before the first', () => {
    const window = new ReceiveWindow();
    expect(arrivals(window, 0, 0xffff)).toEqual(['next', 'late']);
    expect(window.index).toBe(0xffff);
  });

  test('forgets what is older than itself', () => {
    const window = new ReceiveWindow();
    expect(arrivals(window, 0, WINDOW, 1, 0)).toEqual(['next', 'next', 'late', 'astray']);
  });

  test('takes two in a row from far away for a sender that counts anew, and one for a stray', () => {
    const window = new ReceiveWindow();
    expect(arrivals(window, 10, 20_000, 11, 40_000, 40_001, 40_002, 40_000)).toEqual([
      'next',
      'astray',
      'next',
      'astray',
      'restart',
      'next',
      'late',
    ]);
  });

  test('knows exactly what has come, whatever the order', () => {
    const steps = fc.array(fc.integer({ min: -40, max: 60 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.nat(0xffff), steps, (start, distances) => {
        const window = new ReceiveWindow();
        const seen = new Set<number>();
        let highest = 0x1_0000 + start;
        for (const distance of [0, ...distances]) {
          const index = highest + distance;
          const arrival = window.accept(index & 0xffff);
          const expected = seen.has(index) ? 'known' : seen.size === 0 || index > highest ? 'next' : 'late';
          const found = arrival === 'known' ? index : window.index;
          expect([arrival, found]).toEqual([expected, index]);
          seen.add(index);
          highest = Math.max(highest, index);
        }
      }),
    );
  });
});

describe('the numbering of a subscriber', () => {
  test('keeps gaps, and fills them with what comes late', () => {
    const map = new SequenceMap(500);
    map.begin(10);
    expect([10, 11, 14, 12, 15, 13].map((index) => map.map(index))).toEqual([500, 501, 504, 502, 505, 503]);
  });

  test('closes up over what is not forwarded', () => {
    const map = new SequenceMap(500);
    map.begin(10);
    expect([
      map.map(10),
      map.skip(11),
      map.skip(12),
      map.map(13),
      map.skip(15),
      map.map(16),
      map.map(14),
    ]).toEqual([500, -1, -1, 501, -1, 503, 502]);
  });

  test('says which place is empty when what is not forwarded comes late', () => {
    const map = new SequenceMap(500);
    map.begin(10);
    expect([map.map(10), map.map(12), map.skip(11)]).toEqual([500, 502, 501]);
  });

  test('goes on with another source, and drops what is from before it', () => {
    const map = new SequenceMap(500);
    map.begin(10);
    map.map(10);
    map.map(12);
    map.begin(70_000);
    expect([map.map(69_999), map.map(70_000), map.map(69_998), map.map(70_001)]).toEqual([-1, 503, -1, 504]);
  });

  test('leaves a gap where one is asked for', () => {
    const map = new SequenceMap(500);
    map.begin(10, 1);
    expect(map.map(10)).toBe(501);
  });

  /** Packets of several sources, each with loss, reordering and some that are not forwarded. */
  const segment = fc.record({
    start: fc.nat(200_000),
    gap: fc.nat(1),
    packets: fc.array(fc.record({ isLost: fc.boolean(), isProbe: fc.boolean(), delay: fc.nat(12) }), {
      minLength: 1,
      maxLength: 60,
    }),
  });

  test('gives no number twice, keeps the order of the source, and begins each source behind all before', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const map = new SequenceMap(1_000);
        const given = new Set<number>();
        let highest = 999;
        for (const { start, gap, packets } of segments) {
          map.begin(start, gap);
          const before = highest;
          const outs: { index: number; out: number }[] = [];
          const arriving = packets
            .map((packet, i) => ({ ...packet, index: start + i, at: i + packet.delay }))
            .filter(({ isLost }) => !isLost)
            .sort((a, b) => a.at - b.at);
          for (const { index, isProbe } of arriving) {
            const out = isProbe ? map.skip(index) : map.map(index);
            if (out === -1) continue;
            expect(given.has(out)).toBe(false);
            expect(out).toBeGreaterThan(before);
            given.add(out);
            outs.push({ index, out });
            highest = Math.max(highest, out);
          }
          const inOrder = outs.sort((a, b) => a.index - b.index).map(({ out }) => out);
          expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the time of a subscriber', () => {
  test('goes on with a change of source by the time that went by', () => {
    const timeline = new Timeline(0xffff_f000);
    timeline.begin(7, 1_000, 90_000);
    expect(timeline.map(7, 1_000)).toBe(0xffff_f000);
    expect(timeline.map(3_007, 1_033)).toBe(0xffff_f000 + 3_000);
    timeline.begin(5_000_000, 1_133, 90_000);
    expect(timeline.map(5_000_000, 1_133)).toBe((0xffff_f000 + 3_000 + 9_000) >>> 0);
    expect(timeline.map(5_003_000, 1_166)).toBe((0xffff_f000 + 3_000 + 12_000) >>> 0);
  });

  test('is at least one tick further, though no time went by or the clock was set back', () => {
    const timeline = new Timeline(100);
    timeline.begin(0, 5_000, 48_000);
    timeline.begin(90, 5_000, 48_000);
    expect(timeline.last).toBe(101);
    timeline.begin(7, 4_000, 48_000);
    expect(timeline.last).toBe(102);
  });

  test('is not set back by a late packet', () => {
    const timeline = new Timeline(0);
    timeline.begin(1_000, 0, 90_000);
    timeline.map(4_000, 33);
    expect(timeline.map(1_000, 40)).toBe(0);
    expect(timeline.last).toBe(3_000);
  });
});
