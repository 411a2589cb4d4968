/** What shares a port with what else, told apart by the first bytes. */
export type PacketKind = 'stun' | 'dtls' | 'rtp' | 'rtcp' | 'other';

/** RFC 7983, section 7, and RFC 5761, section 4, for RTCP. */
export function packetKind(datagram: Buffer): PacketKind {
  const first = datagram[0] ?? 255;
  if (first >= 128 && first <= 191) {
    const second = datagram[1] ?? 0;
    return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  }
  if (first >= 20 && first <= 63) return 'dtls';
  return first <= 3 ? 'stun' : 'other';
}
