/** RTCP as far as a synthetic peer needs it (RFC 3550, section 6; RFC 4585; RFC 5104). */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const PAYLOAD_FEEDBACK = 206;
const PICTURE_LOSS = 1;
const FULL_INTRA = 4;
/** From 1900 to 1970. */
const NTP_EPOCH_SECONDS = 2_208_988_800;
/** Five bits count them. */
const MAX_BLOCKS = 31;

/** SSRCs for which a key frame is asked in a compound packet. */
export function keyFrameRequests(compound: Buffer): number[] {
  const ssrcs: number[] = [];
  for (let at = 0; at + 8 <= compound.length;) {
    const format = (compound[at] ?? 0) & 0x1f;
    const end = at + 4 * (compound.readUInt16BE(at + 2) + 1);
    if (compound[at + 1] === PAYLOAD_FEEDBACK && end <= compound.length) {
      if (format === PICTURE_LOSS && end >= at + 12) ssrcs.push(compound.readUInt32BE(at + 8));
      if (format === FULL_INTRA && end >= at + 16) ssrcs.push(compound.readUInt32BE(at + 12));
    }
    at = end;
  }
  return ssrcs;
}

export type SentStream = {
  readonly ssrc: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
};

export function senderReport({ ssrc, timestamp, packets, octets }: SentStream, nowMs: number): Buffer {
  const report = Buffer.alloc(28);
  report.writeUInt32BE(((0x80 << 24) | (SENDER_REPORT << 16) | 6) >>> 0, 0);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(Math.floor(nowMs / 1_000) + NTP_EPOCH_SECONDS, 8);
  report.writeUInt32BE(Math.floor(((nowMs % 1_000) / 1_000) * 2 ** 32), 12);
  report.writeUInt32BE(timestamp, 16);
  report.writeUInt32BE(packets >>> 0, 20);
  report.writeUInt32BE(octets >>> 0, 24);
  return report;
}

/** Reports of streams that arrive whole: what a receiver says each second. */
export function receiverReports(
  ssrc: number,
  received: readonly { ssrc: number; highest: number }[],
): Buffer {
  const reports: Buffer[] = [];
  for (let first = 0; first < received.length; first += MAX_BLOCKS) {
    const blocks = received.slice(first, first + MAX_BLOCKS);
    const report = Buffer.alloc(8 + 24 * blocks.length);
    report.writeUInt32BE(
      (((0x80 | blocks.length) << 24) | (RECEIVER_REPORT << 16) | (1 + 6 * blocks.length)) >>> 0,
      0,
    );
    report.writeUInt32BE(ssrc, 4);
    blocks.forEach((block, index) => {
      report.writeUInt32BE(block.ssrc, 8 + 24 * index);
      report.writeUInt32BE(block.highest, 16 + 24 * index);
    });
    reports.push(report);
  }
  return Buffer.concat(reports);
}
