import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startsH264KeyFrame } from '../../../src/sfu/media/h264.ts';
import { Vp8Descriptor } from '../../../src/sfu/media/vp8.ts';
import { Vp8Continuity } from '../../../src/sfu/media/vp8-continuity.ts';
import { vp8, vp8Numbers } from './rtp-builder.ts';

function describeVp8(payload: Buffer): Vp8Descriptor | undefined {
  const descriptor = new Vp8Descriptor();
  return descriptor.read(payload, 0, payload.length) ? descriptor : undefined;
}

describe('the VP8 payload descriptor', () => {
  test.each([
    [
      'no extension',
      Buffer.of(0x10, 0),
      { startsFrame: true, startsKeyFrame: true, pictureIdAt: 0, tl0PicIdxAt: 0 },
    ],
    ['no extension, later in the frame', Buffer.of(0x00, 0), { startsFrame: false, startsKeyFrame: false }],
    ['another partition', Buffer.of(0x11, 0), { startsFrame: false, startsKeyFrame: false }],
    ['a frame that builds on others', Buffer.of(0x10, 1), { startsFrame: true, startsKeyFrame: false }],
    [
      '7 bits of PictureID',
      Buffer.of(0x90, 0x80, 0x7f, 0),
      { pictureIdAt: 2, pictureId: 127, isLongPictureId: false },
    ],
    [
      '15 bits of PictureID',
      Buffer.of(0x90, 0x80, 0xff, 0xff, 0),
      { pictureIdAt: 2, pictureId: 0x7fff, isLongPictureId: true },
    ],
    [
      'TL0PICIDX alone',
      Buffer.of(0x90, 0x40, 9, 0),
      { pictureIdAt: 0, tl0PicIdxAt: 2, tl0PicIdx: 9, startsKeyFrame: true },
    ],
    [
      'everything',
      Buffer.of(0x90, 0xf0, 0x81, 0x02, 9, 0x20, 0),
      { pictureId: 0x102, tl0PicIdxAt: 4, startsKeyFrame: true },
    ],
  ])('with %s is read', (_, payload, expected) => {
    expect(describeVp8(payload)).toMatchObject(expected);
  });

  test.each([
    ['nothing', []],
    ['a descriptor and no frame', [0x10]],
    ['an extension that is cut', [0x90]],
    ['a PictureID that is cut', [0x90, 0x80]],
    ['half a PictureID', [0x90, 0x80, 0x80]],
    ['a TL0PICIDX that is cut', [0x90, 0x40]],
    ['a TID that is cut', [0x90, 0x20]],
    ['everything and no frame', [0x90, 0xf0, 0x81, 0x02, 9, 0x20]],
  ])('of %s is refused, and nothing of it is kept', (_, bytes) => {
    const descriptor = new Vp8Descriptor();
    const payload = Buffer.from(bytes);
    expect(descriptor.read(payload, 0, payload.length)).toBe(false);
    expect(descriptor).toMatchObject({
      pictureIdAt: 0,
      tl0PicIdxAt: 0,
      startsFrame: false,
      startsKeyFrame: false,
    });
  });
});

