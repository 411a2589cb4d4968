import { ApiError, trackError } from '../api/api-errors.ts';
import type { CloseRequest } from '../api/api-schema.ts';
import type { Session } from './session.ts';
import type { TrackReply, TracksReply } from './track-reply.ts';

/**
 * `PUT tracks/close`: with the peer's offer, or by force without asking it. By mid, whatever the offer says of them: the stock
 * client stops the first transceiver of a batch only, and lists all. The others are answered as inactive, and used again for
 * what is pulled next.
 */
export function closeTracks(session: Session, request: CloseRequest): TracksReply {
  const { negotiation } = session;
  const { tracks, sessionDescription, force } = request;
  if (force) return { requiresImmediateRenegotiation: false, tracks: close(session, request) };
  if (sessionDescription === undefined) {
    const description = 'Closing without force needs an offer';
    throw new ApiError('invalid_params', { description });
  }
  const remote = negotiation.readOffer(sessionDescription);
  // The offer may reject m-lines, and they are closed by that alone.
  const used = tracks.filter(({ mid }) => negotiation.lines.find(mid)?.isUsed === true);
  negotiation.accept(remote);
  const closed = close(session, request, new Set(used.map(({ mid }) => mid)));
  return {
    requiresImmediateRenegotiation: false,
    tracks: closed,
    sessionDescription: negotiation.answer(),
  };
}

function close(
  { negotiation }: Session,
  { tracks }: CloseRequest,
  used: ReadonlySet<string> = new Set(),
): TrackReply[] {
  return tracks.map(({ mid }) => {
    const line = negotiation.lines.find(mid);
    if (line?.isUsed !== true && !used.has(mid)) return { mid, ...trackError('close_track_error') };
    line?.clear();
    return { mid };
  });
}
