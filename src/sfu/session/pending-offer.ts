import type { MediaLine, RemoteTrack } from './media-line.ts';

/** What an offer of this side would begin, until it is answered or given up. */
export class PendingOffer {
  /** New m-lines, each with the rejected one whose place it takes. */
  readonly #added = new Map<MediaLine, MediaLine | undefined>();
  /** M-lines that were idle. */
  readonly #reused = new Set<MediaLine>();

  adds(line: MediaLine, inPlaceOf: MediaLine | undefined): void {
    this.#added.set(line, inPlaceOf);
  }

  reuses(line: MediaLine): void {
    this.#reused.add(line);
  }

  /** The m-line that is offered for this very track. */
  waitingFor({ track }: RemoteTrack): MediaLine | undefined {
    return [...this.#added.keys(), ...this.#reused].find(({ remote }) => remote?.track === track);
  }

  /** The m-lines as both sides know them, without this offer's. */
  before(lines: readonly MediaLine[]): readonly MediaLine[] {
    return lines.flatMap((line) => (this.#added.has(line) ? (this.#added.get(line) ?? []) : line));
  }

  /** Closes what only this offer has, and leaves idle what it would have used. */
  end(): void {
    for (const line of this.#added.keys()) line.reject();
    for (const line of this.#reused) line.clear();
  }
}
