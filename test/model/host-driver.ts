import assert from 'node:assert/strict';
import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine } from '../../machines/room.machine.ts';
import type { Departure } from '../../src/calls/audience.ts';
import { authorizeBy } from '../../src/identity/authorize.ts';
import { createLog } from '../../src/log.ts';
import { decode } from '../../src/protocol/codec.ts';
import { USER_LEFT } from '../../src/protocol/close-codes.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { RoomRegistry } from '../../src/rooms/registry.ts';
import { RoomJournal } from '../../src/rooms/room-journal.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { DELAYS, FakeConnection, FakeTransport, SETTINGS } from '../support/fake-room.ts';
import { nameOf, type Person } from './cast.ts';
import { messageOf } from './client-messages.ts';
import type { Driver, Task } from './drive.ts';
import { expectedOf, REPLACED } from './expected-frames.ts';
import { HandClock } from './hand-clock.ts';
import { HandVoice } from './hand-voice.ts';
import { readable, viewOf } from './invariants.ts';
import { LastStates } from './last-states.ts';
import type { Step } from './model.ts';
import { isOutcome, type Move } from './moves.ts';
import { stateOf } from './states.ts';
import { assertAccount, bringAbout, Rivals, roomTimes, timesIn } from './upstream.ts';

const ROOM = 'room';
const PEOPLE: readonly Person[] = ['a', 'b', 'x'];
const ownerOf = (id: string): string => `login of ${id}`;
const roleOf = (id: string) => (id === 'b' ? 'admin' : 'member');

/** A room's host among fake connections. Each person has one, in the room or not. */
export class HostDriver implements Driver {
  readonly #voice = new HandVoice();
  readonly #clock = new HandClock();
  readonly #transport = new FakeTransport();
  readonly #registry: RoomRegistry;
  readonly #departures: Departure[] = [];
  readonly #connections = new Map<Person, FakeConnection>();
  readonly #lastStates = new LastStates();
  readonly #rivals = new Rivals();
  /** To which call each has a connection of its own. */
  readonly #linked = new Map<string, AiSession>();
  #nextMeeting = '';

  constructor(machine: RoomMachine) {
    const log = createLog('silent');
    this.#registry = new RoomRegistry({
      machine: bindRoomMachine(machine, this.#voice, DELAYS, this.#clock),
      clock: this.#clock,
      transport: this.#transport,
      log,
      encoder: new StateEncoder(new JsonCache()),
      newEpoch: () => 'epoch',
      journal: new RoomJournal(new MemoryStore(), this.#clock, log),
      authorize: authorizeBy('open'),
      ownsTrack: () => true,
      voice: this.#voice,
      onDeparture: (departure) => void this.#departures.push(departure),
      newMeetingId: () => this.#nextMeeting,
      settings: { ...SETTINGS, periodicStateMs: 0 },
    });
  }

