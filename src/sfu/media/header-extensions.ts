/** Header extensions that are read or written here. All others are left out of what is forwarded. */
export const EXTENSION = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  videoOrientation: 'urn:3gpp:video-orientation',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
} as const;

/** The profiles of RFC 8285, sections 4.2 and 4.3; the low four bits of the two-byte one are free. */
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;
/** One-byte headers: 15 is reserved and ends the list. */
const LAST_ID = 14;

/** Where the extensions of one packet are. Kept and filled anew for each packet, so that reading allocates nothing. */
export class ExtensionIndex {
  readonly #offsets = new Uint16Array(LAST_ID + 1);
  readonly #lengths = new Uint8Array(LAST_ID + 1);
  #present = 0;

  clear(): void {
    this.#present = 0;
  }

  /** An id of 0 means that the extension has not been negotiated. */
  has(id: number): boolean {
    return id !== 0 && ((this.#present >>> id) & 1) === 1;
  }

  offsetOf(id: number): number {
    return this.#offsets[id] ?? 0;
  }

  lengthOf(id: number): number {
    return this.#lengths[id] ?? 0;
  }

  /** The text of an extension such as the MID. Allocates: for packets of streams that are not known yet. */
  text(buffer: Buffer, id: number): string | undefined {
    if (!this.has(id)) return undefined;
    const start = this.offsetOf(id);
    return buffer.toString('latin1', start, start + this.lengthOf(id));
  }

  /** Reads the block that `start` and `end` enclose. An element that overruns it ends the list, as RFC 8285 has it. */
  read(buffer: Buffer, profile: number, start: number, end: number): void {
    this.#present = 0;
    if (profile === ONE_BYTE_PROFILE) this.#readOneByte(buffer, start, end);
    else if ((profile & 0xfff0) === TWO_BYTE_PROFILE) this.#readTwoByte(buffer, start, end);
  }

  #readOneByte(buffer: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const head = buffer[at] ?? 0;
      at += 1;
      if (head === 0) continue;
      const id = head >>> 4;
      const length = (head & 0x0f) + 1;
      if (id > LAST_ID || at + length > end) return;
      this.#add(id, at, length);
      at += length;
    }
  }

  #readTwoByte(buffer: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const id = buffer[at] ?? 0;
      at += 1;
      if (id === 0) continue;
      const length = buffer[at] ?? 0;
      at += 1;
      if (at + length > end) return;
      if (id <= LAST_ID) this.#add(id, at, length);
      at += length;
    }
  }

  /** Id 0 with a length is padding that a sender got wrong (RFC 8285, section 4.2): it is passed over. */
  #add(id: number, offset: number, length: number): void {
    if (id === 0) return;
    this.#offsets[id] = offset;
    this.#lengths[id] = length;
    this.#present |= 1 << id;
  }
}
