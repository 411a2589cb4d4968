import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { localCandidates } from '../../../src/sfu/transport/candidates.ts';
import { addressToBytes, bytesToAddress, isPrivate } from '../../../src/sfu/transport/ip-address.ts';
import { addressAdvice, detectLocalAddresses } from '../../../src/sfu/transport/local-addresses.ts';

const entry = (address: string): NetworkInterfaceInfo => ({
  address,
  netmask: '',
  mac: '00:00:00:00:00:00',
  internal: address === '127.0.0.1',
  cidr: null,
  ...(address.includes(':') ? { family: 'IPv6', scopeid: 0 } : { family: 'IPv4' }),
});

describe('the addresses of this host', () => {
  test('are those that others can use, IPv4 first, and loopback last', () => {
    const found = detectLocalAddresses({
      lo: [entry('127.0.0.1'), entry('::1')],
      eth0: [entry('2001:db8::5'), entry('192.168.1.4'), entry('fe80::1')],
      wlan0: [entry('10.0.0.7')],
      gone: undefined,
    });
    expect(found).toEqual(['192.168.1.4', '10.0.0.7', '2001:db8::5', '127.0.0.1']);
  });

  test('are loopback alone where there is no network', () => {
    expect(detectLocalAddresses({})).toEqual(['127.0.0.1']);
  });

  test('are eight at most, loopback among them', () => {
    const many = Array.from({ length: 20 }, (_, at) => entry(`10.0.0.${at}`));
    const found = detectLocalAddresses({ eth0: many });
    expect([found.length, found.at(-1)]).toEqual([8, '127.0.0.1']);
  });
});

describe('the advice for the operator', () => {
  test('is none where an address is public, or announced', () => {
    expect(addressAdvice(['203.0.113.9', '127.0.0.1'], 5000)).toBeUndefined();
    expect(
      addressAdvice(['10.0.0.1'], 5000, { addresses: ['203.0.113.9'], joinHost: false }),
    ).toBeUndefined();
  });

  test('says behind NAT which port to forward and what to set', () => {
    expect(addressAdvice(['10.0.0.1', '127.0.0.1'], 5000)).toMatch(
      /^Only the local network can reach the SFU at 10\.0\.0\.1\..*UDP and TCP port 5000.*SFU_ANNOUNCED_ADDRESS/,
    );
  });

  test('says so when there is no network at all', () => {
    expect(addressAdvice(['127.0.0.1'], 5000)).toMatch(/^Only this machine/);
  });
});

describe('the candidates', () => {
  const bound = (['udp', 'tcp'] as const).flatMap((protocol) =>
    ['127.0.0.1', '10.0.0.1'].map((address) => ({ protocol, address, port: 5000 })),
  );
  const told = (...parameters: Parameters<typeof localCandidates>): string[] =>
    localCandidates(...parameters).map(({ protocol, address, port }) => `${protocol} ${address} ${port}`);

  test('are UDP before TCP, and each with loopback last', () => {
    const candidates = localCandidates(bound);
    expect(told(bound)).toEqual([
      'udp 10.0.0.1 5000',
      'udp 127.0.0.1 5000',
      'tcp 10.0.0.1 5000',
      'tcp 127.0.0.1 5000',
    ]);
    const priorities = candidates.map(({ priority }) => priority);
    expect(priorities.toSorted((a, b) => b - a)).toEqual(priorities);
    expect(new Set(candidates.map(({ foundation }) => foundation)).size).toBe(4);
    expect(Math.max(...priorities)).toBeLessThan(2 ** 31);
  });

  test("are the announced addresses in place of the host's own", () => {
    const announced = { addresses: ['203.0.113.9'], joinHost: false };
    expect(told(bound, announced)).toEqual(['udp 203.0.113.9 5000', 'tcp 203.0.113.9 5000']);
  });

  test("are the announced addresses and the host's own", () => {
    const announced = { addresses: ['203.0.113.9'], joinHost: true };
    expect(told(bound.slice(0, 2), announced)).toEqual([
      'udp 203.0.113.9 5000',
      'udp 10.0.0.1 5000',
      'udp 127.0.0.1 5000',
    ]);
  });
});

describe('an IP address', () => {
  test.each([
    ['1.2.3.4', '01020304', '1.2.3.4'],
    ['::', '0'.repeat(32), '0:0:0:0:0:0:0:0'],
    ['2001:db8::1', '20010db8000000000000000000000001', '2001:db8:0:0:0:0:0:1'],
    ['1::', '0001'.padEnd(32, '0'), '1:0:0:0:0:0:0:0'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304', '0:0:0:0:0:ffff:102:304'],
  ])('%s has its bytes', (text, hex, back) => {
    const bytes = addressToBytes(text);
    expect(bytes?.toString('hex')).toBe(hex);
    expect(bytesToAddress(bytes ?? Buffer.alloc(0))).toBe(back);
  });

  test.each(['', 'host.local', '1.2.3', '1.2.3.4.5', ':::', 'fe80::1%eth0'])('is not %j', (text) => {
    expect(addressToBytes(text)).toBeUndefined();
  });

  test('is private or not', () => {
    const inside = [
      '10.1.1.1',
      '172.16.0.1',
      '172.31.9.9',
      '192.168.0.1',
      '100.64.0.1',
      '169.254.1.1',
      'fd00::1',
    ];
    const outside = [
      '11.1.1.1',
      '172.15.0.1',
      '172.32.0.1',
      '192.169.0.1',
      '100.128.0.1',
      '2001:db8::1',
      'x',
    ];
    expect([inside.map(isPrivate), outside.map(isPrivate)]).toEqual([
      inside.map(() => true),
      outside.map(() => false),
    ]);
  });
});
