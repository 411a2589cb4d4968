import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { Icon } from './icon.tsx';
import type { Shared } from './shared.ts';
import type { Talk } from './talk.ts';
import { talkText } from './words.ts';

const HOLDING_KEYS = new Set([' ', 'Enter']);

const onKey = (act: () => void) => (event: KeyboardEvent) => {
  if (!HOLDING_KEYS.has(event.key)) return;
  event.preventDefault();
  if (!event.repeat) act();
};

type Props = Pick<Shared, 'client' | 'people' | 'connection'> & {
  readonly talk: Talk;
  readonly hasKey: boolean;
};

/** Held with a pointer, a finger, or Space and Enter while it has the focus, it talks to the AI. */
export function TalkButton({ client, people, connection, talk, hasKey }: Props): ReactNode {
  const { ai, users } = people;
  if (ai?.enabled !== true) return null;
  const holder = users.find(({ id }) => id === ai.controllingUser);
  const isMine = holder?.id === client.id;
  const hold = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    // A finger may slide off the button while one speaks.
    event.currentTarget.setPointerCapture(event.pointerId);
    talk.start();
  };
  return (
    <button
      type="button"
      className="talk"
      aria-pressed={isMine && talk.isWanted}
      data-wanted={talk.isWanted || undefined}
      aria-keyshortcuts={hasKey ? 'a' : undefined}
      disabled={connection.status !== 'open' || (holder !== undefined && !isMine)}
      onPointerDown={hold}
      onPointerUp={talk.stop}
      onPointerCancel={talk.stop}
      onKeyDown={onKey(talk.start)}
      onKeyUp={onKey(talk.stop)}
      onBlur={talk.stop}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="assistant" />
      <span>{talkText({ isWanted: talk.isWanted, isMine, holder: holder?.name })}</span>
      {hasKey && <kbd aria-hidden="true">A</kbd>}
    </button>
  );
}
