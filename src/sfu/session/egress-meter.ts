import type { MediaEngine } from '../media/session-media.ts';

/** How many packets a second all subscribers get. */
export class EgressMeter {
  readonly #engine: MediaEngine;
  #packets: number;
  #sampledAtMs: number;
  #rate = 0;

  constructor(engine: MediaEngine, nowMs: number) {
    this.#engine = engine;
    this.#packets = engine.totals.packetsOut;
    this.#sampledAtMs = nowMs;
  }

  get packetsPerSecond(): number {
    return this.#rate;
  }

  sample(nowMs: number): void {
    const { packetsOut } = this.#engine.totals;
    const elapsedMs = Math.max(1, nowMs - this.#sampledAtMs);
    this.#rate = Math.round(((packetsOut - this.#packets) * 1_000) / elapsedMs);
    this.#packets = packetsOut;
    this.#sampledAtMs = nowMs;
  }
}
