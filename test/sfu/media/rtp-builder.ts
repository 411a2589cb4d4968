import type { StreamFormat } from '../../../src/sfu/media/session-media.ts';
import { EXTENSION } from '../../../src/sfu/media/header-extensions.ts';

export type RtpFields = {
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly sequenceNumber?: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly csrcs?: readonly number[];
  /** id → value; written with one-byte headers unless `isTwoByte`. */
  readonly extensions?: ReadonlyMap<number, Buffer>;
  readonly isTwoByte?: boolean;
  readonly payload?: Buffer;
  readonly padding?: number;
};

/** Builds an RTP packet in the plainest way, independently of what is tested. */
export function rtp(fields: RtpFields = {}): Buffer {
  const { extensions, csrcs = [], payload = Buffer.alloc(0), padding = 0 } = fields;
  const head = Buffer.alloc(12 + 4 * csrcs.length);
  head[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extensions === undefined ? 0 : 0x10) | csrcs.length;
  head[1] = (fields.marker === true ? 0x80 : 0) | (fields.payloadType ?? 96);
  head.writeUInt16BE((fields.sequenceNumber ?? 1) & 0xffff, 2);
  head.writeUInt32BE((fields.timestamp ?? 0) >>> 0, 4);
  head.writeUInt32BE(fields.ssrc ?? 1, 8);
  csrcs.forEach((csrc, i) => head.writeUInt32BE(csrc, 12 + 4 * i));
  const block = extensions === undefined ? [] : [extensionBlock(extensions, fields.isTwoByte === true)];
  const tail = Buffer.alloc(padding);
  if (padding > 0) tail[padding - 1] = padding;
  return Buffer.concat([head, ...block, payload, tail]);
}

function extensionBlock(extensions: ReadonlyMap<number, Buffer>, isTwoByte: boolean): Buffer {
  const elements = [...extensions].map(([id, value]) =>
    Buffer.concat([
      isTwoByte ? Buffer.of(id, value.length) : Buffer.of((id << 4) | (value.length - 1)),
      value,
    ]),
  );
  const body = Buffer.concat(elements);
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(isTwoByte ? 0x1000 : 0xbede, 0);
  head.writeUInt16BE(padded.length / 4, 2);
  return Buffer.concat([head, padded]);
}

export type ReadRtp = {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly extensions: Readonly<Record<number, string>>;
  readonly payload: Buffer;
};

/** Reads what this server sends: one-byte extensions, no padding, no contributing sources. Extensions are given in hex. */
export function readRtp(packet: Buffer): ReadRtp {
  const extensions: Record<number, string> = {};
  let at = 12;
  if (((packet[0] ?? 0) & 0x10) !== 0) {
    at = 16 + 4 * packet.readUInt16BE(14);
    for (let element = 16; element < at;) {
      const head = packet[element] ?? 0;
      element += 1;
      if (head === 0) continue;
      const length = (head & 0x0f) + 1;
      extensions[head >>> 4] = packet.toString('hex', element, element + length);
      element += length;
    }
  }
  return {
    payloadType: (packet[1] ?? 0) & 0x7f,
    marker: (packet[1] ?? 0) >= 0x80,
    sequenceNumber: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    extensions,
    payload: packet.subarray(at),
  };
}

/** A VP8 payload with a 15-bit PictureID and a TL0PICIDX. */
export function vp8(frame: {
  readonly pictureId: number;
  readonly tl0: number;
  readonly key?: boolean;
  readonly start?: boolean;
  readonly body?: string;
}): Buffer {
  const { pictureId, tl0, key = false, start = true, body = 'picture' } = frame;
  const descriptor = Buffer.of(start ? 0x90 : 0x80, 0xe0, 0x80 | (pictureId >>> 8), pictureId & 0xff, tl0, 0);
  return Buffer.concat([descriptor, Buffer.of(key ? 0x10 : 0x11), Buffer.from(body)]);
}

/** The numbers of a VP8 payload as `vp8` makes it. */
export const vp8Numbers = (payload: Buffer): { pictureId: number; tl0: number } => ({
  pictureId: payload.readUInt16BE(2) & 0x7fff,
  tl0: payload[4] ?? 0,
});

export const VIDEO: StreamFormat = {
  kind: 'video',
  codec: 'VP8',
  payloadType: 96,
  clockRate: 90_000,
  extensions: new Map([
    [EXTENSION.mid, 1],
    [EXTENSION.rid, 2],
    [EXTENSION.repairedRid, 3],
    [EXTENSION.absSendTime, 4],
    [EXTENSION.videoOrientation, 5],
  ]),
};

export const AUDIO: StreamFormat = {
  kind: 'audio',
  codec: 'opus',
  payloadType: 111,
  clockRate: 48_000,
  extensions: new Map([
    [EXTENSION.mid, 1],
    [EXTENSION.audioLevel, 6],
    [EXTENSION.absSendTime, 4],
  ]),
};
