import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import type { Departure } from '../../src/calls/audience.ts';
import { authorizeBy, type Role } from '../../src/identity/authorize.ts';
import { createLog } from '../../src/log.ts';
import { decode } from '../../src/protocol/codec.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { RoomRegistry } from '../../src/rooms/registry.ts';
import { RoomJournal } from '../../src/rooms/room-journal.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { CountingVoice } from './counting-voice.ts';
import { endOfTurn, FakeClock } from './fake-clock.ts';
import { claimOf, DELAYS, FakeConnection, FakeTransport, SETTINGS } from './fake-room.ts';

export type Guest = {
  /** `room` without. */
  readonly room?: string;
  /** The login's; the id without. */
  readonly owner?: string;
  readonly role?: Role;
};

/** Rooms without a gateway, for logins with roles in one or several of them, and what the guards of the SFU hear. */
export class RoleRooms {
  readonly clock = new FakeClock();
  readonly transport = new FakeTransport();
  readonly voice = new CountingVoice();
  readonly store = new MemoryStore();
  readonly journal: RoomJournal;
  readonly registry: RoomRegistry;
  readonly departures: Departure[] = [];
  readonly #rooms = new Map<FakeConnection, string>();
  #meetings = 0;

  constructor(settings: Partial<typeof SETTINGS> = {}, machine: RoomMachine = roomMachine) {
    this.journal = new RoomJournal(this.store, this.clock, createLog('silent'));
    this.registry = new RoomRegistry({
      machine: bindRoomMachine(machine, this.voice, DELAYS, this.clock),
      clock: this.clock,
      transport: this.transport,
      log: createLog('silent'),
      encoder: new StateEncoder(new JsonCache()),
      newEpoch: () => 'epoch',
      journal: this.journal,
      authorize: authorizeBy('open'),
      ownsTrack: () => true,
      voice: this.voice,
      onDeparture: (departure) => void this.departures.push(departure),
      newMeetingId: () => `meeting-${(this.#meetings += 1)}`,
      settings: { ...SETTINGS, ...settings },
    });
  }

  join(id: string, { room = 'room', owner = id, role = 'member' }: Guest = {}): FakeConnection {
    const connection = new FakeConnection(id, this.transport);
    this.#rooms.set(connection, room);
    this.registry.admit(room, connection, { ...claimOf(id, owner), role });
    return connection;
  }

  say(connection: FakeConnection, message: unknown): void {
    const decoded = decode(JSON.stringify(message));
    if (!decoded.ok) throw new Error(`no message: ${decoded.code}`);
    this.registry.get(this.#rooms.get(connection) ?? '')?.receive(connection, decoded.message);
  }

  /** Lets a user say that it sends by these sessions: the microphone by the first, the camera by the second. */
  announce(connection: FakeConnection, audio: string, video?: string): void {
    const tracks = { audio: `${audio}/mic`, ...(video !== undefined && { video: `${video}/cam` }) };
    this.say(connection, { type: 'userUpdate', user: { ...PRESENCE, tracks } });
  }

  /** The socket is gone. */
  drop(connection: FakeConnection): void {
    this.transport.connections.delete(connection);
    this.registry.get(this.#rooms.get(connection) ?? '')?.disconnected(connection);
  }

  /** Lets time pass, with the sweep of every second. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.clock.advance(Math.min(1_000, ms - passed));
      this.registry.sweep(this.clock.now());
    }
  }

  /** Lets everybody hear what there is, and forgets it. */
  async settle(): Promise<void> {
    await endOfTurn();
    for (const connection of this.#rooms.keys()) connection.take();
  }
}

const PRESENCE = { joined: true, raisedHand: false, speaking: false };
