import type { AiFailure, AiInvitation, AiSession } from '../../machines/room.context.ts';
import type { RoomEffect, RoomEvent } from '../../machines/room.events.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { AiState, RoomState, Track, User } from '../../src/protocol/messages.ts';

/** What there is of an AI: each phase has exactly what it needs, so that nothing can be left over from another. */
export type SpecAi =
  | { readonly phase: 'none'; readonly failure: AiFailure | null }
  | { readonly phase: 'connecting'; readonly invitation: AiInvitation }
  | { readonly phase: 'free'; readonly session: AiSession }
  | {
      readonly phase: 'granting';
      readonly session: AiSession;
      readonly by: string;
      readonly track: Track | null;
    }
  | { readonly phase: 'held'; readonly session: AiSession; readonly by: string };

/** A room as SPEC.md describes it. It is idle when nobody is here; that needs no field of its own. */
export type SpecState = {
  readonly meeting: string | null;
  /** In the order of their ids. */
  readonly people: readonly User[];
  readonly ai: SpecAi;
};

/** How services end and time passes, as events of their own: the model knows neither services nor clocks. */
export type SpecOutcome =
  | { readonly type: 'call.opened'; readonly session: AiSession }
  | { readonly type: 'call.failed'; readonly failure: AiFailure }
  /** The upstream ended the call. */
  | { readonly type: 'call.ended' }
  /** The service that holds the call failed. */
  | { readonly type: 'call.lost' }
  | { readonly type: 'route.done' }
  | { readonly type: 'route.failed'; readonly code: ErrorCode }
  | { readonly type: TimeoutType };
export type TimeoutType = 'time.grace' | 'time.connect' | 'time.route' | 'time.limit';
export type SpecEvent = RoomEvent | SpecOutcome;

/** What an event leads to. */
export type Answer = { readonly state: SpecState; readonly effects: readonly RoomEffect[] };

/** One rule, or a few, for one type of event. */
export type Rule<T extends SpecEvent['type']> = (
  state: SpecState,
  event: Extract<SpecEvent, { type: T }>,
) => Answer;

export const NO_AI: SpecAi = { phase: 'none', failure: null };
export const UNUSED: SpecState = { meeting: null, people: [], ai: NO_AI };

export const become = (state: SpecState, ...effects: RoomEffect[]): Answer => ({ state, effects });
export const refuse = (state: SpecState, to: string, code: ErrorCode): Answer =>
  become(state, { type: 'request.refused', to, code });
export const find = (state: SpecState, id: string): User | undefined =>
  state.people.find((user) => user.id === id);

const FAILURES: Readonly<Record<AiFailure, string>> = {
  not_configured: 'No AI is configured on this server',
  refused: "The AI service refuses this server's account (its key, its quota or its model)",
  unavailable: 'Error establishing connection with AI',
  timed_out: 'Error establishing connection with AI',
  ended: 'The connection with the AI was lost',
};

function aiView(ai: SpecAi): AiState {
  switch (ai.phase) {
    case 'none':
      return ai.failure === null
        ? { enabled: false }
        : { enabled: false, connectionPending: false, error: FAILURES[ai.failure] };
    case 'connecting':
      return { enabled: false, connectionPending: true };
    case 'free':
    case 'granting':
      return { enabled: true, connectionPending: false };
    case 'held':
      return { enabled: true, connectionPending: false, controllingUser: ai.by };
  }
}

function aiUser({ sessionId, trackName }: AiSession): User {
  return {
    id: 'ai',
    name: 'AI',
    joined: true,
    raisedHand: false,
    speaking: false,
    transceiverSessionId: sessionId,
    tracks: {
      audioEnabled: true,
      audioUnavailable: false,
      videoEnabled: false,
      screenShareEnabled: false,
      audio: `${sessionId}/${trackName}`,
    },
  };
}

/** What everybody sees. [R6] [R17] */
export function viewOf({ meeting, people, ai }: SpecState): RoomState {
  const users = 'session' in ai ? [...people, aiUser(ai.session)] : people;
  return { ai: aiView(ai), meetingId: meeting ?? '', users };
}

const VALUES = {
  none: 'active',
  connecting: 'aiConnecting',
  free: { aiActive: 'free' },
  granting: { aiActive: 'granting' },
  held: { aiActive: 'held' },
} as const;

/** The name of the state, in the form that XState gives it. */
export const valueOf = ({ people, ai }: SpecState): (typeof VALUES)[SpecAi['phase']] | 'idle' =>
  people.length === 0 ? 'idle' : VALUES[ai.phase];

/** Which times are running. [R14] [R19] [R22] [R25] */
export function timesOf({ meeting, people, ai }: SpecState): readonly TimeoutType[] {
  if (people.length === 0) return meeting === null ? [] : ['time.grace'];
  if (ai.phase === 'none') return [];
  if (ai.phase === 'connecting') return ['time.connect'];
  return ai.phase === 'granting' ? ['time.limit', 'time.route'] : ['time.limit'];
}

/** The inputs of the services that run: what is being opened, held and routed. [R15] [R23] [R30] */
export function servicesOf({ meeting, ai }: SpecState): {
  opening: readonly unknown[];
  holding: readonly unknown[];
  routing: readonly unknown[];
} {
  return {
    opening: ai.phase === 'connecting' ? [{ meetingId: meeting, invitation: ai.invitation }] : [],
    holding: 'session' in ai ? [ai.session] : [],
    routing: ai.phase === 'granting' ? [{ session: ai.session, by: ai.by, track: ai.track }] : [],
  };
}
