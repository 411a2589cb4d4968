import type { Track } from '../../protocol/messages.ts';

/** How a track is named in a user's `tracks`. */
export const trackPath = ({ sessionId, trackName }: Pick<Track, 'sessionId' | 'trackName'>): string =>
  `${sessionId}/${trackName}`;

export type RemoteTrack = {
  readonly location: 'remote';
  readonly sessionId: string;
  readonly trackName: string;
};

/** The track that a path names; nothing where it names none. */
export function trackAt(path: string): RemoteTrack | undefined {
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) return undefined;
  return { location: 'remote', sessionId: path.slice(0, slash), trackName: path.slice(slash + 1) };
}
