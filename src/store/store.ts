import type { Role } from '../identity/authorize.ts';
import type { User } from '../protocol/messages.ts';

/** One participant of a live room: what makes it the same participant after a restart. */
export type StoredParticipant = {
  /** The connection id (`_pk`). */
  readonly id: string;
  /** The login that the id belongs to. */
  readonly owner: string;
  readonly role: Role;
  readonly user: User;
  /** When it was last heard before this record was made, which is at its last change; ms since the epoch. */
  readonly lastSeenAt: number;
};

/** A room that was alive when the process before this one ended. */
export type StoredRoom = {
  readonly name: string;
  readonly meetingId: string;
  /** How many states the room had sent. The participants are those of that state, or of the one that waited. */
  readonly revision: number;
  readonly participants: readonly StoredParticipant[];
};

/** A change of a live room. `meetingId` is `null` when the meeting is over and the room is to be forgotten. */
export type RoomChange = {
  readonly name: string;
  readonly meetingId: string | null;
  readonly revision: number;
  readonly put: readonly StoredParticipant[];
  /** Ids of participants who are gone. */
  readonly remove: readonly string[];
};

/** A database that the server must not use; the message is for the person who starts it. */
export class StoreOpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreOpenError';
  }
}

/** What is known of a meeting. Times in ms since the epoch, stored in whole seconds of UTC as the original does. */
export type MeetingChange = {
  readonly id: string;
  /** Counts where the meeting is not known yet. */
  readonly startedAt: number;
  /** When this was so; the end's time, if it has ended. */
  readonly at: number;
  readonly peakUserCount: number;
  readonly ended: boolean;
};

/** An AI call that costs money until it is known to be closed. */
export type StoredAiCall = {
  readonly callId: string;
  readonly sessionId: string;
  readonly trackName: string;
  readonly meetingId: string;
  /** When it was opened; ms since the epoch. */
  readonly openedAt: number;
};

/** Changes that are stored together or not at all. */
export type Batch = {
  readonly meetings: readonly MeetingChange[];
  readonly rooms: readonly RoomChange[];
};

/**
 * What outlives the process. Promises:
 *
 * - A call that resolves has been committed: a killed process does not lose it. (A machine that loses power may lose the
 *   last moments, and never the whole.)
 * - A batch is stored whole or not at all, and batches in the order of their calls.
 * - A call that rejects with `store_unavailable` has changed nothing and may be repeated.
 * - `save` is idempotent: the same batch twice is the same as once. A meeting's peak never falls; a meeting that had
 *   ended and is saved as not ended is open again, as in the original.
 */
export interface Store {
  /** Called once, before anything else. Rejects with a `StoreOpenError`, for the person who starts the server. */
  open(): Promise<void>;
  readLiveRooms(): Promise<readonly StoredRoom[]>;
  save(batch: Batch): Promise<void>;
  /** Calls that no process has closed yet, oldest first. */
  listAiCalls(): Promise<readonly StoredAiCall[]>;
  noteAiCall(call: StoredAiCall): Promise<void>;
  forgetAiCall(callId: string): Promise<void>;
  /** Nothing may be called after. */
  close(): Promise<void>;
}
