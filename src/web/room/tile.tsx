import type { ReactNode } from 'react';
import type { User } from '../../client/index.ts';
import type { RemoteTracks } from '../../client/media/index.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';
import { Video } from './video.tsx';

type Props = {
  readonly user: User;
  readonly isSelf: boolean;
  readonly tracks: RemoteTracks;
};

const notesOf = ({ raisedHand }: User, isSelf: boolean): string =>
  [isSelf && 'you', raisedHand && 'hand raised'].filter((note) => note !== false).join(', ');

/** Somebody in the call. */
export function Tile({ user, isSelf, tracks }: Props): ReactNode {
  const { name, speaking, raisedHand } = user;
  const isMuted = user.tracks.audioEnabled !== true;
  return (
    <li className="tile" data-speaking={speaking || undefined} data-raised={raisedHand || undefined}>
      {tracks.video === undefined ? (
        <Avatar name={name} />
      ) : (
        <Video track={tracks.video} isMirrored={isSelf} />
      )}
      <div className="plate">
        {isMuted && <Icon name="microphone" isOff />}
        <span className="name">{name}</span>
        <small className="notes">{notesOf(user, isSelf)}</small>
        {isMuted && <span className="hidden"> muted</span>}
      </div>
      {raisedHand && (
        <span className="raised" aria-hidden="true">
          <Icon name="hand" />
        </span>
      )}
    </li>
  );
}

/** A screen that somebody shares. */
export function ScreenTile({
  name,
  track,
}: {
  readonly name: string;
  readonly track: MediaStreamTrack;
}): ReactNode {
  return (
    <figure className="tile screen">
      <Video track={track} isWhole />
      <figcaption className="plate">{name}</figcaption>
    </figure>
  );
}
