/** How many seconds' worth of frames may come at once: a client that was offline flushes what it queued. */
const BURST_SECONDS = 10;

/** A frame counts once more for each of these, so that a few huge ones weigh as much as many small ones. */
const BYTES_PER_TOKEN = 16 * 1024;

/** A token bucket for one connection. */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #refilledAt: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_SECONDS;
    this.#refilledAt = now;
  }

  /** Whether a frame of that size may still be handled. */
  take(now: number, bytes: number): boolean {
    const elapsedMs = now - this.#refilledAt;
    if (elapsedMs > 0) {
      this.#refilledAt = now;
      this.#tokens = Math.min(
        this.#perSecond * BURST_SECONDS,
        this.#tokens + (elapsedMs * this.#perSecond) / 1_000,
      );
    }
    this.#tokens -= 1 + Math.floor(bytes / BYTES_PER_TOKEN);
    return this.#tokens >= 0;
  }
}
