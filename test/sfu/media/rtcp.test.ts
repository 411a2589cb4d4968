import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RtcpOutbox } from '../../../src/sfu/media/rtcp-outbox.ts';
import type { ReportBlock, RtcpPacket } from '../../../src/sfu/media/rtcp-packet.ts';
import { readRtcp } from '../../../src/sfu/media/rtcp-reader.ts';
import { writeRtcp } from '../../../src/sfu/media/rtcp-writer.ts';
import { FakeTransport } from './media-lab.ts';

const uint32 = fc.nat(0xffff_ffff);
const block: fc.Arbitrary<ReportBlock> = fc.record({
  ssrc: uint32,
  fractionLost: fc.nat(255),
  cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
  highestSequence: uint32,
  jitter: uint32,
  lastSr: uint32,
  delaySinceLastSr: uint32,
});
const blocks = fc.array(block, { maxLength: 4 });
const constant = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type);

/** Numbers that a mask of 16 can hold after their first, in order, across the wrap. */
const lost = fc
  .tuple(fc.nat(0xffff), fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }))
  .map(([first, more]) => [0, ...more.sort((a, b) => a - b)].map((d) => (first + d) & 0xffff));

const packet: fc.Arbitrary<RtcpPacket> = fc.oneof(
  fc.record({
    type: constant('sr'),
    ssrc: uint32,
    ntpSeconds: uint32,
    ntpFraction: uint32,
    rtpTime: uint32,
    packetCount: uint32,
    octetCount: uint32,
    reports: blocks,
  }),
  fc.record({ type: constant('rr'), ssrc: uint32, reports: blocks }),
  fc.record({
    type: constant('sdes'),
    chunks: fc.array(fc.record({ ssrc: uint32, cname: fc.string({ maxLength: 40 }) }), { maxLength: 4 }),
  }),
  fc.record({ type: constant('bye'), ssrcs: fc.array(uint32, { maxLength: 31 }) }),
  fc.record({ type: constant('nack'), senderSsrc: uint32, mediaSsrc: uint32, sequenceNumbers: lost }),
  fc.record({ type: constant('pli'), senderSsrc: uint32, mediaSsrc: uint32 }),
  fc.record({
    type: constant('fir'),
    senderSsrc: uint32,
    requests: fc.array(fc.record({ ssrc: uint32, sequence: fc.nat(255) }), { maxLength: 4 }),
  }),
  fc.record({
    type: constant('remb'),
    senderSsrc: uint32,
    bitrate: fc.tuple(fc.nat(0x3_ffff), fc.nat(20)).map(([mantissa, exponent]) => mantissa * 2 ** exponent),
    ssrcs: fc.array(uint32, { maxLength: 5 }),
  }),
);

describe('RTCP', () => {
  test('is read as it was written, compound or alone', () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 4 }), (packets) => {
        expect(readRtcp(Buffer.concat(packets.map(writeRtcp)))).toEqual(packets);
      }),
    );
  });

  test('can be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readRtcp(Buffer.from(bytes))).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  test('can have any byte of it changed, or its end cut', () => {
    const anywhere = fc.array(packet, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anywhere, fc.nat(), fc.nat(255), fc.nat(), (packets, at, value, end) => {
        const bytes = Buffer.concat(packets.map(writeRtcp));
        bytes[at % bytes.length] = value;
        expect(() => readRtcp(bytes)).not.toThrow();
        expect(() => readRtcp(bytes.subarray(0, end % bytes.length))).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  const pli = writeRtcp({ type: 'pli', senderSsrc: 1, mediaSsrc: 2 });
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(pli);
    bytes[at] = value;
    return bytes;
  };

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', pli.subarray(0, 3)],
    ['another version', changed(0, 0x41)],
    ['more than there is', changed(3, 3)],
    ['a feedback without its SSRCs', Buffer.of(0x81, 206, 0, 1, 0, 0, 0, 0)],
    ['a report without the block that it counts', Buffer.of(0x81, 201, 0, 1, 0, 0, 0, 0)],
    ['a sender report that is too short', Buffer.of(0x80, 200, 0, 1, 0, 0, 0, 0)],
    ['a goodbye without the sources that it counts', Buffer.of(0x82, 203, 0, 1, 0, 0, 0, 0)],
    ['a description that does not end', Buffer.of(0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, 65, 65)],
    ['padding of nothing', Buffer.of(0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0)],
    ['more padding than packet', Buffer.of(0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 13)],
    ['a good packet and then rubbish', Buffer.concat([pli, Buffer.of(1, 2, 3, 4)])],
  ])('that is %s is refused as a whole', (_, bytes) => {
    expect(readRtcp(bytes)).toBeUndefined();
  });

  test('of types and formats that are not known is passed over', () => {
    const app = Buffer.of(0x80, 204, 0, 2, 0, 0, 0, 1, 0x74, 0x65, 0x73, 0x74);
    const transportWide = Buffer.of(0x8f, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);
    const otherApplication = Buffer.of(0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4);
    expect(readRtcp(Buffer.concat([app, transportWide, pli, otherApplication]))).toEqual([
      { type: 'pli', senderSsrc: 1, mediaSsrc: 2 },
    ]);
  });

  test('may be padded', () => {
    const padded = Buffer.of(0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4);
    expect(readRtcp(padded)).toEqual([{ type: 'pli', senderSsrc: 1, mediaSsrc: 2 }]);
  });

  test('with a bitrate beyond all networks says the greatest number that is safe', () => {
    const remb = writeRtcp({ type: 'remb', senderSsrc: 1, bitrate: 1, ssrcs: [] });
    remb[17] = 0xff;
    expect(readRtcp(remb)).toEqual([
      { type: 'remb', senderSsrc: 1, bitrate: Number.MAX_SAFE_INTEGER, ssrcs: [] },
    ]);
  });
});

describe('what is sent of RTCP', () => {
  test('begins with a report and names its senders', () => {
    const transport = new FakeTransport();
    const outbox = new RtcpOutbox(transport, 7, 'me');
    outbox.add({ type: 'pli', senderSsrc: 7, mediaSsrc: 2 });
    outbox.flush();
    outbox.flush();
    expect(transport.compounds.map((compound) => readRtcp(compound))).toEqual([
      [
        { type: 'rr', ssrc: 7, reports: [] },
        { type: 'pli', senderSsrc: 7, mediaSsrc: 2 },
        { type: 'sdes', chunks: [{ ssrc: 7, cname: 'me' }] },
      ],
    ]);
  });

  test('is as many compounds as fit into datagrams, each of them whole', () => {
    const transport = new FakeTransport();
    const outbox = new RtcpOutbox(transport, 7, 'a name of 16 char');
    for (let ssrc = 100; ssrc < 164; ssrc += 1) {
      outbox.add({
        type: 'sr',
        ssrc,
        ntpSeconds: 1,
        ntpFraction: 2,
        rtpTime: 3,
        packetCount: 4,
        octetCount: 5,
        reports: [],
      });
    }
    outbox.flush();
    const read = transport.compounds.map((compound) => readRtcp(compound) ?? []);
    expect(Math.max(...transport.compounds.map(({ length }) => length))).toBeLessThanOrEqual(1_100);
    expect(read.flat().filter(({ type }) => type === 'sr')).toHaveLength(64);
    expect(read.map((packets) => packets[0]?.type)).toEqual(read.map(() => 'sr'));
    expect(read.map((packets) => packets.at(-1)?.type)).toEqual(read.map(() => 'sdes'));
  });
});
