import { readFeedback } from './rtcp-feedback-reader.ts';
import { PT, type ReportBlock, type RtcpPacket } from './rtcp-packet.ts';

/** Compound packets fill at most one datagram. */
const MAX_RTCP_BYTES = 1_500;
const BLOCK_BYTES = 24;

/**
 * Reads a compound or reduced-size RTCP packet (RFC 3550, section 6.1; RFC 5506). Types and formats that are not known are passed
 * over. One fault in the frame or in what is known makes it worthless as a whole, as RFC 3550, appendix A.2 advises:
 * `undefined` then.
 */
export function readRtcp(compound: Buffer): readonly RtcpPacket[] | undefined {
  const { length } = compound;
  if (length < 4 || length > MAX_RTCP_BYTES) return undefined;
  const packets: RtcpPacket[] = [];
  for (let at = 0; at < length;) {
    if (at + 4 > length) return undefined;
    const first = compound[at] ?? 0;
    const end = at + 4 + 4 * compound.readUInt16BE(at + 2);
    if (first >>> 6 !== 2 || end > length) return undefined;
    const bodyEnd = end - paddingOf(compound, first, at, end);
    if (bodyEnd < at + 4) return undefined;
    const packet = readOne(compound[at + 1] ?? 0, first & 0x1f, compound.subarray(at + 4, bodyEnd));
    if (packet === undefined) return undefined;
    if (packet !== 'unknown') packets.push(packet);
    at = end;
  }
  return packets;
}

/** A padding of nothing is a fault: it counts itself. */
function paddingOf(compound: Buffer, first: number, start: number, end: number): number {
  if ((first & 0x20) === 0) return 0;
  const padding = compound[end - 1] ?? 0;
  return padding === 0 || end === start + 4 ? compound.length : padding;
}

function readOne(type: number, count: number, body: Buffer): RtcpPacket | 'unknown' | undefined {
  switch (type) {
    case PT.sr:
      return readSenderReport(count, body);
    case PT.rr:
      return readReceiverReport(count, body);
    case PT.sdes:
      return readDescription(count, body);
    case PT.bye:
      if (body.length < 4 * count) return undefined;
      return { type: 'bye', ssrcs: Array.from({ length: count }, (_, i) => body.readUInt32BE(4 * i)) };
    case PT.rtpfb:
    case PT.psfb:
      return readFeedback(type, count, body);
    default:
      return 'unknown';
  }
}

function readSenderReport(count: number, body: Buffer): RtcpPacket | undefined {
  if (body.length < 24 + BLOCK_BYTES * count) return undefined;
  return {
    type: 'sr',
    ssrc: body.readUInt32BE(0),
    ntpSeconds: body.readUInt32BE(4),
    ntpFraction: body.readUInt32BE(8),
    rtpTime: body.readUInt32BE(12),
    packetCount: body.readUInt32BE(16),
    octetCount: body.readUInt32BE(20),
    reports: readBlocks(count, body, 24),
  };
}

function readReceiverReport(count: number, body: Buffer): RtcpPacket | undefined {
  if (body.length < 4 + BLOCK_BYTES * count) return undefined;
  return { type: 'rr', ssrc: body.readUInt32BE(0), reports: readBlocks(count, body, 4) };
}

const readBlocks = (count: number, body: Buffer, start: number): readonly ReportBlock[] =>
  Array.from({ length: count }, (_, i) => {
    const at = start + BLOCK_BYTES * i;
    return {
      ssrc: body.readUInt32BE(at),
      fractionLost: body[at + 4] ?? 0,
      cumulativeLost: body.readIntBE(at + 5, 3),
      highestSequence: body.readUInt32BE(at + 8),
      jitter: body.readUInt32BE(at + 12),
      lastSr: body.readUInt32BE(at + 16),
      delaySinceLastSr: body.readUInt32BE(at + 20),
    };
  });

/** Of each source its canonical name, item 1; the other items are passed over. */
function readDescription(count: number, body: Buffer): RtcpPacket | undefined {
  const chunks: { ssrc: number; cname: string }[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 4 > body.length) return undefined;
    const ssrc = body.readUInt32BE(at);
    at += 4;
    let cname = '';
    for (;;) {
      if (at >= body.length) return undefined;
      const item = body[at] ?? 0;
      at += 1;
      if (item === 0) break;
      if (at >= body.length) return undefined;
      const length = body[at] ?? 0;
      at += 1;
      if (at + length > body.length) return undefined;
      if (item === 1) cname = body.toString('utf8', at, at + length);
      at += length;
    }
    chunks.push({ ssrc, cname });
    at = (at + 3) & ~3;
  }
  return { type: 'sdes', chunks };
}
