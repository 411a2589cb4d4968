import { newUser, type AiSession } from '../../machines/room.context.ts';
import type { LeaveReason, RoomEvent } from '../../machines/room.events.ts';
import { AppError } from '../../src/errors.ts';
import type { Presence, Track } from '../../src/protocol/messages.ts';
import { VoiceError } from '../../src/voice/voice.ts';
import type { Move } from './moves.ts';

/** Who appears: `a` and `b` may be in the room, `b` as a moderator; `c` may come; `x` never does. */
export type Person = 'a' | 'b' | 'c' | 'x';

export const nameOf = (id: Person): string => `${id}'s name`;
export const A = newUser('a', nameOf('a'));
export const B = newUser('b', nameOf('b'));
export const C = newUser('c', nameOf('c'));

export const SPEAKING: Presence = {
  joined: true,
  raisedHand: false,
  speaking: false,
  transceiverSessionId: 'sfu-b',
  tracks: { audioEnabled: true, audioUnavailable: false, videoEnabled: false, audio: 'sfu-b/mic' },
};
/** As SPEAKING, without a word about the microphone. */
export const VAGUE: Presence = { ...SPEAKING, tracks: { audio: 'sfu-b/mic' } };
const { id: _id, name: _name, ...quiet } = B;
/** What the room says of a user who has said nothing of itself. */
export const QUIET: Presence = quiet;

export const SESSION: AiSession = { sessionId: 'sfu-ai', trackName: 'voice', callId: 'call-1' };
export const TRACK: Track = { sessionId: 'sfu-a', trackName: 'mic' };
export const OFFER = 'v=0 offer';
export const FRAME = '{"type":"e2eeMlsMessage","n":1}';

export const MEETING = 'meeting-1';
/** The id that a join would give to a meeting that began with it. */
export const join = (id: Person, meetingId: string = MEETING): RoomEvent => ({
  type: 'user.joined',
  id,
  name: nameOf(id),
  meetingId,
});
export const leave = (id: Person, reason: LeaveReason = 'left'): RoomEvent => ({
  type: 'user.left',
  id,
  reason,
});
export const update = (id: Person, presence: Presence): RoomEvent => ({ type: 'user.updated', id, presence });
export const mute = (by: Person, id: Person): RoomEvent => ({ type: 'user.mute', by, id });
export const deliver = (by: Person, to: Person): RoomEvent => ({
  type: 'message.deliver',
  by,
  to,
  messageJson: '"hello"',
});
export const relay = (by: Person): RoomEvent => ({ type: 'message.relay', by, frame: FRAME });
export const enable = (by: Person): RoomEvent => ({
  type: 'ai.enable',
  by,
  owner: `login of ${by}`,
  voice: 'ash',
  instructions: 'Be brief.',
});
export const disable = (by: Person): RoomEvent => ({ type: 'ai.disable', by });
export const connect = (by: Person): RoomEvent => ({ type: 'ai.connect', by, offer: OFFER });
export const request = (by: Person, track: Track | null = TRACK): RoomEvent => ({
  type: 'ai.control.request',
  by,
  track,
});
export const release = (by: Person, asModerator = false): RoomEvent => ({
  type: 'ai.control.release',
  by,
  asModerator,
});
export const restore = (meetingId: string, ...users: (typeof A)[]): RoomEvent => ({
  type: 'room.restored',
  meetingId,
  users,
});

export const opened: Move = { type: 'xstate.done.actor.openVoice', output: SESSION };
export const routed: Move = { type: 'xstate.done.actor.routeAudio', output: undefined };
export const notOpened = (error: unknown = new Error('upstream')): Move => ({
  type: 'xstate.error.actor.openVoice',
  error,
});
export const notRouted = (error: unknown = new Error('upstream')): Move => ({
  type: 'xstate.error.actor.routeAudio',
  error,
});
export const notHeld: Move = { type: 'xstate.error.actor.holdVoice', error: new Error('hold') };

export const NOT_CONFIGURED = new VoiceError('not_configured');
export const REFUSED = new VoiceError('refused');
export const NOT_CONNECTED = new AppError('ai_not_connected');
