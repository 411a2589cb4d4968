import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guessPacketIndex, rolloverCount } from '../../../src/sfu/transport/packet-index.ts';

describe('the index of a packet', () => {
  test.each([
    ['the first packet', -1, 65_535, 65_535],
    ['the next one', 7, 8, 8],
    ['the next one after a wrap', 65_535, 0, 65_536],
    ['one from before the wrap', 65_536, 65_535, 65_535],
    ['one from before a later wrap', 3 * 65_536 + 2, 65_530, 2 * 65_536 + 65_530],
    ['one that is far ahead', 65_536 + 10, 32_000, 65_536 + 32_000],
    ['one that would be from before the first cycle', 3, 65_000, 65_000],
  ])('is guessed right for %s', (_, highest, sequenceNumber, index) => {
    expect(guessPacketIndex(highest, sequenceNumber)).toBe(index);
  });

  test('is the true one for everything within half a cycle of the highest', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), fc.integer({ min: -32_767, max: 32_767 }), (highest, distance) => {
        const index = highest + distance;
        fc.pre(index >= 0);
        expect(guessPacketIndex(highest, index % 65_536)).toBe(index);
      }),
    );
  });

  test('has a rollover count beyond 16 bits', () => {
    expect(rolloverCount(2 ** 47 + 5)).toBe(2 ** 31);
  });
});
