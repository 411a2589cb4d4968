import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameHeader, FrameReader } from '../../../src/sfu/transport/tcp-framing.ts';

describe('packets framed in a stream', () => {
  test('come out as they went in, however the stream was cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        (packets, cuts) => {
          const sent = packets.map((packet) => Buffer.from(packet));
          const stream = Buffer.concat(sent.flatMap((packet) => [frameHeader(packet.length), packet]));
          const reader = new FrameReader(300);
          const received: Buffer[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut += 1) {
            const length = cuts[cut % cuts.length] ?? 1;
            received.push(...(reader.push(stream.subarray(at, at + length)) ?? []));
            at += length;
          }
          expect(received).toEqual(sent);
        },
      ),
    );
  });

  test('may not be bigger than is allowed, which shows before they have come', () => {
    const reader = new FrameReader(100);
    expect(reader.push(frameHeader(100))).toEqual([]);
    expect(new FrameReader(100).push(frameHeader(101))).toBeUndefined();
  });

  test('do not share memory with the stream', () => {
    const chunk = Buffer.concat([frameHeader(1), Buffer.from([7])]);
    const [packet] = new FrameReader(10).push(chunk) ?? [];
    chunk.fill(0);
    expect(packet).toEqual(Buffer.from([7]));
  });
});
