import { roomMachine } from '../../machines/room.machine.ts';
import { authorizeBy } from '../../src/identity/authorize.ts';
import { createLog } from '../../src/log.ts';
import type { Close } from '../../src/protocol/close-codes.ts';
import { decode } from '../../src/protocol/codec.ts';
import { bindRoomMachine, type RoomDelays } from '../../src/rooms/room-services.ts';
import type { Connection, Frame, Transport } from '../../src/rooms/connection.ts';
import type { Claim } from '../../src/rooms/members.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { RoomJournal } from '../../src/rooms/room-journal.ts';
import { RoomRegistry, type RegistryDeps } from '../../src/rooms/registry.ts';
import type { RoomHost } from '../../src/rooms/room-host.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { Voice } from '../../src/voice/voice.ts';
import { unconfiguredVoice } from '../../src/voice/voice.unconfigured.ts';
import { FakeClock } from './fake-clock.ts';

/** The defaults of the configuration. */
export const DELAYS: RoomDelays = {
  emptyRoomGrace: 15_000,
  aiConnectTimeout: 20_000,
  aiRouteTimeout: 10_000,
  aiSessionLimit: 3_300_000,
};

export const SETTINGS: RegistryDeps['settings'] = {
  reconnectGraceMs: 8_000,
  heartbeatTimeoutMs: 15_000,
  periodicStateMs: 15_000,
  stateTickMs: 0,
  stateMaxTickMs: 100,
  maxUsersPerRoom: 100,
  maxRooms: 100,
};

/** Fan-out in memory, with the promises of the port: immediate, in order, nothing after a close. */
export class FakeTransport implements Transport {
  readonly connections = new Set<FakeConnection>();

  publish(topic: string, frame: Frame, except?: FakeConnection): void {
    for (const connection of this.connections) {
      if (connection !== except && connection.topics.has(topic)) connection.send(frame);
    }
  }

  subscribers(topic: string): number {
    return [...this.connections].filter(({ topics }) => topics.has(topic)).length;
  }
}

export class FakeConnection implements Connection {
  readonly id = 'connection';
  readonly userId: string;
  readonly takesPatches: boolean;
  readonly topics = new Set<string>();
  /** Frames got so far, parsed. */
  readonly frames: unknown[] = [];
  end: Close | undefined = undefined;
  readonly #transport: FakeTransport;

  constructor(userId: string, transport: FakeTransport, takesPatches = false) {
    this.userId = userId;
    this.takesPatches = takesPatches;
    this.#transport = transport;
    transport.connections.add(this);
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
  }

  send(frame: Frame): void {
    const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8');
    if (this.end === undefined) this.frames.push(JSON.parse(text));
  }

  publishToOthers(topic: string, frame: Frame): void {
    this.#transport.publish(topic, frame, this);
  }

  close(close: Close): void {
    this.end ??= close;
    this.#transport.connections.delete(this);
  }

  take(): unknown[] {
    return this.frames.splice(0);
  }
}

/** A registry with fake connections and time in the test's hand. */
export class FakeRooms {
  readonly clock = new FakeClock();
  readonly transport = new FakeTransport();
  readonly journal: RoomJournal;
  readonly registry: RoomRegistry;
  #meetings = 0;

  constructor(
    settings: Partial<RegistryDeps['settings']> = {},
    store: Store = new MemoryStore(),
    voice: Voice = unconfiguredVoice,
  ) {
    this.journal = new RoomJournal(store, this.clock, createLog('silent'));
    this.registry = new RoomRegistry({
      machine: bindRoomMachine(roomMachine, voice, DELAYS, this.clock),
      clock: this.clock,
      transport: this.transport,
      log: createLog('silent'),
      encoder: new StateEncoder(new JsonCache()),
      newEpoch: () => 'epoch',
      journal: this.journal,
      authorize: authorizeBy('open'),
      onDeparture: () => {},
      ownsTrack: () => true,
      voice,
      newMeetingId: () => `meeting-${(this.#meetings += 1)}`,
      settings: { ...SETTINGS, ...settings },
    });
  }

  /** The room of all tests; there is one from the first join on. */
  get room(): RoomHost {
    const room = this.registry.get('room');
    if (room === undefined) throw new Error('there is no room');
    return room;
  }

  /** How many users the room has. */
  get userCount(): number {
    return this.room.snapshot.context.users.size;
  }

  join(userId: string, owner: string = userId, takesPatches = false): FakeConnection {
    const connection = new FakeConnection(userId, this.transport, takesPatches);
    this.registry.admit('room', connection, claimOf(userId, owner));
    return connection;
  }

  /** Lets the room have a client's message, as the gateway would. */
  say(connection: FakeConnection, message: unknown): void {
    const decoded = decode(JSON.stringify(message));
    if (decoded.ok) this.room.receive(connection, decoded.message);
    else this.room.refuse(connection, decoded.code);
  }

  /** The socket is gone. */
  drop(connection: FakeConnection): void {
    this.transport.connections.delete(connection);
    this.room.disconnected(connection);
  }

  /** Lets time pass, with the sweep of every second. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.clock.advance(Math.min(1_000, ms - passed));
      this.registry.sweep(this.clock.now());
    }
  }
}

export const claimOf = (userId: string, owner: string = userId): Claim => ({
  userId,
  owner,
  name: `${userId}'s name`,
  role: 'member',
});
