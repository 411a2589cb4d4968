import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../../../src/sfu/api/api-errors.ts';
import { readDescription } from '../../../src/sfu/session/sdp-reader.ts';
import { FakeSfu } from './fake-sfu.ts';
import { audio, offer, recorded } from './peer-descriptions.ts';

const insert = (line: string): string =>
  offer(audio('0')).replace('a=rtcp-mux\r\n', `a=rtcp-mux\r\n${line}\r\n`);

test('knows the addresses of a peer, but no names, no other component and nothing that cannot be', () => {
  const lines = [
    '1 1 UDP 2122260223 203.0.113.5 3478 typ host generation 0',
    '2 1 tcp 1518280447 2001:db8::1 443 typ host tcptype passive',
    '3 1 udp 1 198.51.100.1 9 typ srflx raddr 0.0.0.0 rport 0',
    '4 1 udp 1 0f3c.local 9 typ host',
    '5 2 udp 1 203.0.113.5 9 typ host',
    '6 1 udp 1 203.0.113.5 70000 typ host',
    '7 1 sctp 1 203.0.113.5 9 typ host',
    '8 1 udp 1 203.0.113.5 9 typ odd',
    'nonsense',
  ];
  const { transport } = readDescription(insert(lines.map((line) => `a=candidate:${line}`).join('\r\n')));
  expect(transport?.candidates).toEqual([
    {
      foundation: '1',
      protocol: 'udp',
      priority: 2_122_260_223,
      address: '203.0.113.5',
      port: 3_478,
      type: 'host',
    },
    {
      foundation: '2',
      protocol: 'tcp',
      priority: 1_518_280_447,
      address: '2001:db8::1',
      port: 443,
      type: 'host',
      tcpType: 'passive',
    },
    { foundation: '3', protocol: 'udp', priority: 1, address: '198.51.100.1', port: 9, type: 'srflx' },
  ]);
});

test.each([
  ['a mid that is no token', offer(audio('0')).replaceAll('a=mid:0', 'a=mid:a b')],
  ['a mid like a name of the API', offer(audio('0')).replaceAll('a=mid:0', 'a=mid:#x')],
  ['a malformed m-line', offer(audio('0')).replace('m=audio 9', 'm=audio')],
  ['RTCP on a port of its own', offer(audio('0')).replace('a=rtcp-mux\r\n', '')],
  ['no side for DTLS', offer(audio('0')).replace('a=setup:actpass', 'a=setup:holdconn')],
  ['a line without measure', insert(`a=x:${'y'.repeat(3_000)}`)],
  ['513 m-lines', offer(...Array.from({ length: 513 }, (_, mid) => audio(String(mid))))],
])('refuses %s', (_, sdp) => {
  expect(() => readDescription(sdp)).toThrow(ApiError);
});

test('takes the bundle that is there, and one m-line without', () => {
  const two = offer(audio('0'), audio('1'));
  expect(readDescription(two).bundle).toEqual(['0', '1']);
  expect(readDescription(two.replace('BUNDLE 0 1', 'BUNDLE 1 7 1')).bundle).toEqual(['1']);
  expect(readDescription(two.replace(/a=group.*\r\n/, '')).bundle).toEqual(['0']);
});

/** Lines left out, doubled, cut or put elsewhere. */
const damaged = fc
  .record({
    name: fc.constantFrom(
      'chromium-push',
      'chromium-simulcast',
      'chromium-receive-with-data',
      'firefox-push',
    ),
    changes: fc.array(
      fc.record({
        at: fc.nat(300),
        kind: fc.constantFrom('drop', 'double', 'cut', 'move', 'noise'),
        by: fc.nat(60),
        noise: fc.string({ maxLength: 40 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ name, changes }) => {
    const lines = recorded(name).split('\r\n');
    for (const { at, kind, by, noise } of changes) {
      const index = at % lines.length;
      const line = lines[index] ?? '';
      if (kind === 'drop') lines.splice(index, 1);
      else if (kind === 'double') lines.splice(index, 0, line);
      else if (kind === 'cut') lines[index] = line.slice(0, by);
      else if (kind === 'move') lines.splice(by, 0, line);
      else lines[index] = line.slice(0, by) + noise;
    }
    return lines.join('\r\n');
  });

test('whatever a peer offers, it is answered or refused, and the session goes on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damaged, { minLength: 1, maxLength: 4 }), async (offers) => {
      const sfu = new FakeSfu();
      const session = await sfu.open();
      for (const sdp of offers) {
        const sessionDescription = { type: 'offer', sdp };
        const { status, body } = await sfu.tracksNew(session, { autoDiscover: true, sessionDescription });
        // What this side writes, it can read.
        const read = status === 200 ? readDescription(body.sessionDescription?.sdp ?? '').lines : [];
        expect([status, read.length > 0, body.errorCode?.split('_')[0]]).toEqual(
          status === 200 ? [200, true, undefined] : [406, false, 'invalid'],
        );
      }
      expect((await sfu.state(session)).status).toBe(200);
    }),
    { numRuns: 300 },
  );
});
