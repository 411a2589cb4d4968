import type { ReactNode } from 'react';
import { useMedia, usePresence, useRoom } from '../../client/react.ts';
import { Call } from './call.tsx';
import { Gone } from './gone.tsx';
import { Lobby } from './lobby.tsx';
import { useSpeaking } from './speaking.ts';
import { forgetJoined, hasJoined, rememberJoined } from './tab-memory.ts';

/** The page of a room: the lobby, the call, or why it is over. */
export function App({ room }: { readonly room: string }): ReactNode {
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
    media?.close();
    client.leave();
    location.assign('/');
  };
  return <Call {...shared} onLeave={leave} />;
}
