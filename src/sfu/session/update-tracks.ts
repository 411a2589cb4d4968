import { ApiError, trackError, type ErrorFields } from '../api/api-errors.ts';
import type { UpdateItem, UpdateRequest } from '../api/api-schema.ts';
import { findTrack, isFailure, toChoice } from './find-track.ts';
import type { MediaLine, RemoteTrack } from './media-line.ts';
import type { Session } from './session.ts';
import type { TracksReply } from './track-reply.ts';

/** What is to become of one m-line; without one there is none that can be changed. */
type Change = { readonly item: UpdateItem; readonly line: MediaLine | undefined };

/**
 * `PUT tracks/update`: another source, or another simulcast layer, for m-lines on which the peer receives. What refuses the whole
 * request comes before anything is waited for, and changes come after: no part of it goes on behind the answer.
 */
export async function updateTracks(session: Session, { tracks }: UpdateRequest): Promise<TracksReply> {
  const { directory } = session;
  const changes = tracks.map((item): Change => ({ item, line: lineOf(session, item) }));
  if (changes.some(isReplacement)) directory.admitPull();
  const found = await Promise.all(
    changes.map(async (change) => (isReplacement(change) ? findTrack(directory, change.item) : undefined)),
  );
  session.mustBeOpen();
  const replies = changes.map((change, index) => {
    const { sessionId, trackName, mid } = change.item;
    return { sessionId, trackName, mid, ...carryOut(change, found[index]) };
  });
  return { requiresImmediateRenegotiation: false, tracks: replies };
}

function lineOf({ negotiation }: Session, { mid }: UpdateItem): MediaLine | undefined {
  const line = negotiation.lines.find(mid);
  if (line?.subscription === undefined || line.isRejected || !line.isUsed) return undefined;
  if (!line.negotiated.sends && negotiation.isOffering) throw new ApiError('session_not_ready');
  return line;
}

function isReplacement({ line, item: { sessionId, trackName } }: Change): boolean {
  if (line === undefined) return false;
  const { remote } = line;
  return remote?.sessionId !== sessionId || remote.track.name !== trackName || remote.track.isClosed;
}

function carryOut(
  { line, item }: Change,
  found: RemoteTrack | ErrorFields | undefined,
): ErrorFields | undefined {
  if (line === undefined) return trackError('update_track_error');
  if (found === undefined) return prefer(line, item);
  if (isFailure(found)) return found;
  if (line.format?.stream.codec !== found.track.publication.format.codec)
    return trackError('update_track_error', 'The m-line was negotiated for another codec');
  line.source(found);
  line.flow();
  return undefined;
}

function prefer({ remote, subscription }: MediaLine, { simulcast }: UpdateItem): ErrorFields | undefined {
  if (simulcast === undefined) return undefined;
  if (simulcast.preferredRid !== undefined && remote?.track.rids.length === 0)
    return trackError('update_track_error', 'The track has no simulcast layers');
  subscription?.setSimulcast(toChoice(simulcast));
  return undefined;
}
