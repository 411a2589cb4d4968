/**
 * Which login first used a connection id in a room. It outlives the user's stay, so that nobody can take the id of
 * someone who is away for longer than the grace and lock its client out; it forgets the ids longest unused when there
 * are too many, and everything with the room.
 */
export class IdOwners {
  readonly #owners = new Map<string, string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether `owner` may use `id`: nobody else has used it. */
  mayClaim(id: string, owner: string): boolean {
    const current = this.#owners.get(id);
    return current === undefined || current === owner;
  }

  ownerOf(id: string): string | undefined {
    return this.#owners.get(id);
  }

  claim(id: string, owner: string): void {
    this.#owners.delete(id);
    this.#owners.set(id, owner);
    if (this.#owners.size <= this.#capacity) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }
}
