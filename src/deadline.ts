import type { Clock } from './clock.ts';

/** Waits for `work`, but not for longer than that: `onLate` is told, and it goes on without it. Rejects as `work` does. */
export async function waitAtMost(
  clock: Clock,
  ms: number,
  work: Promise<void>,
  onLate: () => void = () => {},
): Promise<void> {
  let timer: unknown;
  const deadline = new Promise<void>((resolve) => {
    timer = clock.setTimeout(() => {
      onLate();
      resolve();
    }, ms);
  });
  await Promise.race([work, deadline]).finally(() => clock.clearTimeout(timer));
}
