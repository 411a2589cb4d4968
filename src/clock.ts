/**
 * Time as the rooms see it. Everything that waits or reads the time takes a `Clock`, so that a test can drive it;
 * it also serves as the `clock` of every XState actor (its `after` transitions).
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** `delayMs` must stay below 2^31: Node fires longer ones at once. */
  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
  /** Runs `callback` once the frames read in this turn of the event loop have been handled. */
  afterTurn(callback: () => void): void;
}

/** Rejects as soon as `signal` aborts; the timer goes with it. */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new Error('given up'));
      return;
    }
    const giveUp = (): void => {
      clock.clearTimeout(timer);
      reject(new Error('given up'));
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** The real clock. Its timers do not keep the process alive: listening sockets do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout | undefined),
  afterTurn: (callback) => void setImmediate(callback),
};
