import { createActor, type Actor } from 'xstate';
import type { LeaveReason, RoomEffect, RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { ErrorCode } from '../errors.ts';
import { closeFor, TIMED_OUT, USER_LEFT, type Close } from '../protocol/close-codes.ts';
import { errorFrame, PONG_FRAME, type ClientMessage } from '../protocol/codec.ts';
import type { StoredRoom } from '../store/store.ts';
import { AiConnections } from './ai-connections.ts';
import type { Connection, Frame } from './connection.ts';
import { MeetingRecord } from './meeting-record.ts';
import type { RoomHostDeps } from './room-host-deps.ts';
import type { RoomRecord } from './room-journal.ts';
import { Members, type Claim } from './members.ts';
import { RoomSender } from './room-sender.ts';
import { stopServices } from './room-services.ts';
import { publishes, sessionsOf } from './published-sessions.ts';
import { refusalOf } from './refusal.ts';
import { RoomChannel } from './room-channel.ts';
import { RoomWatchers, type RoomWatcher } from './room-watchers.ts';
import { StateFeed } from './state-feed.ts';
import { addsToState, toRoomEvent } from './to-room-event.ts';

/**
 * One room's shell: its actor, its connections and what is sent to them. The machine decides, the host carries out;
 * the rules are H1 to H17 of machines/SPEC.md.
 *
 * All methods are synchronous and none throws while the ports keep their promises; what fails ends this room alone.
 */
export class RoomHost {
  readonly name: string;
  readonly #deps: RoomHostDeps;
  readonly #actor: Actor<RoomMachine>;
  readonly #members: Members;
  readonly #feed: StateFeed;
  readonly #sender: RoomSender;
  readonly #record: MeetingRecord;
  readonly #watchers: RoomWatchers;
  /** Whether the event being handled is a departure. */
  #departing = false;
  #nextPeriodicAt: number;
  #over = false;

  constructor(deps: RoomHostDeps) {
    this.name = deps.name;
    this.#deps = deps;
    const channel = new RoomChannel(deps.name, deps.transport);
    this.#members = new Members(deps.settings, deps.name, deps.attendance);
    this.#record = new MeetingRecord(deps.name, this.#members, deps.clock, deps.journal);
    const connections = new AiConnections(deps.voice, deps.log, (connection, frame) => {
      if (this.#members.of(connection) !== undefined) this.#sendTo(connection, frame);
    });
    this.#sender = new RoomSender(channel, this.#members, connections, () => this.#feed.flush(), deps.log);
    this.#nextPeriodicAt = deps.clock.now() + deps.settings.periodicStateMs;
    this.#actor = createActor(deps.machine, { clock: deps.clock });
    this.#feed = new StateFeed({
      channel,
      clock: deps.clock,
      encoder: deps.encoder,
      epoch: deps.newEpoch(),
      tickMs: deps.settings.stateTickMs,
      maxTickMs: deps.settings.stateMaxTickMs,
      snapshot: () => this.#actor.getSnapshot(),
      onError: (error) => this.#fail(error),
    });
    this.#watchers = new RoomWatchers(this.#actor, (error) =>
      deps.log.error({ err: error }, 'watcher failed'),
    );
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
    this.#record.started();
    this.#members.restore(participants, clock.now());
    this.#record.counted(participants.length);
    this.#feed.resume(revision);
    this.#dispatch({ type: 'room.restored', meetingId, users: participants.map(({ user }) => user) });
    // What the host before had not written down yet; or the end, if a room cannot be restored.
    if (this.#over) return this.#record.ended(meetingId);
    journal.changed(this);
    log.debug({ meetingId, users: this.#members.size }, 'room restored');
  }

  /** What is to be written down of this room; nothing while there is no meeting. */
  record(): RoomRecord | undefined {
    return this.#over ? undefined : this.#record.of(this.#actor.getSnapshot(), this.#feed.revision);
  }

  /** Why `claim` would not be admitted now, if so. [H1] */
  refusal(claim: Claim): 'id_taken' | 'room_full' | undefined {
    return this.#members.refusal(claim);
  }

  /** Lets a connection take part: for a new user, or for one who is here and comes back. Ask `refusal` first. [H2, H3] */
  admit(connection: Connection, claim: Claim): void {
    const { clock, log, newMeetingId } = this.#deps;
    const { wasHere, older } = this.#members.attach(connection, claim, clock.now());
    if (wasHere) {
      older?.close(closeFor('replaced'));
      // A state of `changes` reaches the newcomer with everybody else, before any other frame; one of `departures`
      // would let the next departure be announced before it.
      return this.#feed.enter(connection, this.#feed.pending === 'changes');
    }
    log.info({ userId: claim.userId, users: this.#members.size, role: claim.role }, 'user joined');
    const { userId: id, name } = claim;
    // Nobody is told of one who only watches: to the machine there is no such user. [H15]
    if (claim.role === 'hidden') return this.#feed.enter(connection, false);
    this.#feed.enter(connection, true);
    this.#dispatch({ type: 'user.joined', id, name, meetingId: newMeetingId() });
    this.#record.counted(this.#actor.getSnapshot().context.users.size);
  }

  /** A valid message of a connection. One whose user has left, or has a newer connection, is not heard. [H4] */
  receive(connection: Connection, message: ClientMessage): void {
    const member = this.#members.heard(connection, this.#deps.clock.now());
    if (member === undefined || message.type === 'heartbeat') return;
    const { authorize, ownsTrack } = this.#deps;
    const { id, role } = member;
    const refusal = refusalOf(member, message, authorize, ownsTrack);
    if (refusal !== undefined) {
      this.#refuse(connection, refusal, message.type);
    } else if (message.type === 'partyserver-ping') {
      this.#sendTo(connection, PONG_FRAME);
    } else if (message.type === 'resync') {
      if (!this.#feed.resync(connection)) this.#refuse(connection, 'rate_limited', message.type);
    } else if (role === 'hidden') {
      if (message.type === 'userLeft') this.#dismiss(id, 'left');
    } else {
      const event = toRoomEvent(member, message, authorize(role, 'relenquishAiControl', 'others'));
      if (event !== undefined) this.#dispatch(event);
    }
  }

  /** Tells the sender of a frame, and nobody else, what was wrong with it. [H11] */
  refuse(connection: Connection, code: ErrorCode): void {
    if (this.#members.of(connection) !== undefined) this.#refuse(connection, code, undefined);
  }

  /** Lets somebody look on, until `unwatch` or the room's end. [L1] */
  watch(watcher: RoomWatcher): void {
    if (!this.#over) this.#watchers.add(watcher);
  }

  unwatch(watcher: RoomWatcher): void {
    this.#watchers.remove(watcher);
  }

  /** The socket is gone; its user stays for the grace. [H5] */
  disconnected(connection: Connection): void {
    this.#members.detach(connection, this.#deps.clock.now());
  }

  /** Called about once a second for all rooms: expires users, sends the periodic state. [H5, H6, H10] */
  sweep(now: number): void {
    for (const { id, reason } of this.#members.expired(now)) {
      if (this.#members.roleOf(id) === 'hidden') this.#dismiss(id, reason);
      else this.#dispatch({ type: 'user.left', id, reason });
    }
    const { periodicStateMs } = this.#deps.settings;
    if (periodicStateMs === 0 || now < this.#nextPeriodicAt) return;
    this.#nextPeriodicAt = now + periodicStateMs;
    if (this.#members.size > 0) this.#feed.publish();
  }

  /** Whether one of these users sends by the SFU session, and may. */
  publishes(userIds: Iterable<string>, sessionId: string): boolean {
    const { users } = this.#actor.getSnapshot().context;
    return publishes(users, userIds, sessionId, (id) => this.#mayPublish(id));
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

  /** Sends an event to the machine; a state that waits goes out first unless the event can only add to it. [H8] */
  #dispatch(event: RoomEvent): void {
    if (this.#over) return;
    this.#departing = event.type === 'user.left';
    const leaving =
      event.type === 'user.left' ? this.#actor.getSnapshot().context.users.get(event.id) : undefined;
    const owner = leaving && this.#members.ownerOf(leaving.id);
    const merges = addsToState(event) || (this.#departing && this.#feed.pending === 'departures');
    if (!merges) this.#feed.flush();
    // What could not be sent has ended the room.
    if (this.#over) return;
    this.#actor.send(event);
    this.#departing = false;
    if (event.type !== 'user.left' || leaving === undefined || owner === undefined) return;
    this.#deps.onDeparture({ owner, reason: event.reason, sessionIds: sessionsOf(leaving) });
  }

  #refuse(connection: Connection, code: ErrorCode, messageType: ClientMessage['type'] | undefined): void {
    this.#sendTo(connection, errorFrame(code));
    this.#watchers.refused({ by: connection.userId, messageType, code });
  }

  #mayPublish(id: string): boolean {
    const role = this.#members.roleOf(id);
    return role !== undefined && this.#deps.authorize(role, 'publishTracks');
  }

  /** Takes one out whom nobody saw. A room that has had nobody else is over. */
  #dismiss(id: string, reason: LeaveReason): void {
    const connection = this.#members.connectionOf(id);
    const owner = this.#members.ownerOf(id);
    this.#members.remove(id);
    connection?.close(reason === 'left' ? USER_LEFT : TIMED_OUT);
    if (owner !== undefined) this.#deps.onDeparture({ owner, reason, sessionIds: [] });
    if (this.#members.size === 0 && this.#actor.getSnapshot().context.meetingId === null) this.#retire();
  }

  #carryOut(effect: RoomEffect): void {
    // The rest of a step in which the room has failed: its successor is at work already.
    if (this.#over) return;
    const { log, journal } = this.#deps;
    switch (effect.type) {
      case 'room.changed':
        this.#feed.mark(this.#departing ? 'departures' : 'changes');
        journal.changed(this);
        return;
      case 'meeting.started':
        this.#record.started();
        log.info({ meetingId: effect.meetingId }, 'meeting started');
        return;
      case 'meeting.ended':
        log.info({ meetingId: effect.meetingId }, 'meeting ended');
        this.#record.ended(effect.meetingId);
        // Those who only watch may stay, for the next meeting.
        if (this.#members.size === 0) return this.#retire();
        return this.#feed.mark('changes');
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
    this.#end(closeFor('room_failed'), this.#record.remains(this.#actor.getSnapshot(), this.#feed.revision));
    this.#deps.clock.afterTurn(() => this.#actor.stop());
  }

  #end(close: Close, remains?: StoredRoom): void {
    this.#over = true;
    this.#feed.end();
    this.#watchers.over();
    // Before a successor takes the same users up.
    const connections = this.#members.clear();
    this.#deps.onOver(this, remains);
    for (const connection of connections) connection.close(close);
  }
}
