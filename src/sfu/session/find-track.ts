import { trackError, type ErrorFields } from '../api/api-errors.ts';
import type { RemoteItem } from '../api/api-schema.ts';
import type { RemoteTrack } from './media-line.ts';
import type { SessionDirectory } from './session-directory.ts';

/** How long a pull waits for the first packet of a track that has been published, as seen of the hosted service. */
export const FIRST_PACKET_MS = 8_000;

/** A track that somebody publishes, once its packets flow: an m-line without any would look like a fault to the subscriber. */
export async function findTrack(
  directory: SessionDirectory,
  { sessionId, trackName, simulcast }: RemoteItem,
): Promise<RemoteTrack | ErrorFields> {
  const track = directory.published(sessionId, trackName);
  if (track === undefined) return trackError('not_found_track_error');
  const { publication } = track;
  const flows = publication.lastPacketAtMs !== undefined || (await publication.whenFlowing(FIRST_PACKET_MS));
  if (track.isClosed) return trackError('not_found_track_error');
  if (!flows) return trackError('empty_track_error');
  return { sessionId, track, simulcast: toChoice(simulcast) };
}

export const toChoice = (simulcast: RemoteItem['simulcast']): RemoteTrack['simulcast'] => ({
  ...(simulcast?.preferredRid !== undefined && { preferredRid: simulcast.preferredRid }),
  priorityOrdering: simulcast?.priorityOrdering ?? 'none',
  ridNotAvailable: simulcast?.ridNotAvailable ?? 'none',
});

export const isFailure = (found: RemoteTrack | ErrorFields): found is ErrorFields => 'errorCode' in found;
