import { FakeClock } from './fake-clock.ts';

/** A clock that says when something waits for a certain time: what comes of a network then is over. */
export class WatchedClock extends FakeClock {
  readonly #watchers: { readonly delayMs: number; readonly resolve: () => void }[] = [];

  override setTimeout(callback: (...args: unknown[]) => void, delayMs: number): number {
    const watched = this.#watchers.findIndex((watcher) => watcher.delayMs === delayMs);
    if (watched >= 0) this.#watchers.splice(watched, 1)[0]?.resolve();
    return super.setTimeout(callback, delayMs);
  }

  /** The next timer of this length, from this call on. */
  armed(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#watchers.push({ delayMs, resolve }));
  }

  /** Does something that leads to waits of these lengths, one after the other, and lets each of them pass. */
  async through(delays: readonly number[], start: () => void): Promise<void> {
    let go = start;
    for (const delayMs of delays) {
      const armed = this.armed(delayMs);
      go();
      await armed;
      go = () => this.advance(delayMs);
    }
    go();
  }
}
