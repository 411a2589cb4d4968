import type { LeaveReason } from '../../machines/room.events.ts';

/** Who is with whom, as far as media is concerned. The rooms know it; what guards the SFU asks. */
export interface Audience {
  /** Whether the login takes part in any room. */
  isPresent(owner: string): boolean;
  /** Whether one of the login's users says in its presence that it sends by this SFU session, and may send. */
  publishes(owner: string, sessionId: string): boolean;
  /**
   * Whether `listener` is in a room in which `publisher` sends by that session. Without a publisher the session is the
   * server's own: the AI's.
   */
  canHear(listener: string, publisher: string | undefined, sessionId: string): boolean;
}

/** A user who has left a room. */
export type Departure = {
  readonly owner: string;
  /** The SFU sessions that the user's presence named. */
  readonly sessionIds: readonly string[];
  readonly reason: LeaveReason;
};
