export { RoomClient, type RoomSnapshot } from './room-client.ts';
export type { RoomClientOptions } from './room-client-options.ts';
export type { DirectMessage, RoomError, RoomEvents } from './room-events.ts';
export type { ConnectionState, GoneReason } from './connection-state.ts';
export type { PresenceChange } from './own-presence.ts';
export { presenceChanges, type PresenceChanges } from './presence-changes.ts';
export { StateFollower } from './state-follower.ts';
export type { Unsubscribe } from './emitter.ts';
export type {
  AiState,
  ClientFrame,
  Presence,
  RoomState,
  ServerMessage,
  Track,
  User,
} from '../protocol/messages.ts';
