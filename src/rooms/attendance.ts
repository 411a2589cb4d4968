/** In which rooms, and there as which users, each login takes part; for all rooms of the process. */
export class Attendance {
  readonly #rooms = new Map<string, Map<string, Set<string>>>();

  enter(owner: string, room: string, userId: string): void {
    let rooms = this.#rooms.get(owner);
    if (rooms === undefined) this.#rooms.set(owner, (rooms = new Map<string, Set<string>>()));
    const ids = rooms.get(room);
    if (ids === undefined) rooms.set(room, new Set([userId]));
    else ids.add(userId);
  }

  leave(owner: string, room: string, userId: string): void {
    const rooms = this.#rooms.get(owner);
    const ids = rooms?.get(room);
    if (rooms === undefined || ids === undefined) return;
    ids.delete(userId);
    if (ids.size === 0) rooms.delete(room);
    if (rooms.size === 0) this.#rooms.delete(owner);
  }

  isPresent(owner: string): boolean {
    return this.#rooms.has(owner);
  }

  /** Names of the rooms that the login is in, each with the ids of its users there. */
  roomsOf(owner: string): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#rooms.get(owner) ?? NOWHERE;
  }
}

const NOWHERE: ReadonlyMap<string, ReadonlySet<string>> = new Map();
