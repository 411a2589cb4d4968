import type { Presence, Track, User } from '../src/protocol/messages.ts';
import type { ErrorCode } from '../src/errors.ts';
import type { AiSession } from './room.context.ts';

/**
 * Why a user is no longer in the room: it said so, its socket stayed away longer than the reconnect grace, or its
 * socket is there but silent.
 */
export type LeaveReason = 'left' | 'dropped' | 'timedOut';

/**
 * What can happen to a room. Facts in the past tense, requests in the imperative. Ids and times come in; `id` and `by`
 * are the connection's own id, never a field of a client's message.
 */
export type RoomEvent =
  /** `meetingId` is used when this join starts a meeting, and ignored when one is going on. */
  | {
      readonly type: 'user.joined';
      readonly id: string;
      readonly name: string;
      readonly meetingId: string;
    }
  /** The room as an earlier process, or an actor that failed, left it. Heard once, before anything else. */
  | {
      readonly type: 'room.restored';
      readonly meetingId: string;
      readonly users: readonly User[];
    }
  | { readonly type: 'user.updated'; readonly id: string; readonly presence: Presence }
  | { readonly type: 'user.left'; readonly id: string; readonly reason: LeaveReason }
  | { readonly type: 'user.mute'; readonly by: string; readonly id: string }
  | {
      readonly type: 'message.deliver';
      readonly by: string;
      readonly to: string;
      /** JSON text of the message; absent when there was none. */
      readonly messageJson: string | undefined;
    }
  /** `frame` is the whole frame, ready to send. */
  | { readonly type: 'message.relay'; readonly by: string; readonly frame: string }
  | {
      readonly type: 'ai.enable';
      readonly by: string;
      /** The login behind `by`: the upstream is told, without learning it, whether two inviters are one. */
      readonly owner: string;
      readonly voice?: string;
      readonly instructions?: string;
    }
  | { readonly type: 'ai.disable'; readonly by: string }
  /** A user without a media library wants a connection of its own to the AI. `offer` is its SDP. */
  | { readonly type: 'ai.connect'; readonly by: string; readonly offer: string }
  /** Without a track, the microphone of the user's own connection to the AI is meant. */
  | { readonly type: 'ai.control.request'; readonly by: string; readonly track: Track | null }
  /** `asModerator`: the shell's authorisation table lets `by` take control away from others. */
  | { readonly type: 'ai.control.release'; readonly by: string; readonly asModerator: boolean }
  /** The upstream ended the call by itself. Sent by the `holdVoice` actor. */
  | { readonly type: 'ai.ended' };

/** Every event a caller may send; the model-based tests and the table of states × events are total over it. */
export type RoomEventType = RoomEvent['type'];

/**
 * What a room tells its host, in this order within one event: who it concerns first (`user.departed`, `user.muted`),
 * then `room.changed`. Plain data, so that a host on another machine could carry it out.
 */
export type RoomEffect =
  /** The state that everybody sees is another one. */
  | { readonly type: 'room.changed' }
  | { readonly type: 'user.departed'; readonly id: string; readonly reason: LeaveReason }
  | { readonly type: 'user.muted'; readonly id: string }
  | {
      readonly type: 'message.directed';
      readonly by: string;
      readonly to: string;
      /** The sender's name. */
      readonly from: string;
      readonly messageJson: string | undefined;
    }
  | { readonly type: 'message.relayed'; readonly from: string; readonly frame: string }
  /** The host opens the connection and tells `by` how it went; the room's state does not depend on it. */
  | {
      readonly type: 'ai.connection.requested';
      readonly by: string;
      readonly session: AiSession;
      readonly offer: string;
    }
  | { readonly type: 'request.refused'; readonly to: string; readonly code: ErrorCode }
  | { readonly type: 'meeting.started'; readonly meetingId: string }
  | { readonly type: 'meeting.ended'; readonly meetingId: string };
