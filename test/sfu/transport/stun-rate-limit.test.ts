import { describe, expect, test } from 'vitest';
import { networkOf } from '../../../src/sfu/transport/ip-address.ts';
import { StunRateLimit } from '../../../src/sfu/transport/stun-rate-limit.ts';

const spendAll = (limit: StunRateLimit, address: string, nowMs = 0): number => {
  let spent = 0;
  for (; limit.allows(address, nowMs); spent += 1) limit.spend(address, nowMs);
  return spent;
};

describe('the limit on STUN that knows no password', () => {
  test('is a burst, and then some each second', () => {
    const limit = new StunRateLimit();
    expect([spendAll(limit, '192.0.2.1'), spendAll(limit, '192.0.2.1', 1_000)]).toEqual([50, 20]);
  });

  test("is each address's own", () => {
    const limit = new StunRateLimit();
    spendAll(limit, '192.0.2.1');
    expect(limit.allows('192.0.2.2', 0)).toBe(true);
  });

  test('is one for a whole network of IPv6', () => {
    const limit = new StunRateLimit();
    spendAll(limit, '2001:db8::1');
    expect(['2001:db8::2', '2001:db8:0:1::1'].map((address) => limit.allows(address, 0))).toEqual([
      false,
      true,
    ]);
  });

  test('remembers so many addresses and no more', () => {
    const limit = new StunRateLimit();
    for (let at = 0; at < 6_000; at += 1) limit.spend(`10.${at >> 8}.${at & 255}.1`, 0);
    expect(limit.size).toBe(4096);
  });
});

test.each([
  ['203.0.113.5', '203.0.113.5'],
  ['2001:db8:1:2::1', '20010db800010002'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '20010db800010002'],
  ['2001:db8:1:3::1', '20010db800010003'],
])('strangers at %s are counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