  async perform(task: Task): Promise<void> {
    const earlier = new Map(PEOPLE.map((id) => [id, this.#connectionOf(id)]));
    if (this.#rivals.arrive(task, this.#voice) > 0) await Promise.resolve();
    this.#happen(task.move);
    await endOfTurn();
    await endOfTurn();
    this.#assertHeard(task, earlier);
    this.#assertRoom(task);
  }

  async end(): Promise<void> {
    this.#registry.hangUp(USER_LEFT);
    this.#registry.stop();
    await endOfTurn();
    await endOfTurn();
    assert.deepEqual(roomTimes(this.#clock), [], 'the timers of a room that is over');
    assertAccount(this.#voice, 'idle', undefined);
  }

  #happen(move: Move): void {
    if (isOutcome(move)) {
      // Where there is no room, there is no grace either.
      if (this.#registry.get(ROOM) !== undefined) bringAbout(move, this.#voice, this.#clock);
    } else if (move.type === 'user.joined') {
      this.#nextMeeting = move.meetingId;
      this.#connect(move.id as Person);
    } else if (move.type === 'room.restored') this.#restore(move);
    else if (move.type === 'ai.ended') this.#voice.end();
    else if (move.type === 'user.left' && move.reason !== 'left') this.#vanish(move);
    else this.#say(messageOf(move));
  }

  #say({ by, message }: ReturnType<typeof messageOf>): void {
    const decoded = decode(JSON.stringify(message));
    if (!decoded.ok) throw new Error(`no message: ${decoded.code}`);
    this.#registry.get(ROOM)?.receive(this.#connectionOf(by as Person), decoded.message);
  }

  /** By a new connection; an older one has something to say, and then is gone, which nobody must notice. */
  #connect(id: Person): void {
    const older = this.#connections.get(id);
    const connection = new FakeConnection(id, this.#transport);
    this.#connections.set(id, connection);
    this.#registry.admit(ROOM, connection, {
      userId: id,
      name: nameOf(id),
      owner: ownerOf(id),
      role: roleOf(id),
    });
    if (older === undefined) return;
    this.#registry.get(ROOM)?.receive(older, { type: 'userLeft' });
    this.#registry.get(ROOM)?.disconnected(older);
  }

  /** With everybody's page back at once. */
  #restore({ meetingId, users }: Extract<RoomEvent, { type: 'room.restored' }>): void {
    const participants = users.map(
      (user) =>
        ({
          id: user.id,
          owner: ownerOf(user.id),
          role: roleOf(user.id),
          user,
          lastSeenAt: 0,
        }) as const,
    );
    this.#registry.restore([{ name: ROOM, meetingId, revision: 7, participants }]);
    for (const { id } of users) this.#connect(id as Person);
  }

  /** The socket goes, or is silent, and the others are heard until the sweep finds out. */
  #vanish({ id, reason }: Extract<RoomEvent, { type: 'user.left' }>): void {
    const connection = this.#connectionOf(id as Person);
    if (reason === 'dropped') {
      this.#transport.connections.delete(connection);
      this.#registry.get(ROOM)?.disconnected(connection);
    }
    this.#clock.pass(reason === 'dropped' ? SETTINGS.reconnectGraceMs : SETTINGS.heartbeatTimeoutMs);
    for (const other of PEOPLE) if (other !== id) this.#say({ by: other, message: { type: 'heartbeat' } });
    this.#registry.sweep(this.#clock.now());
  }

  /** The connection that somebody has, had last, or has without being in the room. */
  #connectionOf(id: Person): FakeConnection {
    let connection = this.#connections.get(id);
    if (connection === undefined) {
      connection = new FakeConnection(id, this.#transport);
      this.#connections.set(id, connection);
    }
    return connection;
  }

  #assertHeard(task: Task, earlier: ReadonlyMap<Person, FakeConnection>): void {
    const { before, step } = task;
    const expected = expectedOf(task);
    for (const id of PEOPLE) {
      const older = earlier.get(id);
      const connection = this.#connectionOf(id);
      const wasHere = before.context.users.has(id);
      if (older !== undefined && older !== connection) {
        assert.deepEqual(older.take(), [], `${id} hears nothing by an older connection`);
        if (wasHere) assert.deepEqual(older.end, REPLACED, `the older connection of ${id}`);
      }
      const { frames, end } = expected.get(id) ?? { frames: [] };
      const heard = connection.take();
      assert.deepEqual(heard, frames, `what ${id} hears`);
      if (wasHere) assert.deepEqual(connection.end, end, `how the connection of ${id} ends`);
      this.#lastStates.note(id, heard);
    }
    this.#lastStates.assertSame(step.snapshot.context.users.keys(), viewOf(step.snapshot));
    this.#assertTold(step);
  }

  /** What others than the users have been told: who has left, and who wants a connection to the AI. */
  #assertTold({ effects }: Step): void {
    const departed = effects.flatMap((effect) =>
      effect.type === 'user.departed' ? [{ by: effect.id, reason: effect.reason }] : [],
    );
    assert.deepEqual(
      this.#departures.splice(0).map(({ owner, reason }) => ({ owner, reason })),
      departed.map(({ by, reason }) => ({ owner: ownerOf(by), reason })),
      'who has left',
    );
    const over = departed.flatMap(({ by }) => {
      const session = this.#linked.get(by);
      return this.#linked.delete(by) && session !== undefined ? [{ session, by }] : [];
    });
    assert.deepEqual(this.#voice.disconnected.splice(0), over, 'whose connection to the AI ends');
    const wanted = effects.flatMap((effect) => {
      if (effect.type !== 'ai.connection.requested') return [];
      const { by, session, offer } = effect;
      this.#linked.set(by, session);
      return [{ by, session, offer }];
    });
    assert.deepEqual(this.#voice.connected.splice(0), wanted, 'who wants a connection to the AI');
  }

  #assertRoom({ step: { snapshot } }: Task): void {
    const state = stateOf(snapshot);
    assertAccount(this.#voice, state, snapshot.context.session?.callId);
    const room = this.#registry.get(ROOM);
    const isNobodys = snapshot.context.meetingId === null;
    assert.equal(room === undefined, isNobodys, 'there is a room while there is a meeting');
    assert.deepEqual(roomTimes(this.#clock), isNobodys ? [] : timesIn(state), 'the timers');
    if (room === undefined) return;
    assert.equal(stateOf(room.snapshot), state, 'the state');
    assert.deepEqual(readable(room.snapshot.context), readable(snapshot.context), 'the context');
  }
}
