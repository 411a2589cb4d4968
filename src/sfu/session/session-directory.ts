import type { PublishedTrack } from './published-track.ts';

/** What a session has to know of all the others. */
export interface SessionDirectory {
  /** A track that somebody publishes and that can be pulled. */
  published(sessionId: string, trackName: string): PublishedTrack | undefined;
  /** Counts tracks that are about to be added; throws `overloaded` when there are too many. */
  admitTracks(count: number): void;
  /** Throws `overloaded` when more is sent than may be: one more subscriber would make it worse for all. */
  admitPull(): void;
}
