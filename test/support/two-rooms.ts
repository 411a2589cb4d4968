import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import { authorizeBy } from '../../src/identity/authorize.ts';
import { createLog } from '../../src/log.ts';
import { decode } from '../../src/protocol/codec.ts';
import type { Frame } from '../../src/rooms/connection.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { RoomJournal } from '../../src/rooms/room-journal.ts';
import { RoomRegistry } from '../../src/rooms/registry.ts';
import type { RoomHost } from '../../src/rooms/room-host.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { CountingVoice } from './counting-voice.ts';
import { boom } from './failing-machines.ts';
import { endOfTurn, FakeClock } from './fake-clock.ts';
import { DELAYS, SETTINGS, claimOf, FakeConnection, FakeTransport } from './fake-room.ts';

const SWEEP_MS = 1_000;

/** A fan-out that fails for one topic once it is told to. */
class FaultyTransport extends FakeTransport {
  faultyTopic = '';

  override publish(topic: string, frame: Frame, except?: FakeConnection): void {
    if (topic === this.faultyTopic) boom();
    super.publish(topic, frame, except);
  }
}

/** A connection on which sending fails once it is told to. */
export class FaultyConnection extends FakeConnection {
  faulty = false;

  override send(frame: Frame): void {
    if (this.faulty) boom();
    super.send(frame);
  }
}

/** A registry without a gateway, with alice and bob in the room `doomed`, carol and dave in the room `quiet`. */
export class TwoRooms {
  readonly clock = new FakeClock();
  readonly transport = new FaultyTransport();
  readonly voice = new CountingVoice();
  readonly logLines: Record<string, unknown>[] = [];
  readonly store = new MemoryStore();
  readonly journal: RoomJournal;
  readonly registry: RoomRegistry;
  readonly alice: FaultyConnection;
  readonly bob: FaultyConnection;
  readonly carol: FaultyConnection;
  readonly dave: FaultyConnection;

  readonly #rooms = new Map<FakeConnection, string>();

  private constructor(machine: RoomMachine) {
    this.journal = new RoomJournal(this.store, this.clock, createLog('silent'));
    this.registry = new RoomRegistry({
      machine: bindRoomMachine(machine, this.voice, DELAYS, this.clock),
      clock: this.clock,
      transport: this.transport,
      log: createLog('info', {
        write: (line) => void this.logLines.push(JSON.parse(line) as Record<string, unknown>),
      }),
      authorize: authorizeBy('open'),
      onDeparture: () => {},
      ownsTrack: () => true,
      voice: this.voice,
      newMeetingId: () => 'meeting',
      settings: SETTINGS,
      encoder: new StateEncoder(new JsonCache()),
      newEpoch: () => 'epoch',
      journal: this.journal,
    });
    this.alice = this.join('doomed', 'alice');
    this.bob = this.join('doomed', 'bob');
    this.carol = this.join('quiet', 'carol');
    this.dave = this.join('quiet', 'dave');
  }

  /** After the first states. */
  static async open(machine: RoomMachine = roomMachine): Promise<TwoRooms> {
    const rooms = new TwoRooms(machine);
    await endOfTurn();
    for (const connection of rooms.everybody) connection.take();
    return rooms;
  }

  get everybody(): readonly FaultyConnection[] {
    return [this.alice, this.bob, this.carol, this.dave];
  }

  join(room: string, userId: string): FaultyConnection {
    const connection = new FaultyConnection(userId, this.transport);
    this.#rooms.set(connection, room);
    this.registry.admit(room, connection, claimOf(userId));
    return connection;
  }

  /** Lets a connection's room have its message, as the gateway would. */
  say(connection: FakeConnection, message: unknown): void {
    const decoded = decode(JSON.stringify(message));
    if (!decoded.ok) throw new Error(`no message: ${decoded.code}`);
    this.#roomOf(connection)?.receive(connection, decoded.message);
  }

  /** The socket is gone. */
  drop(connection: FakeConnection): void {
    this.transport.connections.delete(connection);
    this.#roomOf(connection)?.disconnected(connection);
  }

  /** Lets time pass, with the sweep of every second. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += SWEEP_MS) {
      this.clock.advance(SWEEP_MS);
      this.registry.sweep(this.clock.now());
    }
  }

  #roomOf(connection: FakeConnection): RoomHost | undefined {
    return this.registry.get(this.#rooms.get(connection) ?? '');
  }
}
