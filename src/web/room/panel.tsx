import { useEffect, useRef, type ReactNode } from 'react';
import { Assistant } from './assistant.tsx';
import { Icon } from './icon.tsx';
import { isPerson, type Shared } from './shared.ts';

/** Who is in the call, with what one can do for the others' ears, and the AI. */
export function Panel({ onClose, ...props }: Shared & { readonly onClose: () => void }): ReactNode {
  const { client, people, media } = props;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const inCall = people.users.filter((user) => user.joined && isPerson(user));
  return (
    <aside className="panel" aria-label="People" onKeyDown={({ key }) => key === 'Escape' && onClose()}>
      <div className="row">
        <h2>People</h2>
        <button type="button" className="small" aria-label="Close" ref={close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <ul>
        {inCall.map(({ id, name, tracks }) => (
          <li key={id}>
            <span className="name">{name}</span>
            {id === client.id ? (
              <small>you</small>
            ) : (
              <button
                type="button"
                className="small"
                disabled={tracks.audioEnabled !== true}
                aria-label={tracks.audioEnabled === true ? `Mute ${name}` : `${name} is muted`}
                onClick={() => client.muteUser(id)}
              >
                <Icon name="microphone" isOff={tracks.audioEnabled !== true} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {media?.offer.ai.configured === true && <Assistant {...props} media={media} />}
    </aside>
  );
}
