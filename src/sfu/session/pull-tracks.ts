import { ApiError, trackError, type ErrorFields } from '../api/api-errors.ts';
import type { PullRequest, RemoteItem } from '../api/api-schema.ts';
import { findTrack, isFailure } from './find-track.ts';
import type { MediaLine, RemoteTrack } from './media-line.ts';
import type { RemoteDescription } from './session-description.ts';
import type { Session } from './session.ts';
import type { TrackReply, TracksReply } from './track-reply.ts';

type Placed = { readonly line: MediaLine } | ErrorFields;

/**
 * `POST tracks/new` that receives: on m-lines of the peer's offer, on those of an offer of this side, or on ones that are
 * there and go both ways (`mid: "#trackName"`), which needs no exchange at all.
 */
export async function pullTracks(session: Session, request: PullRequest): Promise<TracksReply> {
  const { negotiation, directory } = session;
  const { tracks: items, sessionDescription } = request;
  const remote = sessionDescription && negotiation.readOffer(sessionDescription);
  directory.admitPull();
  session.admitTracks(items.length);
  const found = await Promise.all(items.map((item) => findTrack(directory, item)));
  session.mustBeOpen();
  if (remote !== undefined) negotiation.accept(remote);
  let isOffering = false;
  const tracks = items.map((item, index) => {
    // Meanwhile it may have ended.
    const track = found[index];
    const placed = track === undefined || isFailure(track) ? track : place(session, item, track, remote);
    if (placed !== undefined && 'line' in placed && remote === undefined && item.mid === undefined)
      isOffering = true;
    return replyOf(item, placed);
  });
  if (remote !== undefined)
    return { requiresImmediateRenegotiation: false, tracks, sessionDescription: negotiation.answer() };
  if (!isOffering) return { requiresImmediateRenegotiation: false, tracks };
  return { requiresImmediateRenegotiation: true, tracks, sessionDescription: negotiation.offer() };
}

function replyOf({ sessionId, trackName }: RemoteItem, placed: Placed | undefined): TrackReply {
  const name = { sessionId, trackName };
  if (placed === undefined) return { ...name, ...trackError('not_found_track_error') };
  return 'line' in placed ? { ...name, mid: placed.line.mid } : { ...name, ...placed };
}

function place(
  session: Session,
  item: RemoteItem,
  track: RemoteTrack,
  remote: RemoteDescription | undefined,
): Placed {
  if (remote !== undefined) return placeInOffer(session, item, track, remote);
  if (item.mid !== undefined) return feed(session, item.mid, track);
  return { line: session.negotiation.offerRemote(track) };
}

/** An m-line of the peer's offer: the one that it names, or the first that is free. */
function placeInOffer(
  { negotiation, newId }: Session,
  { mid }: RemoteItem,
  track: RemoteTrack,
  remote: RemoteDescription,
): Placed {
  const { kind, codec } = track.track.publication.format;
  const { lines } = negotiation;
  const isFree = (line: MediaLine): boolean =>
    line.type === kind && line.peer.receives && !line.isUsed && !line.isRejected;
  const line = mid === undefined ? lines.all.find(isFree) : lines.find(mid);
  if (line === undefined || !line.peer.receives || !negotiation.chooseCodec(line, remote, codec))
    return trackError('invalid_params');
  if (line.remote === undefined) negotiation.sendOn(line, { stream: track.sessionId, track: newId() });
  line.source(track);
  return { line };
}

/** Puts a track onto an m-line that is there, in place of what it had. */
function feed({ negotiation }: Session, mid: string, track: RemoteTrack): Placed {
  const line = negotiation.lines.find(mid);
  if (line?.subscription === undefined) return trackError('invalid_params');
  if (!line.negotiated.sends) {
    if (negotiation.isOffering) throw new ApiError('session_not_ready');
    return trackError('invalid_params');
  }
  const { codec } = track.track.publication.format;
  if (line.format?.stream.codec !== codec) return trackError('invalid_params');
  line.source(track);
  line.flow();
  return { line };
}
