import { assertEvent, assign, emit, fromCallback, fromPromise, setup } from 'xstate';
import type { ErrorCode } from '../src/errors.ts';
import type { Track } from '../src/protocol/messages.ts';
import {
  newUser,
  rosterOf,
  silent,
  samePresence,
  withMuted,
  withoutUser,
  withPresence,
  withUser,
  type AiFailure,
  type AiInvitation,
  type AiSession,
  type RoomContext,
} from './room.context.ts';
import type { RoomEffect, RoomEvent } from './room.events.ts';

/** Input of the `openVoice` service. */
export type OpenVoiceInput = { readonly meetingId: string; readonly invitation: AiInvitation };
/** Input of the `routeAudio` service: whose audio goes into which call; `null` is the user's own connection's. */
export type RouteAudioInput = {
  readonly session: AiSession;
  readonly by: string;
  readonly track: Track | null;
};
/** Input of the `holdVoice` service, which owns an open call: it closes the call when it is stopped. */
export type HoldVoiceInput = { readonly session: AiSession };

const notProvided = (service: string) => (): never => {
  throw new Error(`The service ${service} is not provided`);
};

/** Failures that a rejected `openVoice` may name: both are final until an operator acts. */
const NAMED_FAILURES: ReadonlySet<unknown> = new Set<AiFailure>(['not_configured', 'refused']);

/** The failure that a rejected `openVoice` names in its `failure` field; any other error is `unavailable`. */
export function failureOf(error: unknown): AiFailure {
  return typeof error === 'object' &&
    error !== null &&
    'failure' in error &&
    NAMED_FAILURES.has(error.failure)
    ? (error.failure as AiFailure)
    : 'unavailable';
}

/** What a requester is told when `routeAudio` has rejected: the error's `code`, where that is a reason of its own. */
export function routeRefusalOf(error: unknown): ErrorCode {
  const isNamed = typeof error === 'object' && error !== null && 'code' in error;
  return isNamed && error.code === 'ai_not_connected' ? 'ai_not_connected' : 'ai_control_failed';
}

/**
 * The vocabulary of the room's statechart: what each name in its body does. Every service is a placeholder, so that the
 * machine can be drawn and walked without a server.
 */
