import { networkOf } from './ip-address.ts';

/** A browser that arrives before its session's answer is known tries a few times; a guesser wants millions. */
const BURST = 50;
const PER_SECOND = 20;
const MAX_ADDRESSES = 4096;

type Bucket = { tokens: number; atMs: number };

/**
 * How much unauthenticated STUN one address may send. Only failures are counted, so that peers that know their password
 * are never slowed by it, unless somebody else at the same address spends it all.
 */
export class StunRateLimit {
  readonly #buckets = new Map<string, Bucket>();

  get size(): number {
    return this.#buckets.size;
  }

  allows(address: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(networkOf(address));
    return bucket === undefined || refilled(bucket, nowMs) >= 1;
  }

  /** A message that was not from a peer. */
  spend(address: string, nowMs: number): void {
    const key = networkOf(address);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#makeRoom();
      this.#buckets.set(key, { tokens: BURST - 1, atMs: nowMs });
      return;
    }
    bucket.tokens = refilled(bucket, nowMs) - 1;
    bucket.atMs = nowMs;
  }

  /** The address that was first noticed goes: a table that is full is under attack, and must cost no search. */
  #makeRoom(): void {
    if (this.#buckets.size < MAX_ADDRESSES) return;
    const oldest = this.#buckets.keys().next();
    if (oldest.done !== true) this.#buckets.delete(oldest.value);
  }
}

const refilled = ({ tokens, atMs }: Bucket, nowMs: number): number =>
  Math.min(BURST, tokens + ((nowMs - atMs) / 1000) * PER_SECOND);
