/**
 * A receiver's estimate is at most 1.5 times what it gets already, so it says little as long as it is near that. Only one that
 * stays clearly below, for longer than a burst lasts, speaks of congestion.
 */
const CONGESTED_BELOW = 0.8;
const CONGESTED_FOR_MS = 1_500;
const RECOVERY = 1.25;
const RECOVERY_PAUSE_MS = 500;
/** An estimate is repeated every second or so; without news for that long it says nothing any more. */
const STALE_MS = 2_500;
/** The least that a picture is still worth sending with: browsers are down to 180 lines then. */
export const FLOOR_BPS = 150_000;

/** What one subscriber's way here takes, as far as it has shown that it does not take everything. */
export class SubscriberLimit {
  #limitBps: number | undefined;
  #lowSinceMs: number | undefined;
  #saidAtMs = -Infinity;
  #changedAtMs = -Infinity;

  /** Bits per second; `undefined` while there is nothing to hold back for. */
  get bps(): number | undefined {
    return this.#limitBps;
  }

  /** The subscriber estimates `bps` while `actualBps` are sent to it. */
  estimate(bps: number, actualBps: number, nowMs: number): void {
    this.#saidAtMs = nowMs;
    if (bps >= CONGESTED_BELOW * actualBps || actualBps <= FLOOR_BPS) {
      this.#lowSinceMs = undefined;
      return;
    }
    this.#lowSinceMs ??= nowMs;
    if (nowMs - this.#lowSinceMs <= CONGESTED_FOR_MS) return;
    this.#limitBps = Math.max(FLOOR_BPS, bps);
    this.#changedAtMs = nowMs;
  }

  /** Recovers step by step, and is no limit any more beyond `ceilingBps`. */
  tick(nowMs: number, ceilingBps: number): void {
    if (nowMs - this.#saidAtMs > STALE_MS) this.#lowSinceMs = undefined;
    if (this.#limitBps === undefined || this.#lowSinceMs !== undefined) return;
    if (nowMs - this.#changedAtMs < RECOVERY_PAUSE_MS) return;
    this.#changedAtMs = nowMs;
    this.#limitBps *= RECOVERY;
    if (this.#limitBps >= ceilingBps) this.#limitBps = undefined;
  }
}
