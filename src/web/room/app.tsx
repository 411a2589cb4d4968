import { useState, type ReactNode } from 'react';
import { useMedia, usePresence, useRoom } from '../../client/react.ts';
import { AfterCall } from './after-call.tsx';
import { Call } from './call.tsx';
import { Gone } from './gone.tsx';
import { Lobby } from './lobby.tsx';
import { useSpeaking } from './speaking.ts';
import { forgetJoined, hasJoined, rememberJoined } from './tab-memory.ts';

type Left = { readonly meetingId: string | undefined };

/** The page of a room: being in it, and what comes after. */
export function App({ room }: { readonly room: string }): ReactNode {
  const [left, setLeft] = useState<Left>();
  if (left !== undefined) return <AfterCall {...left} onReturn={() => setLeft(undefined)} />;
  return <Visit room={room} onLeave={setLeft} />;
}

type Props = { readonly room: string; readonly onLeave: (left: Left) => void };

/** The lobby, the call, or why it is over. Whoever leaves takes it away, and with it connection and devices. */
function Visit({ room, onLeave }: Props): ReactNode {
  // Who loads the page again, or comes back from changing the name, is in the call and not in the lobby.
  const used = useRoom({ room, presence: { joined: hasJoined(room) } });
  const people = usePresence(used?.client);
  const { media, state, failure } = useMedia(used?.client);
  useSpeaking(used?.client, state?.microphone.track);

  if (used === undefined) return null;
  const { client, connection, presence } = used;
  if (connection.status === 'gone')
    return <Gone reason={connection.reason} onReturn={() => client.rejoin()} />;
  const shared = { room, client, connection, people, media, state, hasFailed: failure !== undefined };
  if (!presence.joined) {
    const join = (): void => {
      rememberJoined(room);
      client.update({ joined: true });
    };
    return <Lobby {...shared} onJoin={join} />;
  }
  const leave = (): void => {
    forgetJoined(room);
    onLeave({ meetingId: client.state?.meetingId });
  };
  return <Call {...shared} onLeave={leave} />;
}
