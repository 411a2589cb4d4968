import {
  A,
  B,
  NOT_CONFIGURED,
  NOT_CONNECTED,
  QUIET,
  REFUSED,
  SPEAKING,
  VAGUE,
  connect,
  deliver,
  disable,
  enable,
  join,
  leave,
  mute,
  notHeld,
  notOpened,
  notRouted,
  opened,
  relay,
  release,
  request,
  restore,
  routed,
  update,
  type Person,
} from './cast.ts';
import { timeout, type EventType, type Move } from './moves.ts';
import type { State } from './states.ts';

/** What happens, and what has happened before, when there were people and no AI yet. */
export type Situation = { readonly move: Move; readonly before?: readonly Move[] };

/** After a failure that a room has had. */
const failed = (by: Person): readonly Move[] => [enable(by), notOpened()];

const OUTCOMES = {
  'service done': { openVoice: { move: opened }, routeAudio: { move: routed } },
  'service failed': {
    openVoice: { move: notOpened() },
    openVoiceNotConfigured: { move: notOpened(NOT_CONFIGURED) },
    openVoiceRefused: { move: notOpened(REFUSED) },
    routeAudio: { move: notRouted() },
    routeAudioNotConnected: { move: notRouted(NOT_CONNECTED) },
    holdVoice: { move: notHeld },
  },
  timeout: {
    emptyRoomGrace: { move: timeout('emptyRoomGrace') },
    aiConnectTimeout: { move: timeout('aiConnectTimeout') },
    aiRouteTimeout: { move: timeout('aiRouteTimeout') },
    aiSessionLimit: { move: timeout('aiSessionLimit') },
  },
} as const;

/**
 * The cases of each event in a room where `a` and `b` are, `a` has invited the AI and is its controller, if it has one.
 */
export const WITH_PEOPLE = {
  'room.restored': { users: { move: restore('meeting-0', B, A) }, noUsers: { move: restore('meeting-0') } },
  'user.joined': { newcomer: { move: join('c', 'meeting-2') }, present: { move: join('b', 'meeting-2') } },
  'user.updated': {
    change: { move: update('b', SPEAKING) },
    same: { move: update('b', QUIET) },
    stranger: { move: update('x', SPEAKING) },
  },
  'user.left': {
    other: { move: leave('b', 'dropped') },
    controller: { move: leave('a', 'timedOut') },
    last: { move: leave('a'), before: [leave('b')] },
    lastAfterFailure: { move: leave('a'), before: [leave('b'), ...failed('a')] },
    stranger: { move: leave('x') },
    strangerBesideLast: { move: leave('x'), before: [leave('b')] },
  },
  'user.mute': {
    speaking: { move: mute('a', 'b'), before: [update('b', SPEAKING)] },
    vague: { move: mute('a', 'b'), before: [update('b', VAGUE)] },
    silent: { move: mute('a', 'b') },
    nobody: { move: mute('a', 'x') },
    byStranger: { move: mute('x', 'b'), before: [update('b', SPEAKING)] },
    silentByStranger: { move: mute('x', 'b') },
  },
  'message.deliver': {
    toMember: { move: deliver('a', 'b') },
    toNobody: { move: deliver('a', 'x') },
    byStranger: { move: deliver('x', 'b') },
  },
  'message.relay': { member: { move: relay('b') }, stranger: { move: relay('x') } },
  'ai.enable': {
    member: { move: enable('b') },
    afterFailure: { move: enable('b'), before: failed('b') },
    stranger: { move: enable('x') },
  },
  'ai.disable': {
    member: { move: disable('b') },
    afterFailure: { move: disable('b'), before: failed('b') },
    stranger: { move: disable('x') },
    strangerAfterFailure: { move: disable('x'), before: failed('b') },
  },
  'ai.connect': { member: { move: connect('b') }, stranger: { move: connect('x') } },
  'ai.control.request': {
    other: { move: request('b') },
    controller: { move: request('a', null) },
    stranger: { move: request('x') },
  },
  'ai.control.release': {
    controller: { move: release('a') },
    other: { move: release('b') },
    moderator: { move: release('b', true) },
    stranger: { move: release('x', true) },
  },
  'ai.ended': { upstream: { move: { type: 'ai.ended' } } },
  ...OUTCOMES,
} as const satisfies Readonly<Record<EventType, Readonly<Record<string, Situation>>>>;

const inEmpty = <const M extends Move>(move: M) =>
  ({ unused: { move }, grace: { move, before: [join('a'), leave('a')] } }) as const;

/** The cases of each event in a room where nobody is: one without a meeting, and one whose meeting may go on. */
export const WITHOUT_PEOPLE = {
  'room.restored': {
    users: { move: restore('meeting-0', B, A) },
    noUsers: { move: restore('meeting-0') },
    usersInGrace: { move: restore('meeting-0', B, A), before: [join('a'), leave('a')] },
    noUsersInGrace: { move: restore('meeting-0'), before: [join('a'), leave('a')] },
  },
  'user.joined': inEmpty(join('b', 'meeting-2')),
  'user.updated': inEmpty(update('a', SPEAKING)),
  'user.left': inEmpty(leave('a')),
  'user.mute': inEmpty(mute('a', 'a')),
  'message.deliver': inEmpty(deliver('a', 'a')),
  'message.relay': inEmpty(relay('a')),
  'ai.enable': inEmpty(enable('a')),
  'ai.disable': inEmpty(disable('a')),
  'ai.connect': inEmpty(connect('a')),
  'ai.control.request': inEmpty(request('a')),
  'ai.control.release': inEmpty(release('a', true)),
  'ai.ended': inEmpty({ type: 'ai.ended' }),
  ...OUTCOMES,
  timeout: {
    ...OUTCOMES.timeout,
    emptyRoomGraceInGrace: { move: timeout('emptyRoomGrace'), before: [join('a'), leave('a')] },
  },
} as const satisfies Readonly<Record<EventType, Readonly<Record<string, Situation>>>>;

/** How a room comes to a state, from where there are people and no AI. */
export const WAYS: Readonly<Record<Exclude<State, 'idle'>, readonly Move[]>> = {
  active: [],
  aiConnecting: [enable('a')],
  'aiActive.free': [enable('a'), opened],
  'aiActive.granting': [enable('a'), opened, request('a')],
  'aiActive.held': [enable('a'), opened, request('a'), routed],
};

/** All that has happened before, in a state. */
export function before(state: State, situation: Situation): readonly Move[] {
  const earlier = situation.before ?? [];
  return state === 'idle' ? earlier : [join('b'), join('a'), ...earlier, ...WAYS[state]];
}
