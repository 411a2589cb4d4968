import { ExtensionIndex } from './header-extensions.ts';

export const RTP_HEADER_BYTES = 12;
/** Of UDP over Ethernet no more can come; browsers keep to 1,200. */
export const MAX_RTP_BYTES = 1_500;

const NOTHING = Buffer.alloc(0);

/** One RTP packet, read in place (RFC 3550, section 5.1). One object serves all packets, one after the other. */
export class RtpPacket {
  readonly extensions = new ExtensionIndex();
  buffer: Buffer = NOTHING;
  marker = false;
  payloadType = 0;
  sequenceNumber = 0;
  timestamp = 0;
  ssrc = 0;
  payloadOffset = 0;
  /** Without padding. A packet with none is a probe or keeps a path open, and carries no media. */
  payloadLength = 0;

  /** Reads a packet, or says `false` of what is none. */
  read(buffer: Buffer): boolean {
    const { length } = buffer;
    if (length < RTP_HEADER_BYTES || length > MAX_RTP_BYTES) return false;
    const first = buffer[0] ?? 0;
    if (first >>> 6 !== 2) return false;
    const headerEnd = this.#readExtensions(buffer, first);
    if (headerEnd > length) return false;
    const padding = (first & 0x20) === 0 ? 0 : (buffer[length - 1] ?? 0);
    if ((first & 0x20) !== 0 && (padding === 0 || headerEnd + padding > length)) return false;
    const second = buffer[1] ?? 0;
    this.buffer = buffer;
    this.marker = second >= 0x80;
    this.payloadType = second & 0x7f;
    this.sequenceNumber = buffer.readUInt16BE(2);
    this.timestamp = buffer.readUInt32BE(4);
    this.ssrc = buffer.readUInt32BE(8);
    this.payloadOffset = headerEnd;
    this.payloadLength = length - headerEnd - padding;
    return true;
  }

  /** Gives the end of the header, which may be beyond the end of a broken packet. */
  #readExtensions(buffer: Buffer, first: number): number {
    this.extensions.clear();
    const end = RTP_HEADER_BYTES + 4 * (first & 0x0f);
    if ((first & 0x10) === 0) return end;
    const start = end + 4;
    if (start > buffer.length) return start;
    const extensionsEnd = start + 4 * buffer.readUInt16BE(end + 2);
    if (extensionsEnd <= buffer.length) {
      this.extensions.read(buffer, buffer.readUInt16BE(end), start, extensionsEnd);
    }
    return extensionsEnd;
  }
}

/** Writes the fixed header. Neither padding nor contributing sources are ever sent. */
export function writeRtpHeader(
  out: Buffer,
  second: number,
  sequenceNumber: number,
  timestamp: number,
  ssrc: number,
): void {
  out[0] = 0x80;
  out[1] = second;
  out[2] = sequenceNumber >>> 8;
  out[3] = sequenceNumber & 0xff;
  out[4] = timestamp >>> 24;
  out[5] = (timestamp >>> 16) & 0xff;
  out[6] = (timestamp >>> 8) & 0xff;
  out[7] = timestamp & 0xff;
  out[8] = ssrc >>> 24;
  out[9] = (ssrc >>> 16) & 0xff;
  out[10] = (ssrc >>> 8) & 0xff;
  out[11] = ssrc & 0xff;
}
