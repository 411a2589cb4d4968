/** Over which time the rate is taken: long enough for key frames not to be all of it. */
const WINDOW_MS = 500;
/** How much the newest window counts. */
const WEIGHT = 0.5;

/** How much of something there is in a second. Adding costs an addition; who ticks asks for the rate. */
export class RateMeter {
  #sum = 0;
  #sinceMs = -1;
  #perSecond = 0;
  #hasRate = false;

  add(amount: number): void {
    this.#sum += amount;
  }

  /** As of the last `sample`. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Takes stock, if a window is over. */
  sample(nowMs: number): number {
    if (this.#sinceMs === -1) {
      this.#sinceMs = nowMs;
      return 0;
    }
    const elapsed = nowMs - this.#sinceMs;
    // A clock that was set back would make a window that never ends.
    if (elapsed >= 0 && elapsed < WINDOW_MS) return this.#perSecond;
    const rate = elapsed > 0 ? (this.#sum * 1_000) / elapsed : this.#perSecond;
    this.#perSecond = this.#hasRate ? this.#perSecond + WEIGHT * (rate - this.#perSecond) : rate;
    this.#hasRate = true;
    this.#sum = 0;
    this.#sinceMs = nowMs;
    return this.#perSecond;
  }
}
