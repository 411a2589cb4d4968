import type { Clock } from './clock.ts';

export type RequestLimit = {
  /** How many may come at once. */
  readonly burst: number;
  /** How fast they come back, one by one. */
  readonly refillMs: number;
};

/** Enough for every user of a full server; those longest silent are forgotten first. */
const MAX_KEYS = 100_000;

type Bucket = { tokens: number; refilledAt: number };

/** Token buckets by key (a login, an address) for one kind of request. */
export class RequestLimits {
  readonly #limit: RequestLimit;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RequestLimit, clock: Pick<Clock, 'now'>) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Whether one more request of `key` may be handled now. @param weight - for how many it counts */
  take(key: string, weight = 1): boolean {
    const now = this.#clock.now();
    const { burst, refillMs } = this.#limit;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, refilledAt: now };
    const refilled = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.refilledAt) / refillMs);
    const allowed = refilled >= weight;
    // Taken out and put back, a key is the youngest of the map.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? refilled - weight : refilled, refilledAt: now });
    if (this.#buckets.size > MAX_KEYS) this.#forgetOldest();
    return allowed;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
