import type { Path, PathOwner } from './path.ts';

/**
 * Which ways belong to which session. Only checks that know a session's password come here, so that a stranger cannot
 * make it grow; the bounds are against a stranger who does, and against a peer that moves about for hours.
 */
export class PathTable {
  readonly #limit: number;
  readonly #limitPerOwner: number;
  /** The ways of each session, the one adopted first in front. */
  readonly #paths = new Map<PathOwner, Set<Path>>();
  #size = 0;

  constructor(limit: number, limitPerOwner: number) {
    this.#limit = limit;
    this.#limitPerOwner = limitPerOwner;
  }

  get size(): number {
    return this.#size;
  }

  /** Gives the way to this session, which may cost it another one: never `selected`. Says whether there was room. */
  adopt(path: Path, owner: PathOwner, selected: Path | undefined): boolean {
    if (path.owner === owner) return true;
    if (path.owner !== undefined) this.#takeFrom(path, path.owner);
    const mine = this.#paths.get(owner) ?? new Set();
    if (mine.size >= this.#limitPerOwner) {
      const oldest = [...mine].find((other) => other !== selected);
      if (oldest === undefined) return false;
      this.release(oldest);
      owner.lost(oldest);
    }
    if (this.#size >= this.#limit) return false;
    this.#paths.set(owner, mine.add(path));
    this.#size += 1;
    path.owner = owner;
    path.keep();
    return true;
  }

  /** Forgets one way. */
  release(path: Path): void {
    this.#remove(path);
    path.close();
  }

  /** The session is over. */
  releaseAll(owner: PathOwner): void {
    for (const path of this.#paths.get(owner) ?? []) this.release(path);
  }

  #takeFrom(path: Path, owner: PathOwner): void {
    this.#remove(path);
    owner.lost(path);
  }

  #remove(path: Path): void {
    const { owner } = path;
    if (owner === undefined) return;
    path.owner = undefined;
    const paths = this.#paths.get(owner);
    if (paths?.delete(path) === true) this.#size -= 1;
    if (paths?.size === 0) this.#paths.delete(owner);
  }
}
