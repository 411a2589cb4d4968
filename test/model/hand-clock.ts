import type { Clock } from '../../src/clock.ts';

type Timer = { readonly delayMs: number; readonly callback: () => void };

/**
 * Time of which a test says what is over: any timer that waits may be the next, whatever the others say. A tour goes
 * through orders of events that real time would bring about once in a year.
 */
export class HandClock implements Clock {
  #now = 1_000_000;
  #handle = 0;
  readonly #timers = new Map<number, Timer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): number {
    this.#handle += 1;
    this.#timers.set(this.#handle, { delayMs, callback });
    return this.#handle;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  /** The lengths of the timers that wait, the shortest first. */
  get waiting(): readonly number[] {
    return [...this.#timers.values()].map(({ delayMs }) => delayMs).toSorted((a, b) => a - b);
  }

  /** The timer of this length that waits, as something to be compared. */
  handleOf(delayMs: number): unknown {
    return [...this.#timers].find(([, timer]) => timer.delayMs === delayMs)?.[0];
  }

  /** Lets the time of the one timer of this length be over. */
  fire(delayMs: number): void {
    const found = [...this.#timers].filter(([, timer]) => timer.delayMs === delayMs);
    const [first] = found;
    if (first === undefined || found.length > 1) throw new Error(`${found.length} timers of ${delayMs} ms`);
    this.#timers.delete(first[0]);
    first[1].callback();
  }

  /** Moves the time of day; no timer notices. */
  pass(ms: number): void {
    this.#now += ms;
  }
}
