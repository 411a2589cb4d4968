import type { Publication } from '../media/session-media.ts';

/** A track of a session that others can pull, and who does. */
export class PublishedTrack {
  readonly name: string;
  readonly publication: Publication;
  readonly rids: readonly string[];
  readonly #publishedAtMs: number;
  readonly #subscribers = new Set<() => void>();

  constructor(name: string, publication: Publication, rids: readonly string[], nowMs: number) {
    this.name = name;
    this.publication = publication;
    this.rids = rids;
    this.#publishedAtMs = nowMs;
  }

  get isClosed(): boolean {
    return this.publication.isClosed;
  }

  /** Since when nothing has come. */
  get silentSinceMs(): number {
    return this.publication.lastPacketAtMs ?? this.#publishedAtMs;
  }

  /** Calls back when there is nothing more to come. Gives what undoes that. */
  onClosed(callback: () => void): () => void {
    this.#subscribers.add(callback);
    return () => void this.#subscribers.delete(callback);
  }

  close(): void {
    if (this.isClosed) return;
    this.publication.close();
    for (const callback of this.#subscribers) callback();
    this.#subscribers.clear();
  }
}
