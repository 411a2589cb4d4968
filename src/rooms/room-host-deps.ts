import type { Logger } from 'pino';
import type { RoomMachine } from '../../machines/room.machine.ts';
import type { Departure } from '../calls/audience.ts';
import type { Clock } from '../clock.ts';
import type { Authorize } from '../identity/authorize.ts';
import type { Track } from '../protocol/messages.ts';
import type { StoredRoom } from '../store/store.ts';
import type { Voice } from '../voice/voice.ts';
import type { Attendance } from './attendance.ts';
import type { Transport } from './connection.ts';
import type { MemberSettings } from './members.ts';
import type { RoomJournal } from './room-journal.ts';
import type { StateEncoder } from './state-encoder.ts';

export type RoomSettings = MemberSettings & {
  /** How often the unchanged state is sent again, to heal clients; 0 is never. */
  readonly periodicStateMs: number;
  /** How long state changes may be gathered into one frame; 0 is to the end of the turn. */
  readonly stateTickMs: number;
  /** How long they are gathered at most in a room whose states are much to send; 0 is never for that. */
  readonly stateMaxTickMs: number;
};

export type RoomHostDeps = {
  readonly name: string;
  /** With its services bound; the same object for all rooms. */
  readonly machine: RoomMachine;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly encoder: StateEncoder;
  /** Names the sequence of a host's states: letters, digits and `-`. */
  readonly newEpoch: () => string;
  readonly settings: RoomSettings;
  readonly attendance: Attendance;
  readonly authorize: Authorize;
  readonly log: Logger;
  readonly newMeetingId: () => string;
  readonly journal: Pick<RoomJournal, 'changed' | 'meetingEnded'>;
  /** Whether a login publishes the track: nobody has another's microphone routed to the AI. */
  readonly ownsTrack: (owner: string, track: Track) => boolean;
  /** Opens and ends users' own connections to the AI. */
  readonly voice: Pick<Voice, 'connect' | 'disconnect'>;
  /** A user is no longer a member. */
  readonly onDeparture: (departure: Departure) => void;
  /**
   * This host is over: the room is empty and without a meeting (no `remains`), or it has failed, and another host may
   * go on with what remains. Called once, from within.
   */
  readonly onOver: (room: object, remains?: StoredRoom) => void;
};
