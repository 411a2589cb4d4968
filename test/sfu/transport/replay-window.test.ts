import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReplayWindow } from '../../../src/sfu/transport/replay-window.ts';

describe('the replay window', () => {
  test('takes each index once, in whatever order they come', () => {
    const window = new ReplayWindow(64);
    const taken = [5, 3, 5, 4, 3, 68, 5, 69, 6, 6].map((index) => {
      const isNew = window.isNew(index);
      if (isNew) window.remember(index);
      return isNew;
    });
    expect(taken).toEqual([true, true, false, true, false, true, false, true, true, false]);
    expect(window.highest).toBe(69);
  });

  test('refuses what is older than the window, known or not', () => {
    const window = new ReplayWindow(64);
    window.remember(1_000);
    expect([936, 937].map((index) => window.isNew(index))).toEqual([false, true]);
  });

  test('works with indices beyond 32 bits', () => {
    const window = new ReplayWindow(64);
    const start = 2 ** 40 + 7;
    window.remember(start);
    window.remember(start + 63);
    expect([start, start + 1, start + 63, start + 64].map((index) => window.isNew(index))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  test('is what a set of everything ever seen would be, within its size', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -90, max: 90 }), { maxLength: 300 }), (steps) => {
        const window = new ReplayWindow(64);
        const seen = new Set<number>();
        let highest = -1;
        for (const step of steps) {
          const index = Math.max(0, highest + step);
          const isNew = index > highest || (highest - index < 64 && !seen.has(index));
          expect(window.isNew(index)).toBe(isNew);
          if (!isNew) continue;
          window.remember(index);
          seen.add(index);
          highest = Math.max(highest, index);
        }
      }),
    );
  });

  test.each([0, 32, 65, 100])('cannot have a size of %i', (size) => {
    expect(() => new ReplayWindow(size)).toThrow(RangeError);
  });
});
