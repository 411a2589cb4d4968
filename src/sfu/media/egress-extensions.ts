import { EXTENSION } from './header-extensions.ts';
import { RTP_HEADER_BYTES, type RtpPacket } from './rtp-packet.ts';

/** The ids under which a publisher sends what is carried to subscribers; 0 for what it does not send. */
export type CarriedIds = { readonly audioLevel: number; readonly videoOrientation: number };

export const carriedIds = (extensions: ReadonlyMap<string, number>): CarriedIds => ({
  audioLevel: extensions.get(EXTENSION.audioLevel) ?? 0,
  videoOrientation: extensions.get(EXTENSION.videoOrientation) ?? 0,
});

/** A one-byte header holds up to 16 bytes (RFC 8285, section 4.2); a longer MID is left to the SSRC. */
const MAX_MID_BYTES = 16;

/** The most that `write` adds to a header: block header, MID, send time, level and orientation, rounded up. */
export const MAX_EXTENSION_BYTES = 4 + 28;

/** Seconds in 6.18 bits fixed point, as abs-send-time has them: it wraps every 64 s. */
export function toAbsSendTime(nowMs: number): number {
  const within = nowMs - Math.floor(nowMs / 64_000) * 64_000;
  return Math.floor(within * 262.144) & 0xff_ffff;
}

/**
 * The header extensions that one subscriber gets, under the ids of its own session: where the packet belongs, when it was
 * sent, how loud it is and which way up. Nothing else is carried: other extensions speak of the publisher's way here.
 */
export class EgressExtensions {
  readonly #mid: Buffer;
  readonly #absSendTimeId: number;
  readonly #audioLevelId: number;
  readonly #videoOrientationId: number;

  constructor(mid: string, extensions: ReadonlyMap<string, number>) {
    const midId = extensions.get(EXTENSION.mid) ?? 0;
    const { length } = mid;
    const fits = midId !== 0 && length > 0 && length <= MAX_MID_BYTES;
    this.#mid = fits
      ? Buffer.concat([Buffer.of((midId << 4) | (length - 1)), Buffer.from(mid, 'latin1')])
      : Buffer.alloc(0);
    this.#absSendTimeId = extensions.get(EXTENSION.absSendTime) ?? 0;
    this.#audioLevelId = extensions.get(EXTENSION.audioLevel) ?? 0;
    this.#videoOrientationId = extensions.get(EXTENSION.videoOrientation) ?? 0;
  }

  /** Writes the block behind the fixed header, and gives the end of the whole header. */
  write(out: Buffer, source: RtpPacket, ids: CarriedIds, absSendTime: number): number {
    const start = RTP_HEADER_BYTES + 4;
    let at = this.#writeOwn(out, start, absSendTime);
    at = carry(out, at, this.#audioLevelId, source, ids.audioLevel);
    at = carry(out, at, this.#videoOrientationId, source, ids.videoOrientation);
    if (at === start) return RTP_HEADER_BYTES;
    while ((at & 3) !== 0) out[at++] = 0;
    out[0] = (out[0] ?? 0) | 0x10;
    out[RTP_HEADER_BYTES] = 0xbe;
    out[RTP_HEADER_BYTES + 1] = 0xde;
    out[RTP_HEADER_BYTES + 2] = 0;
    out[RTP_HEADER_BYTES + 3] = (at - start) >>> 2;
    return at;
  }

  #writeOwn(out: Buffer, start: number, absSendTime: number): number {
    let at = start;
    const mid = this.#mid;
    for (let i = 0; i < mid.length; i += 1) out[at++] = mid[i] ?? 0;
    if (this.#absSendTimeId !== 0) {
      out[at++] = (this.#absSendTimeId << 4) | 2;
      out[at++] = absSendTime >>> 16;
      out[at++] = (absSendTime >>> 8) & 0xff;
      out[at++] = absSendTime & 0xff;
    }
    return at;
  }
}

/** Both extensions that are carried are one byte long (RFC 6464; 3GPP TS 26.114, section 7.4.5). */
function carry(out: Buffer, at: number, id: number, source: RtpPacket, sourceId: number): number {
  const { extensions, buffer } = source;
  if (id === 0 || !extensions.has(sourceId) || extensions.lengthOf(sourceId) === 0) return at;
  out[at] = id << 4;
  out[at + 1] = buffer[extensions.offsetOf(sourceId)] ?? 0;
  return at + 2;
}
