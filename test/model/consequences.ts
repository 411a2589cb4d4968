import type { RoomContext } from '../../machines/room.context.ts';
import type { RoomEffect } from '../../machines/room.events.ts';
import type { User } from '../../src/protocol/messages.ts';
import { A, B, C, FRAME, OFFER, SESSION, SPEAKING, VAGUE, nameOf, type Person } from './cast.ts';
import type { EventType } from './moves.ts';
import type { WITHOUT_PEOPLE, WITH_PEOPLE } from './situations.ts';
import type { State } from './states.ts';

type Changes = Omit<Partial<RoomContext>, 'users'> & { readonly users?: readonly User[] };

/** What an event does, to the letter: what is not named stays as it is, down to the context's identity. */
export type Consequence = {
  /** Where the room goes; the same state if not given. */
  readonly to?: State;
  /** Fields that are others afterwards, and only those. */
  readonly changes?: Changes;
  readonly effects?: readonly RoomEffect[];
};
/** `absent`: in this state the service does not run, or the time does not pass. */
export type Expected = Consequence | 'absent';

type Cells<Situations extends Record<EventType, object>> = {
  readonly [E in EventType]: { readonly [Case in keyof Situations[E]]: Expected };
};
export type Row = Cells<typeof WITH_PEOPLE>;
/** The same for a room where nobody is. */
export type EmptyRow = Cells<typeof WITHOUT_PEOPLE>;

export const NOTHING: Consequence = {};
export const CHANGED: RoomEffect = { type: 'room.changed' };
export const refused = (
  to: Person,
  code: Extract<RoomEffect, { type: 'request.refused' }>['code'],
): Consequence => ({
  effects: [{ type: 'request.refused', to, code }],
});
export const departed = (id: Person, reason: 'left' | 'dropped' | 'timedOut'): readonly RoomEffect[] => [
  { type: 'user.departed', id, reason },
  CHANGED,
];
const muted: RoomEffect = { type: 'user.muted', id: 'b' };
export const invitation = (by: Person) => ({
  by,
  owner: `login of ${by}`,
  voice: 'ash',
  instructions: 'Be brief.',
});

export const NO_CALL = { invitation: null } as const;
export const NO_AI = { ...NO_CALL, session: null } as const;
export const NO_CONTROL = { controller: null } as const;

/** Nobody is here: whoever asks is a stranger. */
export const nobody = { unused: NOTHING, grace: NOTHING } as const;

export const ABSENT = {
  'service done': { openVoice: 'absent', routeAudio: 'absent' },
  'service failed': {
    openVoice: 'absent',
    openVoiceNotConfigured: 'absent',
    openVoiceRefused: 'absent',
    routeAudio: 'absent',
    routeAudioNotConnected: 'absent',
    holdVoice: 'absent',
  },
  timeout: {
    emptyRoomGrace: 'absent',
    aiConnectTimeout: 'absent',
    aiRouteTimeout: 'absent',
    aiSessionLimit: 'absent',
  },
} as const;

/** What does not depend on the AI. */
export const amongPeople = {
  'room.restored': { users: NOTHING, noUsers: NOTHING },
  'user.joined': { newcomer: { changes: { users: [A, B, C] }, effects: [CHANGED] }, present: NOTHING },
  'user.updated': {
    change: { changes: { users: [A, { ...B, ...SPEAKING }] }, effects: [CHANGED] },
    same: NOTHING,
    stranger: NOTHING,
  },
  'user.mute': {
    speaking: {
      changes: { users: [A, { ...B, ...SPEAKING, tracks: { ...SPEAKING.tracks, audioEnabled: false } }] },
      effects: [muted, CHANGED],
    },
    vague: {
      changes: { users: [A, { ...B, ...VAGUE, tracks: { ...VAGUE.tracks, audioEnabled: false } }] },
      effects: [muted, CHANGED],
    },
    silent: { effects: [muted] },
    nobody: refused('a', 'user_not_found'),
    byStranger: NOTHING,
    silentByStranger: NOTHING,
  },
  'message.deliver': {
    toMember: {
      effects: [{ type: 'message.directed', by: 'a', to: 'b', from: nameOf('a'), messageJson: '"hello"' }],
    },
    toNobody: refused('a', 'user_not_found'),
    byStranger: NOTHING,
  },
  'message.relay': {
    member: { effects: [{ type: 'message.relayed', from: 'b', frame: FRAME }] },
    stranger: NOTHING,
  },
} as const satisfies Partial<Row>;

/**
 * @param gone - what becomes of the AI when the last user leaves
 * @param goneAfterFailure - what more, if there has been a failure
 */
export const leaving = (gone: Changes, goneAfterFailure: Changes = {}): Row['user.left'] => ({
  other: { changes: { users: [A] }, effects: departed('b', 'dropped') },
  controller: { changes: { users: [B] }, effects: departed('a', 'timedOut') },
  last: { to: 'idle', changes: { users: [], ...gone }, effects: departed('a', 'left') },
  lastAfterFailure: {
    to: 'idle',
    changes: { users: [], ...gone, ...goneAfterFailure },
    effects: departed('a', 'left'),
  },
  stranger: NOTHING,
  strangerBesideLast: NOTHING,
});

export const NO_CONTROL_WITHOUT_AI = {
  'ai.connect': { member: refused('b', 'ai_not_active'), stranger: NOTHING },
  'ai.control.request': {
    other: refused('b', 'ai_not_active'),
    controller: refused('a', 'ai_not_active'),
    stranger: NOTHING,
  },
  'ai.control.release': {
    controller: refused('a', 'ai_not_active'),
    other: refused('b', 'ai_not_active'),
    moderator: refused('b', 'ai_not_active'),
    stranger: NOTHING,
  },
} as const satisfies Partial<Row>;

/** What is said of a call that is there, or about to be: it is asked for once, and anyone ends it. */
export const invited = (gone: Changes) => {
  const over = { to: 'active', changes: gone, effects: [CHANGED] } as const;
  return {
    'ai.enable': { member: NOTHING, afterFailure: NOTHING, stranger: NOTHING },
    'ai.disable': { member: over, afterFailure: over, stranger: NOTHING, strangerAfterFailure: NOTHING },
  } as const satisfies Partial<Row>;
};

export const lost = (gone: Changes): Consequence => ({
  to: 'active',
  changes: { ...gone, aiFailure: 'ended' },
  effects: [CHANGED],
});
export const withAi = (gone: Changes) =>
  ({
    ...amongPeople,
    ...invited(gone),
    'ai.connect': {
      member: { effects: [{ type: 'ai.connection.requested', by: 'b', session: SESSION, offer: OFFER }] },
      stranger: NOTHING,
    },
    'ai.ended': { upstream: lost(gone) },
  }) as const satisfies Partial<Row>;

export const limited = (gone: Changes): Consequence => ({ to: 'active', changes: gone, effects: [CHANGED] });
export const notOpened = (aiFailure: RoomContext['aiFailure']): Consequence => ({
  to: 'active',
  changes: { ...NO_CALL, aiFailure },
  effects: [CHANGED],
});
export const notRouted = (code: 'ai_control_failed' | 'ai_not_connected'): Consequence => ({
  to: 'aiActive.free',
  changes: NO_CONTROL,
  ...refused('a', code),
});
export const free = (effects: readonly RoomEffect[]): Consequence => ({
  to: 'aiActive.free',
  changes: NO_CONTROL,
  effects,
});
export const WITH_CONTROL = { ...NO_AI, ...NO_CONTROL } as const;
