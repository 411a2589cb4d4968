import type { ErrorFields } from '../api/api-errors.ts';
import type { Description } from '../api/api-schema.ts';

/** What an answer says of one track: its m-line, or why it has none. */
export type TrackReply = {
  readonly location?: 'local' | 'remote';
  readonly sessionId?: string;
  readonly trackName?: string;
  readonly mid?: string;
  readonly status?: 'active' | 'inactive';
} & Partial<ErrorFields>;

/** An answer to an operation on tracks. */
export type TracksReply = {
  readonly requiresImmediateRenegotiation: boolean;
  readonly tracks: readonly TrackReply[];
  readonly sessionDescription?: Description;
};
