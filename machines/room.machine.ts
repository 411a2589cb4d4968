import { assertEvent, type SnapshotFrom } from 'xstate';
import { emptyRoom, type AiPhase } from './room.context.ts';
import {
  failureOf,
  roomSetup,
  routeRefusalOf,
  type HoldVoiceInput,
  type OpenVoiceInput,
  type RouteAudioInput,
} from './room.setup.ts';

/**
 * One room: who is in it, whether an AI is a participant, and who talks to the AI. Rules and the table of states ×
 * events: SPEC.md. Three readers: the server (through `RoomHost`), the visualiser, the model-based tests; therefore
 * everything in the body is a name.
 *
 * The services are placeholders until `provide` binds them, once per process. Whatever must be closed is an `invoke`:
 * leaving its state, for whatever reason, stops it, and its clean-up closes what it opened.
 */
export const roomMachine = roomSetup.createMachine({
  id: 'room',
  context: emptyRoom,
  initial: 'idle',
  on: {
    'user.joined': { guard: 'isNewcomer', actions: ['addUser', 'announceChange'] },
    'user.updated': { guard: 'changesPresence', actions: ['updatePresence', 'announceChange'] },
    'user.left': [
      {
        guard: 'isLastUser',
        target: '.idle',
        actions: ['removeUser', 'clearAi', 'clearFailure', 'announceDeparture', 'announceChange'],
      },
      { guard: 'isMember', actions: ['removeUser', 'announceDeparture', 'announceChange'] },
    ],
    'user.mute': [
      { guard: 'isMutingListener', actions: ['announceMute'] },
      { guard: 'isMutingMember', actions: ['muteUser', 'announceMute', 'announceChange'] },
      { guard: 'isByMember', actions: [{ type: 'refuse', params: { code: 'user_not_found' } }] },
    ],
    'message.deliver': [
      { guard: 'isToMember', actions: ['deliverMessage'] },
      { guard: 'isByMember', actions: [{ type: 'refuse', params: { code: 'user_not_found' } }] },
    ],
    'message.relay': { guard: 'isByMember', actions: ['relayMessage'] },
    'ai.connect': {
      guard: 'isByMember',
      actions: [{ type: 'refuse', params: { code: 'ai_not_active' } }],
    },
    'ai.control.request': {
      guard: 'isByMember',
      actions: [{ type: 'refuse', params: { code: 'ai_not_active' } }],
    },
    'ai.control.release': {
      guard: 'isByMember',
      actions: [{ type: 'refuse', params: { code: 'ai_not_active' } }],
    },
  },
  states: {
    idle: {
      description:
        'Nobody is here. The meeting lives on for the grace, so that a reload does not end it; then the host may evict the room.',
      after: {
        emptyRoomGrace: { guard: 'hasMeeting', actions: ['announceMeetingEnd', 'forgetMeeting'] },
      },
      on: {
        'room.restored': [
          { guard: 'bringsUsers', target: 'active', actions: ['restoreRoom'] },
          // Entered again, so that the grace is a whole one.
          { guard: 'hasNoMeeting', target: 'idle', reenter: true, actions: ['restoreRoom'] },
        ],
        'user.joined': [
          { guard: 'hasMeeting', target: 'active', actions: ['addUser', 'announceChange'] },
          { target: 'active', actions: ['addUser', 'announceMeetingStart', 'announceChange'] },
        ],
      },
    },
    active: {
      description: 'People, no AI.',
      on: {
        'ai.enable': {
          guard: 'isByMember',
          target: 'aiConnecting',
          actions: ['noteInvitation', 'announceChange'],
        },
        'ai.disable': { guard: 'hasAiFailure', actions: ['clearFailure', 'announceChange'] },
      },
    },
    aiConnecting: {
      description:
        'The call to the AI is being opened. A second ai.enable changes nothing: one call per room.',
      invoke: {
        id: 'openVoice',
        src: 'openVoice',
        input: ({ context }): OpenVoiceInput => {
          if (context.meetingId === null || context.invitation === null) throw new Error('No invitation');
          return { meetingId: context.meetingId, invitation: context.invitation };
        },
        onDone: {
          target: 'aiActive',
          actions: [
            { type: 'noteSession', params: ({ event }) => ({ session: event.output }) },
            'announceChange',
          ],
        },
        onError: {
          target: 'active',
          actions: [
            'clearAi',
            { type: 'noteFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) },
            'announceChange',
          ],
        },
      },
      after: {
        aiConnectTimeout: {
          target: 'active',
          actions: ['clearAi', { type: 'noteFailure', params: { failure: 'timed_out' } }, 'announceChange'],
        },
      },
      on: {
        'ai.disable': { guard: 'isByMember', target: 'active', actions: ['clearAi', 'announceChange'] },
      },
    },
    aiActive: {
      description: 'The AI is a participant. Leaving this state, for whatever reason, closes its call.',
      invoke: {
        id: 'holdVoice',
        src: 'holdVoice',
        input: ({ context }): HoldVoiceInput => {
          if (context.session === null) throw new Error('No AI session');
          return { session: context.session };
        },
        onError: {
          target: 'active',
          actions: ['clearAi', { type: 'noteFailure', params: { failure: 'ended' } }, 'announceChange'],
        },
      },
      after: { aiSessionLimit: { target: 'active', actions: ['clearAi', 'announceChange'] } },
      on: {
        'ai.disable': { guard: 'isByMember', target: 'active', actions: ['clearAi', 'announceChange'] },
        'ai.connect': { guard: 'isByMember', actions: ['announceConnection'] },
        'ai.ended': {
          target: 'active',
          actions: ['clearAi', { type: 'noteFailure', params: { failure: 'ended' } }, 'announceChange'],
        },
      },
      initial: 'free',
      states: {
        free: {
          description: 'Nobody talks to the AI.',
          on: {
            'ai.control.request': { guard: 'isByMember', target: 'granting', actions: ['noteController'] },
            'ai.control.release': {
              guard: 'isByMember',
              actions: [{ type: 'refuse', params: { code: 'ai_control_not_yours' } }],
            },
          },
        },
        granting: {
          description:
            "The requester's audio is being routed to the AI; nobody is shown as its controller yet.",
          invoke: {
            id: 'routeAudio',
            src: 'routeAudio',
            input: ({ context, event }): RouteAudioInput => {
              assertEvent(event, 'ai.control.request');
              if (context.session === null) throw new Error('No AI session');
              return { session: context.session, by: event.by, track: event.track };
            },
            onDone: { target: 'held', actions: ['announceChange'] },
            onError: {
              target: 'free',
              actions: [
                {
                  type: 'refuseController',
                  params: ({ event }) => ({ code: routeRefusalOf(event.error) }),
                },
                'clearController',
              ],
            },
          },
          after: {
            aiRouteTimeout: {
              target: 'free',
              actions: [
                { type: 'refuseController', params: { code: 'ai_control_failed' } },
                'clearController',
              ],
            },
          },
          on: {
            'ai.control.request': [
              { guard: 'isController' },
              {
                guard: 'isByMember',
                actions: [{ type: 'refuse', params: { code: 'ai_control_pending' } }],
              },
            ],
            'ai.control.release': [
              { guard: 'mayRelease', target: 'free', actions: ['clearController'] },
              {
                guard: 'isByMember',
                actions: [{ type: 'refuse', params: { code: 'ai_control_not_yours' } }],
              },
            ],
            'user.left': {
              guard: 'isControllerLeaving',
              target: 'free',
              actions: ['removeUser', 'clearController', 'announceDeparture', 'announceChange'],
            },
          },
        },
        held: {
          description: 'One user talks to the AI and is shown to everybody as its controller.',
          on: {
            'ai.control.request': [
              { guard: 'isController' },
              { guard: 'isByMember', actions: [{ type: 'refuse', params: { code: 'ai_control_held' } }] },
            ],
            'ai.control.release': [
              { guard: 'mayRelease', target: 'free', actions: ['clearController', 'announceChange'] },
              {
                guard: 'isByMember',
                actions: [{ type: 'refuse', params: { code: 'ai_control_not_yours' } }],
              },
            ],
            'user.left': {
              guard: 'isControllerLeaving',
              target: 'free',
              actions: ['removeUser', 'clearController', 'announceDeparture', 'announceChange'],
            },
          },
        },
      },
    },
  },
});

export type RoomMachine = typeof roomMachine;
export type RoomSnapshot = SnapshotFrom<RoomMachine>;

/** The AI's phase in a snapshot, for {@link toAiState}. */
export function aiPhase(snapshot: Pick<RoomSnapshot, 'value'>): AiPhase {
  const { value } = snapshot;
  if (typeof value === 'object') return value.aiActive === 'held' ? 'held' : 'present';
  return value === 'aiConnecting' ? 'connecting' : 'none';
}
