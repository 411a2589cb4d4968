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

/** An AI call, or a user's own connection to one, that costs money until it is known to be closed. */
export type StoredAiCall = {
  /** The upstream's name of the call; empty for a user's connection, which is the SFU's affair alone. */
  readonly callId: string;
  readonly sessionId: string;
  /** The m-line at the SFU. */
  readonly mid: string;
  readonly trackName: string;
  readonly meetingId: string;
  /** When it was opened; ms since the epoch. */
  readonly openedAt: number;
};

/** A track that a user publishes: the m-line on its session, and its name there. */
export type PublishedTrack = { readonly mid: string; readonly trackName: string };

/** An SFU session, the login that opened it, and what is published on it. */
export type StoredSfuSession = {
  readonly sessionId: string;
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly tracks: readonly PublishedTrack[];
};

/** Something to be told to `FEEDBACK_URL`. */
export type FeedbackMessage = {
  /** Unguessable; stays the same over all attempts. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** One Google Chat card with its id, as JSON text. */
  readonly cardJson: string;
};

/** Messages that travel in one request, now and at every later attempt. */
export type FeedbackBatch = {
  /** The same at every attempt, so that the receiver can tell a repetition. */
  readonly id: string;
  /** How often it has been tried before. */
  readonly attempts: number;
  readonly messages: readonly FeedbackMessage[];
};

/** What a bug report keeps for whoever looks into it. */
export type BugReport = {
  readonly id: string;
  /** The login of the reporter. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** JSON text. */
  readonly historyJson: string;
};

/** What a sender of feedback asks for. All times in ms since the epoch, all durations in ms. */
export type FeedbackClaim = {
  readonly now: number;
  /** Names this claim, and the batch if a new one is made: unguessable, another one each time. */
  readonly claimId: string;
  /** How long the batch is the claimer's; then, if it has not said anything, anybody's. */
  readonly leaseMs: number;
  /** The least time between two claims that got a batch, whoever makes them: the target's rate limit. */
  readonly minIntervalMs: number;
  readonly maxMessages: number;
  /** Of all cards together, in UTF-8; a card that is larger travels alone. */
  readonly maxBytes: number;
};

/** How many bug reports, and how many dead letters, are kept: the oldest go, so that nobody can fill the disk. */
export const MAX_BUG_REPORTS = 500;
export const MAX_DEAD_LETTERS = 1_000;

/**
 * The outbox: what is in it is sent at least once, or ends among the dead letters. Every method is one transaction, so
 * that two senders on one database never hold one message. What a claimer says of its batch counts while the claim is
 * the batch's last: once the lease is over and another has it, nothing happens.
 */
export interface FeedbackStore {
  /** Stores a message, and the report that it links to, together. `false`, and nothing stored, when `limit` wait. */
  addFeedback(message: FeedbackMessage, report: BugReport | null, limit: number): Promise<boolean>;
  /** The next batch that is due and nobody's, oldest first; or when to ask again (`null`: when something was added). */
  claimFeedback(claim: FeedbackClaim): Promise<FeedbackBatch | { readonly nextAt: number | null }>;
  /** The batch has arrived. */
  deliveredFeedback(claimId: string): Promise<void>;
  /** The batch is to be tried again. `split`: each of its messages alone, because one of them spoils the rest. */
  retryFeedback(claimId: string, at: number, split: boolean): Promise<void>;
  /** The batch is given up: its messages are dead letters. */
  buryFeedback(claimId: string, at: number, reason: string): Promise<void>;
  /** How many wait, and how many are dead letters. */
  countFeedback(): Promise<{ readonly waiting: number; readonly dead: number }>;
  readReport(id: string): Promise<BugReport | undefined>;
  /** Deletes reports made, and letters that died, before. */
  pruneFeedback(before: number): Promise<void>;
  /** `false`, and nothing stored, when there was no such meeting. */
  saveCallFeedback(meetingId: string, experiencedIssues: boolean, version: string): Promise<boolean>;
  saveRefresh(version: string): Promise<void>;
}

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
export interface Store extends FeedbackStore {
  /** Called once, before anything else. Rejects with a `StoreOpenError`, for the person who starts the server. */
  open(): Promise<void>;
  readLiveRooms(): Promise<readonly StoredRoom[]>;
  save(batch: Batch): Promise<void>;
  /** What no process has closed yet, oldest first. */
  listAiCalls(): Promise<readonly StoredAiCall[]>;
  /** In place of what was noted of the same SFU session. */
  noteAiCall(call: StoredAiCall): Promise<void>;
  forgetAiCall(sessionId: string): Promise<void>;
  /** All there are, oldest first. */
  listSfuSessions(): Promise<readonly StoredSfuSession[]>;
  /** Stores the session as it is, in place of what was stored of it. */
  putSfuSession(session: StoredSfuSession): Promise<void>;
  forgetSfuSession(sessionId: string): Promise<void>;
  /** Nothing may be called after. */
  close(): Promise<void>;
}
