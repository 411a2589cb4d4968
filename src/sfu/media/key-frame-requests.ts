/** A key frame is many times as large as other pictures: whoever asks within this time shares one. */
const COALESCED_MS = 300;
/** A publisher that does not answer is asked less and less often. */
const LONGEST_PAUSE_MS = 4_800;

/** When one layer's publisher is asked for a key frame: at once, then again and again until one comes. */
export class KeyFrameRequests {
  #isWanted = false;
  #sentAtMs = -Infinity;
  #pauseMs = COALESCED_MS;

  /** Somebody needs one. */
  want(): void {
    this.#isWanted = true;
    this.#pauseMs = COALESCED_MS;
  }

  /** Says whether it is time to ask, and takes it for done. */
  take(nowMs: number): boolean {
    if (!this.#isWanted || nowMs - this.#sentAtMs < this.#pauseMs) return false;
    if (this.#sentAtMs !== -Infinity) this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#sentAtMs = nowMs;
    return true;
  }

  arrived(): void {
    this.#isWanted = false;
    this.#pauseMs = COALESCED_MS;
  }
}
