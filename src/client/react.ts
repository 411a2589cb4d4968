import { useEffect, useState, useSyncExternalStore } from 'react';
import type { AiState, User } from '../protocol/messages.ts';
import type { MediaState } from './media/media-state.ts';
import type { RoomMedia } from './media/room-media.ts';
import { RoomClient, type RoomSnapshot } from './room-client.ts';
import type { RoomClientOptions } from './room-client-options.ts';

const never = (): (() => void) => () => {};
const nothing = (): undefined => undefined;

export type UsedRoom = RoomSnapshot & { readonly client: RoomClient };

/**
 * Is in a room while the component is there, and again in another one when server, room, id or token change. The other
 * options are those of the first time. Nothing before the first effect, and on a server that renders.
 */
export function useRoom(options: RoomClientOptions): UsedRoom | undefined {
  const [client, setClient] = useState<RoomClient>();
  const { server, room, id, token } = options;
  useEffect(() => {
    const created = new RoomClient(options);
    setClient(created);
    return () => {
      created.leave();
      setClient(undefined);
    };
    // The options are another object in each render; what makes another connection is in the list.
  }, [server, room, id, token]);
  const snapshot = useSyncExternalStore(client?.subscribe ?? never, client?.getSnapshot ?? nothing, nothing);
  return client === undefined || snapshot === undefined ? undefined : { ...snapshot, client };
}

export type UsedPresence = {
  readonly users: readonly User[];
  /** This client as the others see it. */
  readonly self: User | undefined;
  readonly others: readonly User[];
  readonly ai: AiState | undefined;
};

/** Who is in the room. */
export function usePresence(client: RoomClient | undefined): UsedPresence {
  const room = useSyncExternalStore(client?.subscribe ?? never, () => client?.state, nothing);
  const users = room?.users ?? [];
  return {
    users,
    self: users.find(({ id }) => id === client?.id),
    others: users.filter(({ id }) => id !== client?.id),
    ai: room?.ai,
  };
}

export type UsedMedia = {
  readonly media: RoomMedia | undefined;
  readonly state: MediaState | undefined;
  /** Why there is no media: the server could not be asked. */
  readonly failure: unknown;
};

/** Sound and picture of the room while the component is there. The code for it is loaded then, and not before. */
export function useMedia(client: RoomClient | undefined): UsedMedia {
  const [opened, setOpened] = useState<{ media?: RoomMedia; failure?: unknown }>({});
  useEffect(() => {
    if (client === undefined) return undefined;
    let isOver = false;
    let media: RoomMedia | undefined;
    const open = async (): Promise<void> => {
      try {
        const library = await import('./media/room-media.ts');
        const created = await library.RoomMedia.open(client);
        if (isOver) created.close();
        else setOpened({ media: (media = created) });
      } catch (failure) {
        if (!isOver) setOpened({ failure });
      }
    };
    void open();
    return () => {
      isOver = true;
      media?.close();
      setOpened({});
    };
  }, [client]);
  const { media, failure } = opened;
  const state = useSyncExternalStore(media?.subscribe ?? never, media?.getSnapshot ?? nothing, nothing);
  return { media, state, failure };
}
