import type { Vp8Descriptor } from './vp8.ts';

/** Beyond half of the circle a number is an old one. */
const HALF = { short: 0x40, long: 0x4000, tl0: 0x80 } as const;

/**
 * Keeps PictureID and TL0PICIDX of one subscriber's VP8 continuous over changes of source and layer, each of which counts for
 * itself from a random start. A decoder takes a jump for loss and stands still for seconds.
 */
export class Vp8Continuity {
  #pictureShift = 0;
  #tl0Shift = 0;
  #lastPictureId = 0;
  #lastTl0PicIdx = 0;
  #hasStarted = false;
  #isLong = true;

  /**
   * The next packet is the first of another source. `gap` is how many pictures seem lost in between: one that does not begin
   * with a key frame must look like loss, or it would be decoded on top of the wrong pictures.
   */
  begin(descriptor: Vp8Descriptor, gap: number): void {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.#lastPictureId = descriptor.pictureId - 1;
      this.#lastTl0PicIdx = descriptor.tl0PicIdx - 1;
    }
    this.#pictureShift = this.#lastPictureId + 1 + gap - descriptor.pictureId;
    this.#tl0Shift = this.#lastTl0PicIdx + 1 + gap - descriptor.tl0PicIdx;
  }

  /** Rewrites the numbers in a copied payload that starts at `offset`. */
  rewrite(out: Buffer, offset: number, descriptor: Vp8Descriptor): void {
    if (descriptor.pictureIdAt !== 0)
      this.#rewritePictureId(out, offset + descriptor.pictureIdAt, descriptor);
    if (descriptor.tl0PicIdxAt !== 0) {
      const tl0PicIdx = (descriptor.tl0PicIdx + this.#tl0Shift) & 0xff;
      out[offset + descriptor.tl0PicIdxAt] = tl0PicIdx;
      if (((tl0PicIdx - this.#lastTl0PicIdx) & 0xff) < HALF.tl0) this.#lastTl0PicIdx = tl0PicIdx;
    }
  }

  #rewritePictureId(out: Buffer, at: number, { isLongPictureId, pictureId }: Vp8Descriptor): void {
    const mask = isLongPictureId ? 0x7fff : 0x7f;
    const id = (pictureId + this.#pictureShift) & mask;
    if (isLongPictureId) {
      out[at] = 0x80 | (id >>> 8);
      out[at + 1] = id & 0xff;
    } else {
      out[at] = id;
    }
    const half = isLongPictureId ? HALF.long : HALF.short;
    // A source that counts with other bits than the one before has no order with it: it began with its own first picture.
    if (this.#isLong !== isLongPictureId || ((id - this.#lastPictureId) & mask) < half)
      this.#lastPictureId = id;
    this.#isLong = isLongPictureId;
  }
}
