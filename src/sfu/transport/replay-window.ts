/**
 * Which packet indices have been seen, in a sliding window under the highest one (RFC 3711, section 3.3.2). Asking and
 * remembering are apart: an index counts as seen only once its packet is known to be genuine.
 */
export class ReplayWindow {
  readonly #size: number;
  readonly #bits: Uint32Array;
  #highest = -1;

  /** `size` is a power of two, and at least 64, which the RFC asks for. */
  constructor(size = 128) {
    if (size < 64 || (size & (size - 1)) !== 0)
      throw new RangeError('A replay window is a power of two from 64');
    this.#size = size;
    this.#bits = new Uint32Array(size / 32);
  }

  /** The highest index remembered, -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  isNew(index: number): boolean {
    if (index > this.#highest) return true;
    if (this.#highest - index >= this.#size) return false;
    // Bit operations see the low 32 bits of an index, which is all that a power of two needs.
    const bit = index & (this.#size - 1);
    return ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0;
  }

  remember(index: number): void {
    if (index > this.#highest) this.#slideTo(index);
    if (this.#highest - index >= this.#size) return;
    const bit = index & (this.#size - 1);
    this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  #slideTo(index: number): void {
    if (index - this.#highest >= this.#size) {
      this.#bits.fill(0);
    } else {
      for (let skipped = this.#highest + 1; skipped <= index; skipped += 1) {
        const bit = skipped & (this.#size - 1);
        this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
      }
    }
    this.#highest = index;
  }
}
