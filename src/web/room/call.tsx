import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { TalkControl } from './assistant.tsx';
import { hasTalkKey, setTalkKey } from './browser-memory.ts';
import { CallBar } from './call-bar.tsx';
import { CallHeader } from './call-header.tsx';
import { useMessages } from './messages.tsx';
import { Notices } from './notices.tsx';
import { Panel } from './panel.tsx';
import { useRoomHistory } from './room-history.ts';
import { isPerson, type Shared } from './shared.ts';
import { Sounds } from './sounds.tsx';
import { Stage } from './stage.tsx';
import { useTalk } from './talk.ts';
import { TalkButton } from './talk-button.tsx';
import { useTalkKey } from './talk-key.ts';
import { ToastList, useToasts } from './toasts.tsx';
import { refusalText } from './words.ts';

/** The call: everybody, and what one can do. */
export function Call(props: Shared & { readonly onLeave: () => void }): ReactNode {
  const { client, connection, people, state } = props;
  const [isPanelOpen, setPanelOpen] = useState(false);
  const count = people.users.filter((user) => user.joined && isPerson(user)).length;
  const isOpen = connection.status === 'open';
  const { toasts, tell, dismiss } = useToasts();
  useEffect(
    () =>
      client.on('error', (error) => {
        const text = refusalText(error);
        if (text !== undefined) tell(text);
      }),
    [client, tell],
  );
  const talking = useTalking(props, tell);
  const messages = useMessages(client, tell);
  const history = useRoomHistory(client);
  const panel = { ...props, ...talking, messages, history, onClose: () => setPanelOpen(false) };
  return (
    <div className="call" data-lost={!isOpen || undefined}>
      <CallHeader {...props} {...{ count, tell }} />
      <main>
        <Notices {...props} isOpen={isOpen} />
        <Sounds {...{ client, people, state }} />
        <Stage {...{ client, people, state }} />
      </main>
      {isPanelOpen && <Panel {...panel} />}
      <ToastList {...{ toasts, dismiss }} />
      <footer>
        <TalkButton {...{ client, people, connection }} {...talking} />
        <CallBar {...props} {...{ count, isPanelOpen }} onPanel={() => setPanelOpen(!isPanelOpen)} />
      </footer>
    </div>
  );
}

function useTalking(shared: Shared, tell: (text: string) => void): TalkControl {
  const onImpossible = useCallback(
    () => tell('The AI cannot hear you: there is no connection for sound yet. Try again in a moment.'),
    [tell],
  );
  const talk = useTalk({ ...shared, onImpossible });
  const [hasKey, setHasKey] = useState(hasTalkKey);
  useTalkKey(talk, hasKey && shared.people.ai?.enabled === true);
  const onKeyChange = (isOn: boolean): void => {
    setTalkKey(isOn);
    setHasKey(isOn);
  };
  return { talk, hasKey, onKeyChange };
}
