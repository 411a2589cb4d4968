/**
 * The payload descriptor in front of each VP8 packet (RFC 7741, section 4.2), read once per packet and shared by all its
 * subscribers. It is in clear even where the frames are encrypted end to end.
 */
export class Vp8Descriptor {
  /** Where the numbers are in the payload, counted from its start; 0 when the packet has none. */
  pictureIdAt = 0;
  tl0PicIdxAt = 0;
  /** 7 or 15 bits. */
  isLongPictureId = false;
  pictureId = 0;
  tl0PicIdx = 0;
  startsFrame = false;
  startsKeyFrame = false;

  clear(): void {
    this.pictureIdAt = 0;
    this.tl0PicIdxAt = 0;
    this.startsFrame = false;
    this.startsKeyFrame = false;
  }

  /** Says `false` of a descriptor that does not fit into the payload. */
  read(buffer: Buffer, offset: number, length: number): boolean {
    this.clear();
    if (length < 1) return false;
    const end = offset + length;
    const first = buffer[offset] ?? 0;
    const header = (first & 0x80) === 0 ? offset + 1 : this.#readExtension(buffer, offset, end);
    if (header === 0 || header >= end) return this.#nothing();
    // The first packet of the first partition begins with the frame header; its lowest bit is 0 in a key frame.
    this.startsFrame = (first & 0x17) === 0x10;
    this.startsKeyFrame = this.startsFrame && ((buffer[header] ?? 1) & 1) === 0;
    return true;
  }

  #nothing(): false {
    this.clear();
    return false;
  }

  /** Gives the end of the descriptor, or 0 when the packet ends before. */
  #readExtension(buffer: Buffer, offset: number, end: number): number {
    let at = offset + 1;
    if (at >= end) return 0;
    const flags = buffer[at] ?? 0;
    at += 1;
    if ((flags & 0x80) !== 0) {
      this.isLongPictureId = ((buffer[at] ?? 0) & 0x80) !== 0;
      const size = this.isLongPictureId ? 2 : 1;
      if (at + size > end) return 0;
      this.pictureIdAt = at - offset;
      this.pictureId = this.isLongPictureId ? buffer.readUInt16BE(at) & 0x7fff : (buffer[at] ?? 0);
      at += size;
    }
    if ((flags & 0x40) !== 0) {
      if (at >= end) return 0;
      this.tl0PicIdxAt = at - offset;
      this.tl0PicIdx = buffer[at] ?? 0;
      at += 1;
    }
    return (flags & 0x30) === 0 ? at : at + 1;
  }
}
