/** Reordering is no loss: networks undo it within a few milliseconds. */
const TOLERANCE_MS = 10;
/** Between two requests for one packet: a usual round trip on the internet. */
const PAUSE_MS = 80;
/** 10 + 8 × 80 ms: a picture that stands still for longer is better mended by a key frame. */
const MAX_TRIES = 8;
/** More than that is an outage, not loss. */
const MAX_MISSING = 256;

/** What is missing of one stream that comes in, and when it is to be asked for. */
export class NackGenerator {
  readonly #index = new Float64Array(MAX_MISSING);
  readonly #dueAtMs = new Float64Array(MAX_MISSING);
  readonly #tries = new Uint8Array(MAX_MISSING);
  #count = 0;
  #nextDueAtMs = Infinity;

  get missing(): number {
    return this.#count;
  }

  /** When there is something to ask for; `Infinity` when nothing is missing. */
  get nextDueAtMs(): number {
    return this.#nextDueAtMs;
  }

  /** Packets from `first` up to `end` are not there. Says `false` when they are too many to be asked for. */
  miss(first: number, end: number, nowMs: number): boolean {
    if (this.#count + end - first > MAX_MISSING) {
      this.clear();
      return false;
    }
    for (let index = first; index < end; index += 1) {
      this.#index[this.#count] = index;
      this.#dueAtMs[this.#count] = nowMs + TOLERANCE_MS;
      this.#tries[this.#count] = 0;
      this.#count += 1;
    }
    this.#nextDueAtMs = Math.min(this.#nextDueAtMs, nowMs + TOLERANCE_MS);
    return true;
  }

  /** A late packet has come. */
  found(index: number): void {
    const at = this.#index.subarray(0, this.#count).indexOf(index);
    if (at !== -1) this.#remove(at);
  }

  clear(): void {
    this.#count = 0;
    this.#nextDueAtMs = Infinity;
  }

  /** Gives the sequence numbers that are due, in order, and whether one from `keyFrameIndex` on has been given up. */
  take(
    nowMs: number,
    keyFrameIndex: number,
  ): { readonly due: readonly number[]; readonly hasGivenUp: boolean } {
    const due: number[] = [];
    let hasGivenUp = false;
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      if ((this.#dueAtMs[at] ?? 0) > nowMs) continue;
      if (this.#tries[at] === MAX_TRIES) {
        hasGivenUp ||= (this.#index[at] ?? 0) >= keyFrameIndex;
        this.#remove(at);
        continue;
      }
      this.#tries[at] = (this.#tries[at] ?? 0) + 1;
      this.#dueAtMs[at] = nowMs + PAUSE_MS;
      due.push(this.#index[at] ?? 0);
    }
    this.#nextDueAtMs = this.#earliest();
    return { due: due.sort((a, b) => a - b).map((index) => index & 0xffff), hasGivenUp };
  }

  /** Order does not matter here: the last takes the place of the one that goes. */
  #remove(at: number): void {
    const last = this.#count - 1;
    this.#index[at] = this.#index[last] ?? 0;
    this.#dueAtMs[at] = this.#dueAtMs[last] ?? 0;
    this.#tries[at] = this.#tries[last] ?? 0;
    this.#count = last;
    if (last === 0) this.#nextDueAtMs = Infinity;
  }

  #earliest(): number {
    let earliest = Infinity;
    for (let at = 0; at < this.#count; at += 1) earliest = Math.min(earliest, this.#dueAtMs[at] ?? 0);
    return earliest;
  }
}
