import { endOfTurn } from './fake-clock.ts';

/** In real time, and far beyond what it takes: a wait that outlives its test would keep the whole run from ending. */
const GIVEN_UP_MS = 15_000;

/** Waits for something that comes of events alone. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + GIVEN_UP_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${isSo.toString()}`);
    await endOfTurn();
  }
}
