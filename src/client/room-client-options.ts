import type { PresenceChange } from './own-presence.ts';

/** What {@link RoomClient} needs to know; `room` alone in a page of the server itself. */
export type RoomClientOptions = {
  /** The room's name, as people see it. */
  readonly room: string;
  /** Origin (`https://meet.example.org`) or host of the server; by default the page's own. */
  readonly server?: string;
  /** The connection's id, by which the others know this client; a random UUID by default. */
  readonly id?: string;
  /** An invitation: a join token as `npm run token` prints it. */
  readonly token?: string;
  /** Presence to begin with, beside that of somebody who has just come in. */
  readonly presence?: PresenceChange;
  /** Whether the server may send changes in place of whole states, which are a fraction of the bytes. `true` by default. */
  readonly takesPatches?: boolean;
  /** Whether the client leaves the room when its page is closed or left. `true` by default. */
  readonly leavesWithPage?: boolean;
  /** Between two signs of life; 5 s by default. */
  readonly heartbeatMs?: number;
  /** Between two attempts to connect: from the shorter, growing to the longer. 0.5 to 4 s by default. */
  readonly retryMs?: { readonly min: number; readonly max: number };
  /** The class of the socket, where the platform's own is not enough: for example one that sends a cookie in Node. */
  readonly WebSocket?: new (url: string, protocols?: string[]) => object;
};
