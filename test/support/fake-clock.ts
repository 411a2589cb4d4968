import type { Clock } from '../../src/clock.ts';

type Timer = { readonly at: number; readonly order: number; readonly callback: () => void };

/**
 * Time that moves by hand. Timers run in the order of their times, each at its own time, so that a timer started by
 * another runs in the same `advance` when it is due. The end of a turn is the real one: what a test waits for is frames
 * and events, never durations.
 */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #order = 0;
  readonly #timers = new Map<number, Timer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): number {
    this.#order += 1;
    this.#timers.set(this.#order, { at: this.#now + delayMs, order: this.#order, callback });
    return this.#order;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next.order);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }

  /** The clock is another one all at once, as after a sleep: what was due in between is late. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values()) {
      this.#timers.set(timer.order, { ...timer, at: Math.max(timer.at, this.#now) + 1_000 });
    }
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.at > end) continue;
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

/** The end of the current turn of the event loop, after what the turn itself put there. */
export const endOfTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
