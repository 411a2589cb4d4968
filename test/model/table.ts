import { A, B, MEETING, SESSION } from './cast.ts';
import {
  NOTHING,
  CHANGED,
  nobody,
  ABSENT,
  amongPeople,
  NO_CONTROL_WITHOUT_AI,
  leaving,
  invited,
  lost,
  withAi,
  limited,
  notOpened,
  notRouted,
  free,
  WITH_CONTROL,
  NO_CALL,
  NO_AI,
  NO_CONTROL,
  refused,
  departed,
  invitation,
  type EmptyRow,
  type Row,
} from './consequences.ts';
import type { State } from './states.ts';

export type Table = { readonly [S in State]: S extends 'idle' ? EmptyRow : Row };

/** By rules of SPEC.md alone: what happens in each state, for each event, in each case. */
export const TABLE: Table = {
  idle: {
    ...ABSENT,
    'room.restored': {
      users: { to: 'active', changes: { meetingId: 'meeting-0', users: [A, B] } },
      noUsers: { changes: { meetingId: 'meeting-0' } },
      usersInGrace: NOTHING,
      noUsersInGrace: NOTHING,
    },
    'user.joined': {
      unused: {
        to: 'active',
        changes: { meetingId: 'meeting-2', users: [B] },
        effects: [{ type: 'meeting.started', meetingId: 'meeting-2' }, CHANGED],
      },
      grace: { to: 'active', changes: { users: [B] }, effects: [CHANGED] },
    },
    'user.updated': nobody,
    'user.left': nobody,
    'user.mute': nobody,
    'message.deliver': nobody,
    'message.relay': nobody,
    'ai.enable': nobody,
    'ai.disable': nobody,
    'ai.connect': nobody,
    'ai.control.request': nobody,
    'ai.control.release': nobody,
    'ai.ended': nobody,
    timeout: {
      ...ABSENT.timeout,
      emptyRoomGrace: NOTHING,
      emptyRoomGraceInGrace: {
        changes: { meetingId: null },
        effects: [{ type: 'meeting.ended', meetingId: MEETING }],
      },
    },
  },
  active: {
    ...ABSENT,
    ...amongPeople,
    ...NO_CONTROL_WITHOUT_AI,
    'user.left': leaving({}, { aiFailure: null }),
    'ai.enable': {
      member: { to: 'aiConnecting', changes: { invitation: invitation('b') }, effects: [CHANGED] },
      afterFailure: {
        to: 'aiConnecting',
        changes: { invitation: invitation('b'), aiFailure: null },
        effects: [CHANGED],
      },
      stranger: NOTHING,
    },
    'ai.disable': {
      member: NOTHING,
      afterFailure: { changes: { aiFailure: null }, effects: [CHANGED] },
      stranger: NOTHING,
      strangerAfterFailure: NOTHING,
    },
    'ai.ended': { upstream: NOTHING },
  },
  aiConnecting: {
    ...ABSENT,
    ...amongPeople,
    ...NO_CONTROL_WITHOUT_AI,
    ...invited(NO_CALL),
    'user.left': leaving(NO_CALL),
    'ai.ended': { upstream: NOTHING },
    'service done': {
      ...ABSENT['service done'],
      openVoice: { to: 'aiActive.free', changes: { session: SESSION }, effects: [CHANGED] },
    },
    'service failed': {
      ...ABSENT['service failed'],
      openVoice: notOpened('unavailable'),
      openVoiceNotConfigured: notOpened('not_configured'),
      openVoiceRefused: notOpened('refused'),
    },
    timeout: { ...ABSENT.timeout, aiConnectTimeout: notOpened('timed_out') },
  },
  'aiActive.free': {
    ...ABSENT,
    ...withAi(NO_AI),
    'user.left': leaving(NO_AI),
    'ai.control.request': {
      other: { to: 'aiActive.granting', changes: { controller: 'b' } },
      controller: { to: 'aiActive.granting', changes: { controller: 'a' } },
      stranger: NOTHING,
    },
    'ai.control.release': {
      controller: refused('a', 'ai_control_not_yours'),
      other: refused('b', 'ai_control_not_yours'),
      moderator: refused('b', 'ai_control_not_yours'),
      stranger: NOTHING,
    },
    'service failed': { ...ABSENT['service failed'], holdVoice: lost(NO_AI) },
    timeout: { ...ABSENT.timeout, aiSessionLimit: limited(NO_AI) },
  },
  'aiActive.granting': {
    ...ABSENT,
    ...withAi(WITH_CONTROL),
    'user.left': {
      ...leaving(WITH_CONTROL),
      controller: {
        to: 'aiActive.free',
        changes: { users: [B], ...NO_CONTROL },
        effects: departed('a', 'timedOut'),
      },
    },
    'ai.control.request': {
      other: refused('b', 'ai_control_pending'),
      controller: NOTHING,
      stranger: NOTHING,
    },
    'ai.control.release': {
      controller: free([]),
      other: refused('b', 'ai_control_not_yours'),
      moderator: free([]),
      stranger: NOTHING,
    },
    'service done': { ...ABSENT['service done'], routeAudio: { to: 'aiActive.held', effects: [CHANGED] } },
    'service failed': {
      ...ABSENT['service failed'],
      routeAudio: notRouted('ai_control_failed'),
      routeAudioNotConnected: notRouted('ai_not_connected'),
      holdVoice: lost(WITH_CONTROL),
    },
    timeout: {
      ...ABSENT.timeout,
      aiRouteTimeout: notRouted('ai_control_failed'),
      aiSessionLimit: limited(WITH_CONTROL),
    },
  },
  'aiActive.held': {
    ...ABSENT,
    ...withAi(WITH_CONTROL),
    'user.left': {
      ...leaving(WITH_CONTROL),
      controller: {
        to: 'aiActive.free',
        changes: { users: [B], ...NO_CONTROL },
        effects: departed('a', 'timedOut'),
      },
    },
    'ai.control.request': { other: refused('b', 'ai_control_held'), controller: NOTHING, stranger: NOTHING },
    'ai.control.release': {
      controller: free([CHANGED]),
      other: refused('b', 'ai_control_not_yours'),
      moderator: free([CHANGED]),
      stranger: NOTHING,
    },
    'service failed': { ...ABSENT['service failed'], holdVoice: lost(WITH_CONTROL) },
    timeout: { ...ABSENT.timeout, aiSessionLimit: limited(WITH_CONTROL) },
  },
};
