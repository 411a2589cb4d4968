import type { AiState, Presence, RoomState, User } from '../src/protocol/messages.ts';

/** An open AI call, as the `voice` port names it. Opaque to the machine but for what everybody sees of it. */
export type AiSession = {
  /** The SFU session that carries the AI's voice. */
  readonly sessionId: string;
  readonly trackName: string;
  /** The upstream's name of the call; empty where there is none. */
  readonly callId: string;
  /** What people see it called, if not `AI`. */
  readonly name?: string;
};

/** Why there is no AI: `not_configured` and `refused` are final until an operator acts, the others may pass. */
export type AiFailure = 'not_configured' | 'refused' | 'unavailable' | 'timed_out' | 'ended';

/** Fixed texts for `roomState.ai.error`. That of `unavailable` and `timed_out` is the original's. */
const AI_FAILURE_TEXT: Readonly<Record<AiFailure, string>> = {
  not_configured: 'No AI is configured on this server',
  refused: "The AI service refuses this server's account (its key, its quota or its model)",
  unavailable: 'Error establishing connection with AI',
  timed_out: 'Error establishing connection with AI',
  ended: 'The connection with the AI was lost',
};

/** Who asked for the AI and how it shall be. */
export type AiInvitation = {
  readonly by: string;
  readonly owner: string;
  readonly voice?: string;
  readonly instructions?: string;
};

/**
 * A room's data: identity and authority. Immutable; a map is copied when a user comes, goes or changes, which costs
 * little beside the frames that each such change sends.
 */
export type RoomContext = {
  /** `null` while no meeting is going on. */
  readonly meetingId: string | null;
  /** By id, in the order of ids (UTF-16 code units), which is the order on the wire. */
  readonly users: ReadonlyMap<string, User>;
  readonly invitation: AiInvitation | null;
  readonly session: AiSession | null;
  /** The user whose audio is being, or has been, routed to the AI. */
  readonly controller: string | null;
  readonly aiFailure: AiFailure | null;
};

export const emptyRoom: RoomContext = {
  meetingId: null,
  users: new Map(),
  invitation: null,
  session: null,
  controller: null,
  aiFailure: null,
};

/** A user before it has said anything of itself, as recorded. */
export function newUser(id: string, name: string): User {
  return {
    id,
    name,
    joined: false,
    raisedHand: false,
    speaking: false,
    tracks: {
      audioEnabled: false,
      audioUnavailable: false,
      videoEnabled: false,
      screenShareEnabled: false,
    },
  };
}

/** The roster with `user` added at its place in the order. */
export function withUser(users: ReadonlyMap<string, User>, user: User): ReadonlyMap<string, User> {
  const result = new Map<string, User>();
  let placed = false;
  for (const [id, other] of users) {
    if (!placed && user.id < id) {
      result.set(user.id, user);
      placed = true;
    }
    result.set(id, other);
  }
  if (!placed) result.set(user.id, user);
  return result;
}

/** A roster of users in any order. */
export function rosterOf(users: readonly User[]): ReadonlyMap<string, User> {
  return new Map(users.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((user) => [user.id, user]));
}

/** One who is not connected does not speak, whatever was last known. [R31] */
export const silent = (user: User): User => (user.speaking ? { ...user, speaking: false } : user);

export function withoutUser(users: ReadonlyMap<string, User>, id: string): ReadonlyMap<string, User> {
  const result = new Map(users);
  result.delete(id);
  return result;
}

/** The roster with the presence of a user replaced; id and name stay the server's. */
export function withPresence(
  users: ReadonlyMap<string, User>,
  id: string,
  presence: Presence,
): ReadonlyMap<string, User> {
  const user = users.get(id);
  if (user === undefined) return users;
  return new Map(users).set(id, { id, name: user.name, ...presence });
}

/** The roster with a user's microphone off. */
export function withMuted(users: ReadonlyMap<string, User>, id: string): ReadonlyMap<string, User> {
  const user = users.get(id);
  if (user === undefined) return users;
  return new Map(users).set(id, { ...user, tracks: { ...user.tracks, audioEnabled: false } });
}

const TRACK_FIELDS = [
  'audioEnabled',
  'audioUnavailable',
  'videoEnabled',
  'screenShareEnabled',
  'audio',
  'video',
  'screenshare',
] as const satisfies readonly (keyof Presence['tracks'])[];

/** Whether two records of presence look the same to everybody. */
export function samePresence(a: Presence, b: Presence): boolean {
  return (
    a.joined === b.joined &&
    a.raisedHand === b.raisedHand &&
    a.speaking === b.speaking &&
    a.transceiverSessionId === b.transceiverSessionId &&
    TRACK_FIELDS.every((field) => a.tracks[field] === b.tracks[field])
  );
}

/** Which of the AI's phases a room is in, read from the machine's state. */
export type AiPhase = 'none' | 'connecting' | 'present' | 'held';

/** `roomState.ai`: the fields the original sends in each phase, the others absent. */
export function toAiState(phase: AiPhase, context: RoomContext): AiState {
  switch (phase) {
    case 'connecting':
      return { enabled: false, connectionPending: true };
    case 'present':
      return { enabled: true, connectionPending: false };
    case 'held':
      return { enabled: true, controllingUser: context.controller ?? '', connectionPending: false };
    case 'none':
      return context.aiFailure === null
        ? { enabled: false }
        : { enabled: false, connectionPending: false, error: AI_FAILURE_TEXT[context.aiFailure] };
  }
}

/** The AI as a participant, in the shape recorded from the original. */
export function toAiUser(session: AiSession): User {
  return {
    id: 'ai',
    name: session.name ?? 'AI',
    joined: true,
    raisedHand: false,
    transceiverSessionId: session.sessionId,
    speaking: false,
    tracks: {
      audioEnabled: true,
      audio: `${session.sessionId}/${session.trackName}`,
      audioUnavailable: false,
      videoEnabled: false,
      screenShareEnabled: false,
    },
  };
}

/** All that the wire says of a room. The host sends the same, written from cached parts. */
export function toRoomState(phase: AiPhase, context: RoomContext): RoomState {
  const users = [...context.users.values()];
  if (context.session !== null) users.push(toAiUser(context.session));
  return { ai: toAiState(phase, context), meetingId: context.meetingId ?? '', users };
}
