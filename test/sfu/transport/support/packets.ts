export type PacketParts = {
  readonly sequenceNumber: number;
  readonly ssrc?: number;
  readonly payload?: string;
  readonly extension?: Buffer;
  readonly sources?: readonly number[];
};

/** An RTP packet as a peer would send it; the extension's bytes are a multiple of four. */
export function rtpPacket({
  sequenceNumber,
  ssrc = 1,
  payload = '',
  extension,
  sources = [],
}: PacketParts): Buffer {
  const header = Buffer.alloc(12 + 4 * sources.length);
  header[0] = 0x80 | (extension === undefined ? 0 : 0x10) | sources.length;
  header[1] = 111;
  header.writeUInt16BE(sequenceNumber, 2);
  header.writeUInt32BE(960 * sequenceNumber, 4);
  header.writeUInt32BE(ssrc, 8);
  for (const [at, source] of sources.entries()) header.writeUInt32BE(source, 12 + 4 * at);
  const parts: Buffer[] = [header];
  if (extension !== undefined) {
    const start = Buffer.alloc(4);
    start.writeUInt16BE(0xbede);
    start.writeUInt16BE(extension.length / 4, 2);
    parts.push(start, extension);
  }
  return Buffer.concat([...parts, Buffer.from(payload)]);
}

/** An empty receiver report, with something of a second packet after it. */
export function receiverReport(ssrc: number): Buffer {
  const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 203, 0, 1, 0, 0, 0, 9]);
  report.writeUInt32BE(ssrc, 4);
  return report;
}
