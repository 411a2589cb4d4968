import { describe, expect, test } from 'vitest';
import type { SimulcastChoice } from '../../../src/sfu/media/session-media.ts';
import { chooseRid } from '../../../src/sfu/media/simulcast.ts';

const BPS: Readonly<Record<string, number>> = { h: 1_500_000, m: 500_000, z: 100_000 };

/** Announced as `m;h;z`: neither in the order of the alphabet nor in that of their rates. */
const layers = (flowing: string) =>
  ['m', 'h', 'z'].map((rid) => ({ rid, isFlowing: flowing.includes(rid), bps: BPS[rid] ?? 0 }));

const NONE: SimulcastChoice = { priorityOrdering: 'none', ridNotAvailable: 'none' };
const prefer = (preferredRid: string, more: Partial<SimulcastChoice> = {}): SimulcastChoice => ({
  ...NONE,
  preferredRid,
  ...more,
});
const ORDERED = { priorityOrdering: 'asciibetical', ridNotAvailable: 'asciibetical' } as const;
const REPLACED = { ridNotAvailable: 'asciibetical' } as const;

describe('the layer that a subscriber gets', () => {
  test.each([
    ['the preferred one', prefer('z'), 'hmz', 'z'],
    ['the preferred one though it does not flow, without a fallback', prefer('h'), 'mz', 'h'],
    ['none when the preferred one does not exist, without a fallback', prefer('x'), 'hmz', undefined],
    ['the next in the alphabet while the preferred one does not flow', prefer('h', REPLACED), 'mz', 'm'],
    ['the next in the alphabet rather than the one before', prefer('m', REPLACED), 'hz', 'z'],
    ['the one before when none after it flows', prefer('z', REPLACED), 'hm', 'm'],
    ['the first in the alphabet when the preferred one does not exist', prefer('x', REPLACED), 'hmz', 'h'],
    ['the preferred one while nothing flows', prefer('m', REPLACED), '', 'm'],
    ["the publisher's best, without a wish", NONE, 'hmz', 'm'],
    ["the publisher's next, without a wish", NONE, 'hz', 'h'],
    ['the first in the alphabet, with an ordering', ORDERED, 'hmz', 'h'],
    ['the next in the alphabet, with an ordering', ORDERED, 'mz', 'm'],
  ])('is %s', (_, choice, flowing, expected) => {
    expect(chooseRid(layers(flowing), choice, undefined)).toBe(expected);
  });

  test.each([
    [
      'the wished one, however little the way takes, without an ordering',
      prefer('h', REPLACED),
      'hmz',
      'h',
      1_000,
    ],
    ['the first that the way takes', prefer('h', ORDERED), 'hmz', 'm', 600_000],
    ['the last when the way takes none', prefer('h', ORDERED), 'hmz', 'z', 1_000],
    ['never better than the wished one', prefer('m', ORDERED), 'hmz', 'm', 9_000_000],
    ['one that flows', prefer('h', ORDERED), 'hz', 'z', 600_000],
  ])('with little bandwidth is %s', (_, choice, flowing, expected, budget) => {
    expect(chooseRid(layers(flowing), choice, budget)).toBe(expected);
  });
});
