import { unwrap16 } from './sequence-numbers.ts';

/** Twice the ring from which a sender can retransmit; what is older is of no use to a picture. */
export const WINDOW = 1_024;
/** A jump that is no longer believed to be loss (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3_000;

/**
 * What a packet is to its stream. `next` is ahead of all before, `late` fills a gap; both are new. `known` came before; `astray`
 * is too far from the others to belong to them; `restart` is the second in a row there: the sender counts anew.
 */
export type Arrival = 'next' | 'late' | 'known' | 'astray' | 'restart';

/** Turns sequence numbers into indices that never wrap, and lets each through once. */
export class ReceiveWindow {
  readonly #seen = new Uint8Array(WINDOW);
  #highest = -1;
  #restartAt = -1;
  /** Of the packet that was accepted last. */
  index = -1;

  /** The newest index; −1 before the first packet. */
  get highest(): number {
    return this.#highest;
  }

  reset(): void {
    this.#highest = -1;
    this.#restartAt = -1;
  }

  accept(sequenceNumber: number): Arrival {
    if (this.#highest === -1) {
      this.#start(sequenceNumber);
      return 'next';
    }
    const index = unwrap16(sequenceNumber, this.#highest);
    if (index > this.#highest + MAX_DROPOUT || index <= this.#highest - WINDOW) {
      return this.#astray(sequenceNumber);
    }
    this.#restartAt = -1;
    if (index > this.#highest) {
      this.#advance(index);
    } else {
      const slot = index & (WINDOW - 1);
      if (this.#seen[slot] === 1) return 'known';
      this.#seen[slot] = 1;
      this.index = index;
      return 'late';
    }
    return 'next';
  }

  /** Room for a whole circle before the first packet keeps indices of late ones positive. */
  #start(sequenceNumber: number): void {
    this.#seen.fill(0);
    this.#restartAt = -1;
    this.#highest = 0x1_0000 + sequenceNumber;
    this.index = this.#highest;
    this.#seen[this.index & (WINDOW - 1)] = 1;
  }

  #advance(index: number): void {
    const from = Math.max(this.#highest + 1, index - WINDOW + 1);
    for (let at = from; at < index; at += 1) this.#seen[at & (WINDOW - 1)] = 0;
    this.#seen[index & (WINDOW - 1)] = 1;
    this.#highest = index;
    this.index = index;
  }

  #astray(sequenceNumber: number): Arrival {
    if (sequenceNumber === this.#restartAt) {
      this.#start(sequenceNumber);
      return 'restart';
    }
    this.#restartAt = (sequenceNumber + 1) & 0xffff;
    return 'astray';
  }
}
