import { assertEvent, assign } from 'xstate';
import { withPresence, type AiFailure, type AiSession } from '../../machines/room.context.ts';
import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';

const presence = { joined: true, raisedHand: false, speaking: false, tracks: {} };
/** The update that {@link throwsOnUpdate} fails on. */
export const BOOM = { type: 'userUpdate', user: { ...presence, transceiverSessionId: 'boom' } };

export const boom = (): never => {
  throw new Error('boom');
};

/** The room's own machine, but for a user who publishes in the session `boom`. */
export const throwsOnUpdate: RoomMachine = roomMachine.provide({
  actions: {
    updatePresence: assign({
      users: ({ context, event }) => {
        assertEvent(event, 'user.updated');
        if (event.presence.transceiverSessionId === 'boom') boom();
        return withPresence(context.users, event.id, event.presence);
      },
    }),
  },
});

export const throwsInGuard: RoomMachine = roomMachine.provide({
  guards: {
    isToMember: ({ context, event }) => {
      assertEvent(event, 'message.deliver');
      return event.to === 'boom' ? boom() : context.users.has(event.to);
    },
  },
});

export const throwsOnTimeout: RoomMachine = roomMachine.provide({
  actions: {
    noteFailure: assign({
      aiFailure: (_, { failure }: { failure: AiFailure }) => (failure === 'timed_out' ? boom() : failure),
    }),
  },
});

export const throwsOnAnswer: RoomMachine = roomMachine.provide({
  actions: { noteSession: assign({ session: (): AiSession => boom() }) },
});

export const throwsOnMeetingEnd: RoomMachine = roomMachine.provide({ actions: { announceMeetingEnd: boom } });