export const roomSetup = setup({
  types: {
    context: {} as RoomContext,
    events: {} as RoomEvent,
    emitted: {} as RoomEffect,
    children: {} as { openVoice: 'openVoice'; holdVoice: 'holdVoice'; routeAudio: 'routeAudio' },
  },
  actors: {
    openVoice: fromPromise<AiSession, OpenVoiceInput>(notProvided('openVoice')),
    routeAudio: fromPromise<void, RouteAudioInput>(notProvided('routeAudio')),
    holdVoice: fromCallback<RoomEvent, HoldVoiceInput>(notProvided('holdVoice')),
  },
  delays: {
    emptyRoomGrace: 15_000,
    aiConnectTimeout: 20_000,
    aiRouteTimeout: 10_000,
    // OpenAI ends a Realtime session after 60 minutes; ending it ourselves lets us say so and close both sides.
    aiSessionLimit: 55 * 60_000,
  },
  guards: {
    isNewcomer: ({ context, event }) => {
      assertEvent(event, 'user.joined');
      return !context.users.has(event.id);
    },
    isMember: ({ context, event }) => 'id' in event && context.users.has(event.id),
    isByMember: ({ context, event }) => 'by' in event && context.users.has(event.by),
    isLastUser: ({ context, event }) => {
      assertEvent(event, 'user.left');
      return context.users.size === 1 && context.users.has(event.id);
    },
    changesPresence: ({ context, event }) => {
      assertEvent(event, 'user.updated');
      const user = context.users.get(event.id);
      return user !== undefined && !samePresence(user, event.presence);
    },
    isMutingListener: ({ context, event }) => {
      assertEvent(event, 'user.mute');
      return context.users.has(event.by) && context.users.get(event.id)?.tracks.audioEnabled === false;
    },
    isMutingMember: ({ context, event }) => {
      assertEvent(event, 'user.mute');
      return context.users.has(event.by) && context.users.has(event.id);
    },
    isToMember: ({ context, event }) => {
      assertEvent(event, 'message.deliver');
      return context.users.has(event.by) && context.users.has(event.to);
    },
    isController: ({ context, event }) => 'by' in event && context.controller === event.by,
    isControllerLeaving: ({ context, event }) => {
      assertEvent(event, 'user.left');
      return context.controller === event.id && context.users.size > 1;
    },
    mayRelease: ({ context, event }) => {
      assertEvent(event, 'ai.control.release');
      return context.users.has(event.by) && (context.controller === event.by || event.asModerator);
    },
    bringsUsers: ({ context, event }) => {
      assertEvent(event, 'room.restored');
      return context.meetingId === null && event.users.length > 0;
    },
    hasMeeting: ({ context }) => context.meetingId !== null,
    hasNoMeeting: ({ context }) => context.meetingId === null,
    hasAiFailure: ({ context, event }) =>
      context.aiFailure !== null && 'by' in event && context.users.has(event.by),
  },
  actions: {
    addUser: assign({
      users: ({ context, event }) => {
        assertEvent(event, 'user.joined');
        return withUser(context.users, newUser(event.id, event.name));
      },
      meetingId: ({ context, event }) => {
        assertEvent(event, 'user.joined');
        return context.meetingId ?? event.meetingId;
      },
    }),
    removeUser: assign({
      users: ({ context, event }) => {
        assertEvent(event, 'user.left');
        return withoutUser(context.users, event.id);
      },
    }),
    updatePresence: assign({
      users: ({ context, event }) => {
        assertEvent(event, 'user.updated');
        return withPresence(context.users, event.id, event.presence);
      },
    }),
    muteUser: assign({
      users: ({ context, event }) => {
        assertEvent(event, 'user.mute');
        return withMuted(context.users, event.id);
      },
    }),
    restoreRoom: assign({
      meetingId: ({ event }) => {
        assertEvent(event, 'room.restored');
        return event.meetingId;
      },
      users: ({ event }) => {
        assertEvent(event, 'room.restored');
        return rosterOf(event.users.map(silent));
      },
    }),
    forgetMeeting: assign({ meetingId: null }),
    noteInvitation: assign({
      aiFailure: null,
      invitation: ({ event }) => {
        assertEvent(event, 'ai.enable');
        const { type: _, ...invitation } = event;
        return invitation;
      },
    }),
    noteSession: assign({ session: (_, params: { session: AiSession }) => params.session }),
    noteFailure: assign({ aiFailure: (_, params: { failure: AiFailure }) => params.failure }),
    noteController: assign({
      controller: ({ event }) => {
        assertEvent(event, 'ai.control.request');
        return event.by;
      },
    }),
    clearController: assign({ controller: null }),
    clearAi: assign({ invitation: null, session: null, controller: null }),
    clearFailure: assign({ aiFailure: null }),

    announceChange: emit({ type: 'room.changed' }),
    announceMeetingStart: emit(({ context }) => ({
      type: 'meeting.started',
      meetingId: context.meetingId ?? '',
    })),
    announceMeetingEnd: emit(({ context }) => ({
      type: 'meeting.ended',
      meetingId: context.meetingId ?? '',
    })),
    announceDeparture: emit(({ event }) => {
      assertEvent(event, 'user.left');
      return { type: 'user.departed', id: event.id, reason: event.reason };
    }),
    announceMute: emit(({ event }) => {
      assertEvent(event, 'user.mute');
      return { type: 'user.muted', id: event.id };
    }),
    deliverMessage: emit(({ context, event }) => {
      assertEvent(event, 'message.deliver');
      return {
        type: 'message.directed',
        by: event.by,
        to: event.to,
        from: context.users.get(event.by)?.name ?? '',
        messageJson: event.messageJson,
      };
    }),
    relayMessage: emit(({ event }) => {
      assertEvent(event, 'message.relay');
      return { type: 'message.relayed', from: event.by, frame: event.frame };
    }),
    announceConnection: emit(({ context, event }) => {
      assertEvent(event, 'ai.connect');
      if (context.session === null) throw new Error('No AI session');
      const { by, offer } = event;
      return { type: 'ai.connection.requested', by, session: context.session, offer };
    }),
    refuse: emit(({ event }, params: { code: ErrorCode }) => ({
      type: 'request.refused',
      to: 'by' in event ? event.by : '',
      code: params.code,
    })),
    refuseController: emit(({ context }, params: { code: ErrorCode }) => ({
      type: 'request.refused',
      to: context.controller ?? '',
      code: params.code,
    })),
  },
});
