import { ApiError, trackError, type ErrorFields } from '../api/api-errors.ts';
import type { UpdateItem, UpdateRequest } from '../api/api-schema.ts';
import { findTrack, isFailure, toChoice } from './find-track.ts';
import type { MediaLine } from './media-line.ts';
import type { Session } from './session.ts';
import type { TrackReply, TracksReply } from './track-reply.ts';

/** `PUT tracks/update`: another source, or another simulcast layer, for m-lines on which the peer receives. */
export async function updateTracks(session: Session, { tracks }: UpdateRequest): Promise<TracksReply> {
  const replies = await Promise.all(tracks.map((item) => updateOne(session, item)));
  session.mustBeOpen();
  return { requiresImmediateRenegotiation: false, tracks: replies };
}

async function updateOne(session: Session, item: UpdateItem): Promise<TrackReply> {
  const { sessionId, trackName, mid } = item;
  const { negotiation } = session;
  const line = negotiation.lines.find(mid);
  if (line?.subscription === undefined || line.isRejected)
    return { sessionId, trackName, mid, ...trackError('update_track_error') };
  if (!line.negotiated.sends && negotiation.isOffering) throw new ApiError('session_not_ready');
  const failure = isSource(line, item) ? prefer(line, item) : await replace(session, line, item);
  return { sessionId, trackName, mid, ...failure };
}

const isSource = ({ remote }: MediaLine, { sessionId, trackName }: UpdateItem): boolean =>
  remote?.sessionId === sessionId && remote.track.name === trackName && !remote.track.isClosed;

function prefer({ remote, subscription }: MediaLine, { simulcast }: UpdateItem): ErrorFields | undefined {
  if (simulcast === undefined) return undefined;
  if (simulcast.preferredRid !== undefined && remote?.track.rids.length === 0)
    return trackError('update_track_error', 'The track has no simulcast layers');
  subscription?.setSimulcast(toChoice(simulcast));
  return undefined;
}

async function replace(
  session: Session,
  line: MediaLine,
  item: UpdateItem,
): Promise<ErrorFields | undefined> {
  session.directory.admitPull();
  const found = await findTrack(session.directory, item);
  session.mustBeOpen();
  if (isFailure(found)) return found;
  if (line.format?.stream.codec !== found.track.publication.format.codec)
    return trackError('update_track_error', 'The m-line was negotiated for another codec');
  line.source(found);
  line.flow();
  return undefined;
}
