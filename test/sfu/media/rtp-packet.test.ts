import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EgressExtensions, toAbsSendTime } from '../../../src/sfu/media/egress-extensions.ts';
import { EXTENSION } from '../../../src/sfu/media/header-extensions.ts';
import { MAX_RTP_BYTES, RtpPacket, writeRtpHeader } from '../../../src/sfu/media/rtp-packet.ts';
import { readRtp, rtp } from './rtp-builder.ts';

const LEVEL = Buffer.of(0x85);
const PAYLOAD = Buffer.from('sound');

function read(buffer: Buffer): RtpPacket | undefined {
  const packet = new RtpPacket();
  return packet.read(buffer) ? packet : undefined;
}

const payloadOf = (packet: RtpPacket | undefined): string | undefined =>
  packet?.buffer.toString('latin1', packet.payloadOffset, packet.payloadOffset + packet.payloadLength);

describe('an RTP packet', () => {
  test('is read with everything that it says', () => {
    const packet = read(
      rtp({
        payloadType: 111,
        marker: true,
        sequenceNumber: 0xfffe,
        timestamp: 0xffff_fff0,
        ssrc: 0x8000_0001,
        csrcs: [7, 8],
        extensions: new Map([[3, LEVEL]]),
        payload: PAYLOAD,
        padding: 3,
      }),
    );
    expect(packet).toMatchObject({
      payloadType: 111,
      marker: true,
      sequenceNumber: 0xfffe,
      timestamp: 0xffff_fff0,
      ssrc: 0x8000_0001,
      payloadLength: 5,
    });
    expect(payloadOf(packet)).toBe('sound');
  });

  test.each([
    ['is empty', Buffer.alloc(0)],
    ['ends within its header', rtp().subarray(0, 11)],
    ['has another version', Buffer.concat([Buffer.of(0x40), rtp({ payload: PAYLOAD }).subarray(1)])],
    ['ends within its contributing sources', rtp({ csrcs: [1, 2] }).subarray(0, 19)],
    ['ends before the length of its extensions', rtp({ extensions: new Map([[1, LEVEL]]) }).subarray(0, 14)],
    ['ends within its extensions', rtp({ extensions: new Map([[1, LEVEL]]) }).subarray(0, 18)],
    [
      'says that it is padded, by nothing',
      Buffer.concat([Buffer.of(0xa0), rtp({ payload: Buffer.of(0) }).subarray(1)]),
    ],
    ['has more padding than payload', Buffer.concat([rtp({ padding: 1 }).subarray(0, 12), Buffer.of(2)])],
    ['is larger than a datagram', rtp({ payload: Buffer.alloc(MAX_RTP_BYTES) })],
  ])('that %s is none', (_, buffer) => {
    expect(read(buffer)).toBeUndefined();
  });

  test('of padding alone has no payload', () => {
    expect(read(rtp({ padding: 200 }))?.payloadLength).toBe(0);
  });

  test('can be any bytes, and nothing is read beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const packet = read(Buffer.from(bytes));
        if (packet === undefined) return;
        expect(packet.payloadOffset + packet.payloadLength).toBeLessThanOrEqual(bytes.length);
        expect(packet.payloadLength).toBeGreaterThanOrEqual(0);
        for (let id = 1; id <= 14; id += 1) {
          const { extensions } = packet;
          const end = extensions.has(id) ? extensions.offsetOf(id) + extensions.lengthOf(id) : 0;
          expect(end).toBeLessThanOrEqual(packet.payloadOffset);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('is written as it is read', () => {
    fc.assert(
      fc.property(
        fc.record({
          payloadType: fc.nat(127),
          marker: fc.boolean(),
          sequenceNumber: fc.nat(0xffff),
          timestamp: fc.nat(0xffff_ffff),
          ssrc: fc.nat(0xffff_ffff),
        }),
        (fields) => {
          const out = Buffer.alloc(12);
          const second = fields.payloadType | (fields.marker ? 0x80 : 0);
          writeRtpHeader(out, second, fields.sequenceNumber, fields.timestamp, fields.ssrc);
          expect(out).toEqual(rtp(fields));
        },
      ),
    );
  });
});

describe('header extensions', () => {
  test.each([
    ['one byte', false],
    ['two bytes', true],
  ])('with headers of %s are found', (_, isTwoByte) => {
    const extensions = new Map([
      [1, Buffer.from('mid')],
      [14, LEVEL],
    ]);
    const buffer = rtp({ extensions, isTwoByte, payload: PAYLOAD });
    const packet = read(buffer);
    expect(packet?.extensions.text(buffer, 1)).toBe('mid');
    expect(packet?.extensions.text(buffer, 14)).toBe('\u0085');
    expect(packet?.extensions.text(buffer, 2)).toBeUndefined();
    expect(packet?.extensions.text(buffer, 0)).toBeUndefined();
    expect(payloadOf(packet)).toBe('sound');
  });

  test('of the packet before are forgotten', () => {
    const packet = new RtpPacket();
    packet.read(rtp({ extensions: new Map([[1, LEVEL]]) }));
    packet.read(rtp());
    expect(packet.extensions.has(1)).toBe(false);
  });

  test.each([
    ['one byte', false, 16, 0x1f],
    ['two bytes', true, 17, 40],
  ])(
    'with headers of %s that overrun their block end the list, and the packet is whole',
    (_, isTwoByte, at, value) => {
      const buffer = rtp({ extensions: new Map([[1, Buffer.from('ab')]]), isTwoByte, payload: PAYLOAD });
      buffer[at] = value;
      const packet = read(buffer);
      expect(packet?.extensions.has(1)).toBe(false);
      expect(payloadOf(packet)).toBe('sound');
    },
  );

  test('end at the reserved id 15, and padding between them is passed over', () => {
    const between = rtp({ extensions: new Map([[1, Buffer.alloc(6)]]) });
    Buffer.of(0, 0, 0x20, 7, 0xf0, 0x30, 9).copy(between, 16);
    const packet = read(between);
    expect([1, 2, 3].map((id) => packet?.extensions.has(id))).toEqual([false, true, false]);
  });
});

describe('the header extensions that a subscriber gets', () => {
  const source = (extensions: ReadonlyMap<number, Buffer>): RtpPacket => {
    const packet = new RtpPacket();
    packet.read(rtp({ extensions, payload: PAYLOAD }));
    return packet;
  };
  const written = (egress: EgressExtensions, packet: RtpPacket): object => {
    const out = Buffer.alloc(200);
    writeRtpHeader(out, 96, 1, 2, 3);
    const end = egress.write(out, packet, { audioLevel: 6, videoOrientation: 7 }, 0x123456);
    return readRtp(out.subarray(0, end)).extensions;
  };

  test('have its own ids, its own MID and the time of sending, and nothing else of the source', () => {
    const egress = new EgressExtensions(
      '12',
      new Map([
        [EXTENSION.mid, 14],
        [EXTENSION.absSendTime, 2],
        [EXTENSION.audioLevel, 3],
        [EXTENSION.videoOrientation, 4],
      ]),
    );
    const packet = source(
      new Map([
        [1, Buffer.from('0')],
        [2, Buffer.from('abc')],
        [6, LEVEL],
        [7, Buffer.of(2)],
        [9, Buffer.from('what')],
      ]),
    );
    expect(written(egress, packet)).toEqual({ 14: '3132', 2: '123456', 3: '85', 4: '02' });
  });

  test('leave out what the source has not sent, or the subscriber has not agreed to', () => {
    const egress = new EgressExtensions('0', new Map([[EXTENSION.audioLevel, 3]]));
    expect(written(egress, source(new Map()))).toEqual({});
    expect(written(egress, source(new Map([[7, LEVEL]])))).toEqual({});
    expect(written(egress, source(new Map([[6, LEVEL]])))).toEqual({ 3: '85' });
  });

  test('leave out what the source has sent without a value', () => {
    const packet = new RtpPacket();
    packet.read(rtp({ extensions: new Map([[6, Buffer.alloc(0)]]), isTwoByte: true, payload: PAYLOAD }));
    expect(packet.extensions.has(6)).toBe(true);
    expect(written(new EgressExtensions('0', new Map([[EXTENSION.audioLevel, 3]])), packet)).toEqual({});
  });

  test('leave out a MID that does not fit into a one-byte header', () => {
    const extensions = new Map([[EXTENSION.mid, 1]]);
    const sixteen = 'abcdefghijklmnop';
    expect(written(new EgressExtensions(sixteen, extensions), source(new Map()))).toEqual({
      1: Buffer.from(sixteen).toString('hex'),
    });
    expect(written(new EgressExtensions(`${sixteen}q`, extensions), source(new Map()))).toEqual({});
  });

  test('say the time in 6.18 bits, which wrap every 64 s', () => {
    expect([0, 1_000, 63_999, 64_000, 65_500].map(toAbsSendTime)).toEqual([
      0,
      1 << 18,
      Math.floor(63_999 * 262.144),
      0,
      1.5 * 2 ** 18,
    ]);
  });
});
