import { ApiError, trackError } from '../api/api-errors.ts';
import type { LocalItem, PublishRequest } from '../api/api-schema.ts';
import type { RemoteDescription } from './session-description.ts';
import type { Session } from './session.ts';
import type { TrackReply, TracksReply } from './track-reply.ts';

/** `POST tracks/new` that publishes: with the peer's offer, or with one of this side. */
export function publishTracks(session: Session, request: PublishRequest): TracksReply {
  const { sessionDescription } = request;
  if (sessionDescription === undefined) return offerTracks(session, request.tracks);
  const { negotiation } = session;
  const remote = negotiation.readOffer(sessionDescription);
  const items = request.autoDiscover === true ? discover(session, remote, request.tracks) : request.tracks;
  session.admitTracks(items.length);
  negotiation.accept(remote);
  const tracks = items.map((item) => publishOne(session, item));
  return { requiresImmediateRenegotiation: false, tracks, sessionDescription: negotiation.answer() };
}

function publishOne(session: Session, item: LocalItem): TrackReply {
  const { trackName, mid = '', bidirectionalMediaStream } = item;
  const { negotiation } = session;
  const line = negotiation.lines.byMid(mid);
  const named = { trackName, mid };
  const isPulled = line?.remote !== undefined && line.local === undefined;
  if (line === undefined || line.isRejected || !line.peer.sends || isPulled)
    return { ...named, ...trackError('invalid_params') };
  const same = session.published(trackName);
  // The stock client repeats a push whose answer it did not get.
  if (same !== undefined && same === line.local?.track) return named;
  if (same !== undefined) return { ...named, ...trackError('repeated_local_track_error') };
  session.publish(line, trackName, bidirectionalMediaStream);
  if (bidirectionalMediaStream && line.peer.receives) negotiation.sendOn(line);
  return named;
}

/** Names for all that is offered and has none. */
function discover(session: Session, remote: RemoteDescription, named: readonly LocalItem[]): LocalItem[] {
  const taken = new Set(named.map(({ mid }) => mid));
  const found = remote.lines.flatMap(({ mid, sends, isRejected }): LocalItem[] => {
    const isPublished = session.negotiation.lines.byMid(mid)?.local !== undefined;
    if (isRejected || !sends || isPublished || taken.has(mid)) return [];
    return [{ location: 'local', trackName: session.newId(), mid, bidirectionalMediaStream: false }];
  });
  return [...named, ...found];
}

/** Publishes by an offer of this side: towards a third party, which answers. */
function offerTracks(session: Session, items: readonly LocalItem[]): TracksReply {
  const { negotiation } = session;
  if (items.some(({ kind }) => kind === undefined)) {
    throw new ApiError('invalid_params', { description: 'Without an offer each track must have a kind' });
  }
  session.admitTracks(items.length);
  const tracks = items.map((item) => offerOne(session, item));
  if (tracks.every(({ errorCode }) => errorCode !== undefined))
    return { requiresImmediateRenegotiation: false, tracks };
  return { requiresImmediateRenegotiation: true, tracks, sessionDescription: negotiation.offer() };
}

function offerOne(
  { negotiation }: Session,
  { trackName, kind, bidirectionalMediaStream: isBidirectional }: LocalItem,
): TrackReply {
  const known = negotiation.lines.find(`#${trackName}`);
  // An offer that was lost is asked for again.
  if (known !== undefined && known.local?.track === undefined) return { trackName, mid: known.mid };
  if (known?.local?.track?.isClosed === false)
    return { trackName, ...trackError('repeated_local_track_error') };
  const codec = kind === 'audio' ? 'opus' : 'VP8';
  const { mid } = negotiation.offerLocal(codec, { name: trackName, isBidirectional, track: undefined });
  return { trackName, mid };
}
