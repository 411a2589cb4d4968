import type { ReactNode } from 'react';
import type { RoomClient, User } from '../../client/index.ts';
import { Icon } from './icon.tsx';
import { renameUrl } from './shared.ts';

type Props = {
  readonly client: RoomClient;
  readonly people: readonly User[];
  readonly onWrite: (id: string) => void;
};

/** Everybody in the call by name, also those for whom there is no tile. */
export function PersonList({ client, people, onWrite }: Props): ReactNode {
  return (
    <ul>
      {people.map((user) => (
        <li key={user.id}>
          <span className="name">
            {user.name}
            {user.raisedHand && <small>hand raised</small>}
          </span>
          {user.id === client.id ? (
            <a href={renameUrl()}>Change name</a>
          ) : (
            <Actions {...{ client, user, onWrite }} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Actions({
  client,
  user: { id, name, tracks },
  onWrite,
}: Omit<Props, 'people'> & { readonly user: User }): ReactNode {
  const isHeard = tracks.audioEnabled === true;
  return (
    <>
      <button type="button" className="small" aria-label={`Write to ${name}`} onClick={() => onWrite(id)}>
        <Icon name="message" />
      </button>
      <button
        type="button"
        className="small"
        disabled={!isHeard}
        aria-label={isHeard ? `Mute ${name}` : `${name} is muted`}
        onClick={() => client.muteUser(id)}
      >
        <Icon name="microphone" isOff={!isHeard} />
      </button>
    </>
  );
}
