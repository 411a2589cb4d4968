import type { Calls, CallsReply } from './calls.ts';
import { tracksReplySchema } from './calls-schema.ts';

/** Of the close call itself: the session is gone, or has never been connected, so that nothing flows. */
const GONE: ReadonlySet<number> = new Set([404, 410, 425]);

/**
 * Closes m-lines of a session without the consent of its other end. Gives those that are still open: a track is closed when
 * the answer lists it without an error, or with `close_track_error`; all others are to be tried again. Rejects as
 * {@link Calls.send} does.
 */
export async function forceClose(
  calls: Calls,
  sessionId: string,
  mids: readonly string[],
  query: URLSearchParams,
): Promise<readonly string[]> {
  const tracks = mids.map((mid) => ({ mid }));
  const reply = await calls.send({
    operation: 'tracks/close',
    sessionId,
    query,
    body: { tracks, force: true },
  });
  if (GONE.has(reply.status)) return [];
  // An error at the top does not prove that anything was closed.
  if (reply.status >= 300 || tracksReplySchema.parse(reply.body).errorCode !== undefined) return mids;
  const closed = closedMids(reply);
  return mids.filter((mid) => !closed.includes(mid));
}

/** The m-lines that an answer says are closed. */
export function closedMids({ body }: CallsReply): string[] {
  const { tracks = [] } = tracksReplySchema.parse(body);
  return tracks.flatMap(({ mid, errorCode }) =>
    mid !== undefined && (errorCode === undefined || errorCode === 'close_track_error') ? [mid] : [],
  );
}
