/**
 * Which login used a connection id that is free now, so that nobody can take the id of someone who has just dropped out
 * and lock its client out: partysocket comes back under the same id for ever. It forgets the ids longest free when there
 * are too many, and everything with the host of the room.
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

  note(id: string, owner: string): void {
    this.#owners.delete(id);
    this.#owners.set(id, owner);
    if (this.#owners.size <= this.#capacity) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }
}
