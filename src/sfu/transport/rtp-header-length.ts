const FIXED_BYTES = 12;

/** How many bytes come before the payload, extension included, or nothing when this is no RTP (RFC 3550, section 5.1). */
export function rtpHeaderLength(packet: Buffer): number | undefined {
  if (packet.length < FIXED_BYTES) return undefined;
  const first = packet[0] ?? 0;
  if (first >>> 6 !== 2) return undefined;
  let length = FIXED_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (packet.length < length + 4) return undefined;
    length += 4 + 4 * packet.readUInt16BE(length + 2);
  }
  return length <= packet.length ? length : undefined;
}
