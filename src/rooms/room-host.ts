import type { Logger } from 'pino';
import { createActor, type Actor } from 'xstate';
import type { RoomEffect, RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { authorize } from '../identity/authorize.ts';
import { closeFor, USER_LEFT, type Close } from '../protocol/close-codes.ts';
import { errorFrame, PONG_FRAME, type ClientMessage } from '../protocol/codec.ts';
import type { StoredRoom } from '../store/store.ts';
import type { Connection, Frame, Transport } from './connection.ts';
import type { RoomJournal, RoomRecord } from './room-journal.ts';
import { Members, type Claim, type MemberSettings } from './members.ts';
import { RoomSender } from './room-sender.ts';
import { stopServices } from './room-services.ts';
import type { StateEncoder } from './state-encoder.ts';
import { StateFeed } from './state-feed.ts';
import { toRoomEvent } from './to-room-event.ts';

export type RoomSettings = MemberSettings & {
  /** How often the unchanged state is sent again, to heal clients; 0 is never. */
  readonly periodicStateMs: number;
  /** How long state changes may be gathered into one frame; 0 is to the end of the turn. */
  readonly stateTickMs: number;
};

export type RoomHostDeps = {
  readonly name: string;
  /** With its services bound; the same object for all rooms. */
  readonly machine: RoomMachine;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly encoder: StateEncoder;
  readonly settings: RoomSettings;
  readonly log: Logger;
  readonly newMeetingId: () => string;
  readonly journal: Pick<RoomJournal, 'changed' | 'meetingEnded'>;
  /**
   * This host is over: the room is empty and without a meeting (no `remains`), or it has failed, and another host may
   * go on with what remains. Called once, from within.
   */
  readonly onOver: (room: RoomHost, remains?: StoredRoom) => void;
};

/** Events after which nothing but the state is sent: they may merge into a state that waits. */
const MERGING: ReadonlySet<RoomEvent['type']> = new Set([
  'user.joined',
  'user.updated',
  'ai.enable',
  'ai.disable',
]);

/**
 * One room's shell: its actor, its connections and what is sent to them. The machine decides, the host carries out;
 * the rules are H1 to H14 of machines/SPEC.md.
 *
 * All methods are synchronous and none throws while the ports keep their promises; a machine or an effect that fails ends
 * this room and no other.
 */
export class RoomHost {
  readonly name: string;
  readonly #deps: RoomHostDeps;
  readonly #actor: Actor<RoomMachine>;
  readonly #topic: string;
  readonly #members: Members;
  readonly #feed: StateFeed;
  readonly #sender: RoomSender;
  /** Whether the event being handled is a departure. */
  #departing = false;
  #nextPeriodicAt: number;
  /** The most users that were here at once. */
  #peak = 0;
  #startedAt = 0;
  #over = false;

  constructor(deps: RoomHostDeps) {
    this.name = deps.name;
    this.#deps = deps;
    this.#topic = `room/${deps.name}`;
    this.#members = new Members(deps.settings);
    this.#sender = new RoomSender(this.#topic, this.#members, deps.transport, deps.log);
    this.#nextPeriodicAt = deps.clock.now() + deps.settings.periodicStateMs;
    this.#actor = createActor(deps.machine, { clock: deps.clock });
    this.#feed = new StateFeed({
      topic: this.#topic,
      clock: deps.clock,
      transport: deps.transport,
      encoder: deps.encoder,
      tickMs: deps.settings.stateTickMs,
      snapshot: () => this.#actor.getSnapshot(),
      onError: (error) => this.#fail(error),
    });
    // XState makes an uncaught exception of what an observer or listener throws, and of an error nobody observes.
    this.#actor.subscribe({ error: (error) => this.#fail(error) });
    this.#actor.on('*', (effect) => {
      try {
        this.#carryOut(effect);
      } catch (error) {
        this.#fail(error);
      }
    });
    this.#actor.start();
  }

  /** Whether this host has nothing to do with its room any more. */
  get isOver(): boolean {
    return this.#over;
  }

  get snapshot(): RoomSnapshot {
    return this.#actor.getSnapshot();
  }

  /** Goes on where an earlier host stopped: its users are here, without connections, and nobody is told anything. [S9] */
  restore({ meetingId, revision, participants }: StoredRoom): void {
    const { clock, log, journal } = this.#deps;
    this.#startedAt = clock.now();
    this.#members.restore(participants, clock.now());
    this.#peak = participants.length;
    this.#feed.resume(revision);
    this.#dispatch({ type: 'room.restored', meetingId, users: participants.map(({ user }) => user) });
    // What the host before had not written down yet; or the end, if a room cannot be restored.
    if (this.#over) return this.#endMeeting(meetingId);
    journal.changed(this);
    log.debug({ meetingId, users: this.#members.size }, 'room restored');
  }

  /** What is to be written down of this room; nothing while there is no meeting. */
  record(): RoomRecord | undefined {
    const { meetingId, users } = this.#actor.getSnapshot().context;
    if (meetingId === null || this.#over) return undefined;
    return {
      meetingId,
      users,
      revision: this.#feed.revision,
      startedAt: this.#startedAt,
      peakUserCount: this.#peak,
      participant: (user) => this.#members.stored(user),
    };
  }

  /** Why `claim` would not be admitted now, if so. [H1] */
  refusal(claim: Claim): 'id_taken' | 'room_full' | undefined {
    return this.#members.refusal(claim);
  }

  /** Lets a connection take part: for a new user, or for one who is here and comes back. Ask `refusal` first. [H2, H3] */
  admit(connection: Connection, claim: Claim): void {
    const { clock, log, newMeetingId } = this.#deps;
    connection.subscribe(this.#topic);
    const { wasHere, older } = this.#members.attach(connection, claim, clock.now());
    if (wasHere) {
      older?.close(closeFor('replaced'));
      // A state of `changes` reaches the newcomer with everybody else, before any other frame; one of `departures`
      // would let the next departure be announced before it.
      if (this.#feed.pending !== 'changes') connection.send(this.#feed.encode());
      return;
    }
    this.#peak = Math.max(this.#peak, this.#members.size);
    log.info({ userId: claim.userId, users: this.#members.size }, 'user joined');
    const { userId: id, name } = claim;
    this.#dispatch({ type: 'user.joined', id, name, meetingId: newMeetingId() });
  }

  /** A valid message of a connection. One whose user has left, or has a newer connection, is not heard. [H4] */
  receive(connection: Connection, message: ClientMessage): void {
    const member = this.#members.heard(connection, this.#deps.clock.now());
    if (member === undefined || message.type === 'heartbeat') return;
    if (!authorize(member.role, message.type)) {
      this.#sendTo(connection, errorFrame('not_allowed'));
    } else if (message.type === 'partyserver-ping') {
      this.#sendTo(connection, PONG_FRAME);
    } else {
      const event = toRoomEvent(member.id, message, authorize(member.role, 'moderateAi'));
      if (event !== undefined) this.#dispatch(event);
    }
  }

  /** Tells the sender of a frame, and nobody else, what was wrong with it. [H11] */
  refuse(connection: Connection, code: ErrorCode): void {
    if (this.#members.of(connection) !== undefined) this.#sendTo(connection, errorFrame(code));
  }

  /** The socket is gone; its user stays for the grace. [H5] */
  disconnected(connection: Connection): void {
    this.#members.detach(connection, this.#deps.clock.now());
  }

  /** Called about once a second for all rooms: expires users, sends the periodic state. [H5, H6, H10] */
  sweep(now: number): void {
    for (const { id, reason } of this.#members.expired(now)) {
      this.#dispatch({ type: 'user.left', id, reason });
    }
    const { periodicStateMs } = this.#deps.settings;
    if (periodicStateMs === 0 || now < this.#nextPeriodicAt) return;
    this.#nextPeriodicAt = now + periodicStateMs;
    if (this.#members.size > 0) this.#feed.publish();
  }

  /** As {@link Members.forgive}. */
  forgive(ms: number): void {
    this.#members.forgive(ms);
  }

  /** Closes the connections, without telling anybody that anybody left: the server stops. */
  hangUp(close: Close): void {
    this.#feed.flush();
    for (const connection of this.#members.connections()) connection.close(close);
  }

  /** Ends the host; there must be no connections any more. */
  stop(): void {
    if (!this.#over) this.#end(USER_LEFT);
    this.#actor.stop();
  }

  /** What another host goes on with; a meeting without users ends here. */
  #remains(): StoredRoom | undefined {
    const record = this.record();
    if (record === undefined) return undefined;
    const { meetingId, revision, users, participant } = record;
    if (users.size === 0) {
      this.#endMeeting(meetingId);
      return undefined;
    }
    return { name: this.name, meetingId, revision, participants: [...users.values()].map(participant) };
  }

  #endMeeting(meetingId: string): void {
    const meeting = { name: this.name, meetingId, startedAt: this.#startedAt, peakUserCount: this.#peak };
    this.#deps.journal.meetingEnded(meeting);
  }

  /** Sends an event to the machine; a state that waits goes out first unless the event can only add to it. [H8] */
  #dispatch(event: RoomEvent): void {
    if (this.#over) return;
    this.#departing = event.type === 'user.left';
    const merges = MERGING.has(event.type) || (this.#departing && this.#feed.pending === 'departures');
    if (!merges) this.#feed.flush();
    // What could not be sent has ended the room.
    if (this.#over) return;
    this.#actor.send(event);
    this.#departing = false;
  }

  #carryOut(effect: RoomEffect): void {
    // The rest of a step in which the room has failed: its successor is at work already.
    if (this.#over) return;
    const { clock, log, journal } = this.#deps;
    switch (effect.type) {
      case 'room.changed':
        this.#feed.mark(this.#departing ? 'departures' : 'changes');
        journal.changed(this);
        return;
      case 'meeting.started':
        this.#startedAt = clock.now();
        log.info({ meetingId: effect.meetingId }, 'meeting started');
        return;
      case 'meeting.ended':
        log.info({ meetingId: effect.meetingId }, 'meeting ended');
        this.#endMeeting(effect.meetingId);
        this.#retire();
        return;
      default:
        this.#sender.carryOut(effect);
    }
  }

  /** A frame that does not come from the machine; it must not overtake the state either. */
  #sendTo(connection: Connection, frame: Frame): void {
    this.#feed.flush();
    connection.send(frame);
  }

  /** The meeting is over and nobody is here: the host is forgotten, a later join starts another. [H12] */
  #retire(): void {
    this.#end(USER_LEFT);
    // Not from within the actor's own step: stopping it there would cut the step short.
    this.#deps.clock.afterTurn(() => this.#actor.stop());
  }

  /** Takes this host out, alone: its clients reconnect into another that goes on with what remains. [H13] */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#deps.log.error({ err: error }, 'room failed');
    stopServices(this.#actor.getSnapshot());
    this.#end(closeFor('room_failed'), this.#remains());
    this.#deps.clock.afterTurn(() => this.#actor.stop());
  }

  #end(close: Close, remains?: StoredRoom): void {
    this.#over = true;
    this.#feed.end();
    this.#deps.onOver(this, remains);
    for (const connection of this.#members.clear()) connection.close(close);
  }
}
