import { ahead32 } from './sequence-numbers.ts';

/** The RTP time of one subscriber's stream: runs on over changes of source, by the time that really went by. */
export class Timeline {
  #shift = 0;
  #last: number;
  #lastAtMs = 0;
  #hasStarted = false;

  /** @param first - the first time stamp, random as RFC 3550, section 5.1, has it */
  constructor(first: number) {
    this.#last = first >>> 0;
  }

  /** The last time stamp that was given. */
  get last(): number {
    return this.#last;
  }

  /** What is to be added to the source's time stamps. */
  get shift(): number {
    return this.#shift;
  }

  /** Another source begins with a packet of this time stamp, which is later than all before it by at least one tick. */
  begin(timestamp: number, nowMs: number, clockRate: number): void {
    const elapsed = Math.max(0, nowMs - this.#lastAtMs);
    const ticks = this.#hasStarted ? Math.max(1, Math.round((elapsed * clockRate) / 1_000)) : 0;
    this.#shift = (this.#last + ticks - timestamp) >>> 0;
    this.#hasStarted = true;
    this.#last = (timestamp + this.#shift) >>> 0;
    this.#lastAtMs = nowMs;
  }

  map(timestamp: number, nowMs: number): number {
    const out = (timestamp + this.#shift) >>> 0;
    if (ahead32(out, this.#last) > 0) {
      this.#last = out;
      this.#lastAtMs = nowMs;
    }
    return out;
  }
}
