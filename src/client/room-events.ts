import type { ErrorCode } from '../errors.ts';
import type { RoomState, ServerMessage, User } from '../protocol/messages.ts';
import type { ConnectionState } from './connection-state.ts';

/** What the server did not do, and why. The original server's errors have no code. */
export type RoomError = {
  readonly code: ErrorCode | undefined;
  /** In words for people. */
  readonly text: string;
};

export type DirectMessage = {
  /** The sender's name. */
  readonly from: string;
  readonly message: unknown;
};

/** What a room client tells, by type of event. */
export type RoomEvents = {
  /** The way to the room has changed. */
  readonly connection: ConnectionState;
  /** The room has another state. `join`, `leave` and `update` have been told before. */
  readonly state: RoomState;
  /** Somebody is in the room who was not. Not told of those who were there first. */
  readonly join: User;
  /** Somebody is not in the room any more; as last seen. */
  readonly leave: User;
  /** Somebody's presence or name has changed. */
  readonly update: { readonly before: User; readonly after: User };
  /** Somebody has muted this client. Its own presence says so already; its microphone is the listener's to stop. */
  readonly muted: undefined;
  readonly directMessage: DirectMessage;
  /** A message of the end-to-end encryption of another client, passed on as it was sent. */
  readonly e2ee: Extract<ServerMessage, { type: 'e2eeMlsMessage' }>;
  /** The answer to the offer of `establishAiPeerConnection`. */
  readonly aiSdp: string;
  readonly error: RoomError;
};
