/**
 * What a packet of the load says of itself, behind what the SFU may rewrite: so its receiver knows what it should be.
 */
export type Stamp = {
  /** The stream: a publisher has one for sound and one for its picture. */
  readonly stream: number;
  /** Counts up from 0 within the stream. */
  readonly number: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly startsKeyFrame: boolean;
  /** By the load's own clock, in milliseconds. */
  readonly sentAtMs: number;
};

export const STAMP_BYTES = 20;
const MARKER = 1;
const KEY_FRAME = 2;

export function writeStamp(packet: Buffer, at: number, stamp: Stamp): void {
  packet.writeUInt16BE(stamp.stream, at);
  packet.writeUInt16BE((stamp.marker ? MARKER : 0) | (stamp.startsKeyFrame ? KEY_FRAME : 0), at + 2);
  packet.writeUInt32BE(stamp.number, at + 4);
  packet.writeUInt32BE(stamp.timestamp, at + 8);
  packet.writeDoubleBE(stamp.sentAtMs, at + 12);
}

/** Throws for a packet that is too short to hold one. */
export function readStamp(packet: Buffer, at: number): Stamp {
  const flags = packet.readUInt16BE(at + 2);
  return {
    stream: packet.readUInt16BE(at),
    number: packet.readUInt32BE(at + 4),
    timestamp: packet.readUInt32BE(at + 8),
    marker: (flags & MARKER) !== 0,
    startsKeyFrame: (flags & KEY_FRAME) !== 0,
    sentAtMs: packet.readDoubleBE(at + 12),
  };
}
