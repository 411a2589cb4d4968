/** RTCP's header and the sender's SSRC stay readable (RFC 3711, section 3.4). */
export const RTCP_CLEAR_BYTES = 8;
/** The flag of encryption and the 31-bit index, after an SRTCP packet. */
export const SRTCP_INDEX_BYTES = 4;
export const SRTCP_ENCRYPTED = 0x8000_0000;

/**
 * One protection profile with the keys of one direction. It knows no state of streams: whoever calls knows the index, and
 * that an index is never sealed twice. Opening changes the given buffer and answers a part of it, or nothing for a forgery.
 */
export interface SrtpTransform {
  /** The least that a protected packet is longer by. */
  readonly rtpOverhead: number;
  readonly rtcpOverhead: number;
  sealRtp(packet: Buffer, headerLength: number, ssrc: number, index: number): Buffer;
  openRtp(datagram: Buffer, headerLength: number, ssrc: number, index: number): Buffer | undefined;
  sealRtcp(compound: Buffer, index: number): Buffer;
  openRtcp(datagram: Buffer): Buffer | undefined;
  /** The word with flag and index of an SRTCP packet that is long enough to have one. */
  rtcpIndexWord(datagram: Buffer): number;
}
