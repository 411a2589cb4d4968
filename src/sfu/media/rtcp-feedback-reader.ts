import { FMT, PT, REMB_ID, type RtcpPacket } from './rtcp-packet.ts';

/** Reads a feedback packet (RFC 4585, section 6.1), without its first four bytes. */
export function readFeedback(type: number, format: number, body: Buffer): RtcpPacket | 'unknown' | undefined {
  if (body.length < 8) return undefined;
  const senderSsrc = body.readUInt32BE(0);
  const mediaSsrc = body.readUInt32BE(4);
  if (type === PT.rtpfb) {
    if (format !== FMT.nack) return 'unknown';
    return { type: 'nack', senderSsrc, mediaSsrc, sequenceNumbers: readLost(body) };
  }
  switch (format) {
    case FMT.pli:
      return { type: 'pli', senderSsrc, mediaSsrc };
    case FMT.fir:
      return { type: 'fir', senderSsrc, requests: readRequests(body) };
    case FMT.application:
      return readRemb(senderSsrc, body);
    default:
      return 'unknown';
  }
}

/** Each entry has the first number that is missing and a mask of the 16 after it (RFC 4585, section 6.2.1). */
function readLost(body: Buffer): readonly number[] {
  const lost: number[] = [];
  for (let at = 8; at + 4 <= body.length; at += 4) {
    const first = body.readUInt16BE(at);
    lost.push(first);
    for (let mask = body.readUInt16BE(at + 2), next = first + 1; mask !== 0; mask >>>= 1, next += 1) {
      if ((mask & 1) === 1) lost.push(next & 0xffff);
    }
  }
  return lost;
}

function readRequests(body: Buffer): readonly { ssrc: number; sequence: number }[] {
  const requests = [];
  for (let at = 8; at + 8 <= body.length; at += 8) {
    requests.push({ ssrc: body.readUInt32BE(at), sequence: body[at + 4] ?? 0 });
  }
  return requests;
}

/** The bitrate has 6 bits of exponent and 18 of mantissa; what no network has becomes the greatest safe number. */
function readRemb(senderSsrc: number, body: Buffer): RtcpPacket | 'unknown' | undefined {
  if (body.length < 16 || body.readUInt32BE(8) !== REMB_ID) return 'unknown';
  const count = body[12] ?? 0;
  if (body.length < 16 + 4 * count) return undefined;
  const packed = body.readUIntBE(13, 3);
  const bitrate = Math.min((packed & 0x3_ffff) * 2 ** (packed >>> 18), Number.MAX_SAFE_INTEGER);
  const ssrcs = Array.from({ length: count }, (_, i) => body.readUInt32BE(16 + 4 * i));
  return { type: 'remb', senderSsrc, bitrate, ssrcs };
}
