import { FMT, PT, REMB_ID, type ReportBlock, type RtcpPacket, type SenderReport } from './rtcp-packet.ts';

/** Writes one RTCP packet; several of them, joined, are a compound. */
export function writeRtcp(packet: RtcpPacket): Buffer {
  switch (packet.type) {
    case 'sr':
      return framed(PT.sr, packet.reports.length, senderReportBody(packet));
    case 'rr':
      return framed(PT.rr, packet.reports.length, [word(packet.ssrc), ...packet.reports.map(blockBytes)]);
    case 'sdes':
      return framed(PT.sdes, packet.chunks.length, packet.chunks.map(chunkBytes));
    case 'bye':
      return framed(PT.bye, packet.ssrcs.length, packet.ssrcs.map(word));
    case 'nack': {
      const heads = [word(packet.senderSsrc), word(packet.mediaSsrc)];
      return framed(PT.rtpfb, FMT.nack, [...heads, ...lostWords(packet.sequenceNumbers)]);
    }
    case 'pli':
      return framed(PT.psfb, FMT.pli, [word(packet.senderSsrc), word(packet.mediaSsrc)]);
    case 'fir': {
      const requests = packet.requests.flatMap(({ ssrc, sequence }) => [word(ssrc), word(sequence << 24)]);
      return framed(PT.psfb, FMT.fir, [word(packet.senderSsrc), word(0), ...requests]);
    }
    case 'remb':
      return framed(PT.psfb, FMT.application, [
        word(packet.senderSsrc),
        word(0),
        word(REMB_ID),
        word((packet.ssrcs.length << 24) | packedBitrate(packet.bitrate)),
        ...packet.ssrcs.map(word),
      ]);
  }
}

function framed(type: number, count: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4);
  const packet = Buffer.concat([head, ...parts]);
  packet[0] = 0x80 | count;
  packet[1] = type;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  return packet;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

const senderReportBody = (report: SenderReport): readonly Buffer[] => [
  word(report.ssrc),
  word(report.ntpSeconds),
  word(report.ntpFraction),
  word(report.rtpTime),
  word(report.packetCount),
  word(report.octetCount),
  ...report.reports.map(blockBytes),
];

function blockBytes(block: ReportBlock): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32BE(block.ssrc, 0);
  bytes[4] = block.fractionLost;
  bytes.writeIntBE(block.cumulativeLost, 5, 3);
  bytes.writeUInt32BE(block.highestSequence, 8);
  bytes.writeUInt32BE(block.jitter, 12);
  bytes.writeUInt32BE(block.lastSr, 16);
  bytes.writeUInt32BE(block.delaySinceLastSr, 20);
  return bytes;
}

/** The SSRC, item 1 and one to four zeros, to a multiple of four bytes (RFC 3550, section 6.5). */
function chunkBytes({ ssrc, cname }: { readonly ssrc: number; readonly cname: string }): Buffer {
  const name = Buffer.from(cname);
  const bytes = Buffer.alloc(((6 + name.length) & ~3) + 4);
  bytes.writeUInt32BE(ssrc, 0);
  bytes[4] = 1;
  bytes[5] = name.length;
  name.copy(bytes, 6);
  return bytes;
}

/** Packs numbers that are in order as far as each entry's mask of 16 reaches. */
function lostWords(sequenceNumbers: readonly number[]): readonly Buffer[] {
  const words: Buffer[] = [];
  for (let i = 0; i < sequenceNumbers.length;) {
    const first = sequenceNumbers[i] ?? 0;
    let mask = 0;
    for (i += 1; i < sequenceNumbers.length; i += 1) {
      const distance = ((sequenceNumbers[i] ?? 0) - first) & 0xffff;
      if (distance === 0 || distance > 16) break;
      mask |= 1 << (distance - 1);
    }
    words.push(word((first << 16) | mask));
  }
  return words;
}

/** 18 bits of mantissa; what does not fit is rounded down. */
function packedBitrate(bitrate: number): number {
  let exponent = 0;
  let mantissa = Math.floor(bitrate);
  while (mantissa > 0x3_ffff) {
    mantissa = Math.floor(mantissa / 2);
    exponent += 1;
  }
  return (exponent << 18) | mantissa;
}
