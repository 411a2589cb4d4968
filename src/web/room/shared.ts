import type { ConnectionState, RoomClient, User } from '../../client/index.ts';
import type { MediaState, RoomMedia } from '../../client/media/index.ts';
import type { UsedPresence } from '../../client/react.ts';

/** What lobby and call know. */
export type Shared = {
  readonly room: string;
  readonly client: RoomClient;
  readonly connection: ConnectionState;
  readonly people: UsedPresence;
  /** Nothing while it is being loaded, and where the server could not be asked. */
  readonly media: RoomMedia | undefined;
  readonly state: MediaState | undefined;
  readonly hasFailed: boolean;
};

export const isPerson = ({ id }: User): boolean => id !== 'ai';
export const renameUrl = (): string => `/set-username?return-url=${encodeURIComponent(location.pathname)}`;
