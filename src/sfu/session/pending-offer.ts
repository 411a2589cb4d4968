import type { MediaLine, RemoteTrack } from './media-line.ts';

/** What an offer of this side would begin, until it is answered or given up. */
export class PendingOffer {
  /** New m-lines, each with the rejected one whose place it takes. */
  readonly #added = new Map<MediaLine, MediaLine | undefined>();
  /** M-lines that were idle. */
  readonly #reused = new Set<MediaLine>();
  readonly #announced = new Set<MediaLine>();

  adds(line: MediaLine, inPlaceOf: MediaLine | undefined): void {
    this.#added.set(line, inPlaceOf);
  }

  reuses(line: MediaLine): void {
    this.#reused.add(line);
  }

  /** The peer has been told of all of them. */
  announce(): void {
    for (const line of [...this.#added.keys(), ...this.#reused]) this.#announced.add(line);
  }

  /**
   * Takes an m-line that was announced for this very track: a pull whose answer was lost is asked for again. Each is given once
   * for an announcement, because one pull may name a track twice.
   */
  take({ track }: RemoteTrack): MediaLine | undefined {
    const announced = [...this.#announced].find(({ remote }) => remote?.track === track);
    if (announced !== undefined) this.#announced.delete(announced);
    return announced;
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
