import { useLayoutEffect, type ReactNode } from 'react';
import type { User } from '../../client/index.ts';
import type { RemoteTracks } from '../../client/media/index.ts';
import { isPerson, type Shared } from './shared.ts';
import { ScreenTile, Tile } from './tile.tsx';
import { tileLayout } from './tile-layout.ts';
import { useSize } from './use-size.ts';

/** More would be stamps, and more pictures than most machines can decode. */
const MAX_TILES = 25;
const GAP = 12;

/** Oneself first, then who speaks or asks to: they must not be among those for whom there is no place. */
const byPlace = (id: string) => {
  const rank = (user: User): number =>
    user.id === id ? 0 : user.speaking || user.raisedHand || !isPerson(user) ? 1 : 2;
  return (a: User, b: User): number => rank(a) - rank(b);
};

/** Everybody in the call, as large as the window allows, and the screens that are shared. */
export function Stage({ client, people, state }: Pick<Shared, 'client' | 'people' | 'state'>): ReactNode {
  const [ref, { width, height }] = useSize<HTMLUListElement>();
  const inCall = people.users.filter(({ joined }) => joined);
  // The order changes only when there is not place for all: tiles that jump are worse than tiles that wait.
  const ordered = inCall.length > MAX_TILES ? inCall.toSorted(byPlace(client.id)) : inCall;
  const shown = ordered.slice(0, MAX_TILES);
  const tracksOf = (user: User): RemoteTracks =>
    user.id === client.id ? ownTracks(state) : (state?.others.get(user.id) ?? {});
  const screens = inCall.flatMap((user) => {
    const { screenshare } = tracksOf(user);
    const name = user.id === client.id ? 'Your screen' : `${user.name}’s screen`;
    return screenshare === undefined ? [] : [{ id: user.id, name, track: screenshare }];
  });
  const { tileWidth } = tileLayout(shown.length, width, height, GAP);
  useLayoutEffect(() => ref.current?.style.setProperty('--tile', `${tileWidth}px`), [ref, tileWidth]);
  return (
    <>
      <div className="stage" data-sharing={screens.length > 0 || undefined}>
        {screens.length > 0 && (
          <div className="screens">
            {screens.map(({ id, name, track }) => (
              <ScreenTile key={id} name={name} track={track} />
            ))}
          </div>
        )}
        <ul className="tiles" id="users" aria-label="People in this room" ref={ref}>
          {shown.map((user) => (
            <Tile key={user.id} user={user} isSelf={user.id === client.id} tracks={tracksOf(user)} />
          ))}
        </ul>
      </div>
      {inCall.length > shown.length && <p className="more">{inCall.length - shown.length} more</p>}
    </>
  );
}

function ownTracks(state: Shared['state']): RemoteTracks {
  return {
    ...(state?.camera.track !== undefined && { video: state.camera.track }),
    ...(state?.screen.track !== undefined && { screenshare: state.screen.track }),
  };
}
