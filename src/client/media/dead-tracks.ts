import type { Pull } from './incoming.ts';
import type { StatsSample } from './stats-sample.ts';

/** Twice what a new session of the sender takes, and as long as the original waits. */
const DEAD_AFTER_MS = 10_000;

type Watched = { readonly track: MediaStreamTrack; readonly bytes: number; readonly aliveAt: number };

/** A screen on which nothing changes sends nothing; sound and pictures of people always do. */
const mayPause = ({ kind }: Pull): boolean => kind === 'screenshare';

/** Muted sound may be sent or not, and a camera that is off is not received. */
const shouldArrive = ({ user, kind }: Pull): boolean => kind !== 'audio' || user.tracks.audioEnabled === true;

/** Notices received tracks that bring nothing although their sender says that they are on. */
export class DeadTracks {
  readonly #watched = new Map<string, Watched>();

  /**
   * Takes a look, and names the tracks that have just turned out to be dead; each is watched anew after it.
   *
   * @param at - when the sample was taken, in ms of any clock that does not jump
   */
  look(pulls: readonly Pull[], sample: StatsSample, at: number): Pull[] {
    const dead: Pull[] = [];
    const seen = new Set<string>();
    for (const pull of pulls) {
      const { track, path } = pull;
      if (track === undefined || !shouldArrive(pull)) continue;
      seen.add(path);
      if (this.#isDead(pull, track, sample.received.get(track.id)?.bytes ?? 0, at)) dead.push(pull);
    }
    for (const path of this.#watched.keys()) if (!seen.has(path)) this.#watched.delete(path);
    return dead;
  }

  /** The connection itself is interrupted: nothing can be said of tracks until it is back. */
  pause(): void {
    this.#watched.clear();
  }

  #isDead(pull: Pull, track: MediaStreamTrack, bytes: number, at: number): boolean {
    const before = this.#watched.get(pull.path);
    const isFirst = before?.track !== track;
    if (isFirst || bytes > before.bytes || (mayPause(pull) && bytes > 0)) {
      this.#watched.set(pull.path, { track, bytes, aliveAt: at });
      return false;
    }
    if (at - before.aliveAt < DEAD_AFTER_MS) return false;
    this.#watched.delete(pull.path);
    return true;
  }
}
