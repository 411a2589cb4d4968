import type { Session } from './session.ts';
import type { TrackReply } from './track-reply.ts';

/** `GET session`: its tracks, and whether they are there; `active` promises no packets. */
export function sessionState({ negotiation }: Session): { readonly tracks: readonly TrackReply[] } {
  const tracks = negotiation.lines.all.flatMap(({ mid, local, remote }) => {
    const listed: TrackReply[] = [];
    if (local !== undefined) {
      const status = local.track?.isClosed === false ? 'active' : 'inactive';
      listed.push({ location: 'local', mid, trackName: local.name, status });
    }
    if (remote !== undefined) {
      const { sessionId, track } = remote;
      const status = track.isClosed ? 'inactive' : 'active';
      listed.push({ location: 'remote', mid, sessionId, trackName: track.name, status });
    }
    return listed;
  });
  return { tracks };
}