describe('the numbers of VP8', () => {
  const rewrite = (continuity: Vp8Continuity, payload: Buffer): { pictureId: number; tl0: number } => {
    const out = Buffer.from(payload);
    const descriptor = describeVp8(payload);
    if (descriptor !== undefined) continuity.rewrite(out, 0, descriptor);
    return vp8Numbers(out);
  };
  const begin = (continuity: Vp8Continuity, payload: Buffer, gap = 0): void => {
    const descriptor = describeVp8(payload);
    if (descriptor !== undefined) continuity.begin(descriptor, gap);
  };

  test('go on over a change of source, across both wraps', () => {
    const continuity = new Vp8Continuity();
    const first = vp8({ pictureId: 0x7ffe, tl0: 254, key: true });
    begin(continuity, first);
    const seen = [rewrite(continuity, first), rewrite(continuity, vp8({ pictureId: 0x7fff, tl0: 255 }))];
    const second = vp8({ pictureId: 50, tl0: 3, key: true });
    begin(continuity, second);
    seen.push(rewrite(continuity, second), rewrite(continuity, vp8({ pictureId: 51, tl0: 3 })));
    expect(seen).toEqual([
      { pictureId: 0x7ffe, tl0: 254 },
      { pictureId: 0x7fff, tl0: 255 },
      { pictureId: 0, tl0: 0 },
      { pictureId: 1, tl0: 0 },
    ]);
  });

  test('of a late packet keep their place, and do not set back what comes next', () => {
    const continuity = new Vp8Continuity();
    const packets = [10, 12, 11].map((pictureId) => vp8({ pictureId, tl0: pictureId, key: true }));
    begin(continuity, packets[0] ?? Buffer.alloc(0));
    expect(packets.map((packet) => rewrite(continuity, packet).pictureId)).toEqual([10, 12, 11]);
    const other = vp8({ pictureId: 900, tl0: 90, key: true });
    begin(continuity, other);
    expect(rewrite(continuity, other)).toEqual({ pictureId: 13, tl0: 13 });
  });

  test('jump where the new source does not begin with a key frame', () => {
    const continuity = new Vp8Continuity();
    const first = vp8({ pictureId: 10, tl0: 1, key: true });
    begin(continuity, first);
    rewrite(continuity, first);
    const second = vp8({ pictureId: 700, tl0: 70 });
    begin(continuity, second, 1);
    expect(rewrite(continuity, second)).toEqual({ pictureId: 12, tl0: 3 });
  });

  test('of 7 bits stay within 7 bits', () => {
    const continuity = new Vp8Continuity();
    const long = vp8({ pictureId: 300, tl0: 1, key: true });
    begin(continuity, long);
    rewrite(continuity, long);
    const seen = [126, 127, 0].map((pictureId, i) => {
      const payload = Buffer.of(0x90, 0x80, pictureId, 0);
      if (i === 0) begin(continuity, payload);
      const descriptor = describeVp8(payload);
      if (descriptor !== undefined) continuity.rewrite(payload, 0, descriptor);
      return payload[2];
    });
    expect(seen).toEqual([301 & 0x7f, 302 & 0x7f, 303 & 0x7f]);
  });

  test('change nothing else of the payload', () => {
    fc.assert(
      fc.property(fc.nat(0x7fff), fc.nat(255), fc.string(), fc.nat(0x7fff), (pictureId, tl0, body, start) => {
        const continuity = new Vp8Continuity();
        const other = vp8({ pictureId: start, tl0: 0, key: true });
        begin(continuity, other);
        rewrite(continuity, other);
        const payload = vp8({ pictureId, tl0, key: true, body });
        begin(continuity, payload);
        const out = Buffer.from(payload);
        const descriptor = describeVp8(payload);
        if (descriptor !== undefined) continuity.rewrite(out, 0, descriptor);
        payload.copy(out, 2, 2, 5);
        expect(out).toEqual(payload);
      }),
    );
  });
});

describe('an H.264 packet', () => {
  const starts = (...bytes: number[]): boolean =>
    startsH264KeyFrame(Buffer.from([0, ...bytes]), 1, bytes.length);

  test.each([
    ['a parameter set', true, [0x67, 1, 2]],
    ['a whole key frame', true, [0x65, 1]],
    ['the first fragment of a key frame', true, [0x7c, 0x85, 1]],
    ['a later fragment of a key frame', false, [0x7c, 0x05, 1]],
    ['the first fragment of another frame', false, [0x7c, 0x81, 1]],
    ['another frame', false, [0x41, 1]],
    ['a picture parameter set', false, [0x68, 1]],
    ['an aggregate with a parameter set', true, [0x78, 0, 1, 0x68, 0, 2, 0x67, 1]],
    ['an aggregate without one', false, [0x78, 0, 1, 0x68, 0, 2, 0x41, 1]],
    ['an aggregate whose unit is cut', false, [0x78, 0, 9, 0x67]],
    ['an aggregate with an empty unit', false, [0x78, 0, 0, 0x67, 0x67]],
    ['one byte', false, [0x65]],
    ['nothing', false, []],
  ])('of %s: begins a key frame is %s', (_, expected, bytes) => {
    expect(starts(...bytes)).toBe(expected);
  });

  test('can be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(() => startsH264KeyFrame(Buffer.from(bytes), 0, bytes.length)).not.toThrow();
      }),
    );
  });
});
