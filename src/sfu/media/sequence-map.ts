/** How many breaks are remembered: a late packet from before the oldest is dropped. */
const MAX_SEGMENTS = 32;

/**
 * Numbers one subscriber's packets: indices of the source in, indices of the subscriber out. Order and gaps of the source are
 * kept, so that loss is seen for what it is and a retransmitted packet falls into its place; what is not forwarded leaves no gap.
 * No index is ever given twice, which is what AES-GCM's safety rests on.
 */
export class SequenceMap {
  /** Segments: from this source index on, `shift` is added. Oldest first. */
  readonly #from: number[] = [];
  readonly #shift: number[] = [];
  #highestSource = -1;
  #highestOut: number;

  /** @param first - the first index that is given; a random one makes the ciphertext's start unknown (RFC 3550, section 5.1) */
  constructor(first: number) {
    this.#highestOut = first - 1;
  }

  /** Another source begins with `index`; nothing of it from before is let through. */
  begin(index: number, gap = 0): void {
    this.#from.length = 0;
    this.#shift.length = 0;
    this.#highestOut += gap;
    this.#push(index, this.#highestOut + 1 - index);
    this.#highestSource = index - 1;
  }

  /** The number of a packet that is forwarded, or −1 when it is from before the source began. Each index only once. */
  map(index: number): number {
    const shift = this.#shiftOf(index);
    if (shift === undefined) return -1;
    const out = index + shift;
    if (index > this.#highestSource) {
      this.#highestSource = index;
      this.#highestOut = out;
    }
    return out;
  }

  /**
   * A packet that has nothing to forward. Gives −1 when what follows closes up over it; a late one has its place already, which
   * somebody must fill: its number is given then.
   */
  skip(index: number): number {
    if (index <= this.#highestSource) return this.map(index);
    const shift = this.#shiftOf(index);
    if (shift === undefined) return -1;
    this.#highestSource = index;
    this.#highestOut = index + shift - 1;
    if (this.#from.at(-1) === index) {
      // Nothing has been given since the last break: it moves on.
      this.#from.pop();
      this.#shift.pop();
    }
    this.#push(index + 1, shift - 1);
    return -1;
  }

  #shiftOf(index: number): number | undefined {
    for (let at = this.#from.length - 1; at >= 0; at -= 1) {
      if (index >= (this.#from[at] ?? 0)) return this.#shift[at];
    }
    return undefined;
  }

  #push(from: number, shift: number): void {
    if (this.#from.length === MAX_SEGMENTS) {
      this.#from.shift();
      this.#shift.shift();
    }
    this.#from.push(from);
    this.#shift.push(shift);
  }
}
