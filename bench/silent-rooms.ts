import { roomMachine } from '../machines/room.machine.ts';
import { systemClock } from '../src/clock.ts';
import { authorizeBy } from '../src/identity/authorize.ts';
import type { Logger } from 'pino';
import type { Connection } from '../src/rooms/connection.ts';
import type { JsonCache } from '../src/rooms/json-cache.ts';
import { StateEncoder } from '../src/rooms/state-encoder.ts';
import { RoomRegistry } from '../src/rooms/registry.ts';
import { RoomJournal } from '../src/rooms/room-journal.ts';
import { bindRoomMachine } from '../src/rooms/room-services.ts';
import type { Store } from '../src/store/store.ts';
import { unconfiguredVoice } from '../src/voice/voice.unconfigured.ts';

/**
 * Rooms of a process that sends nothing: what they do themselves is measured.
 *
 * @param json - shared with the store, which writes the users' JSON that their states have made
 */
export function registryOn(
  store: Store,
  json: JsonCache,
  log: Logger,
): { readonly registry: RoomRegistry; readonly journal: RoomJournal } {
  const journal = new RoomJournal(store, systemClock, log);
  const registry = new RoomRegistry({
    machine: bindRoomMachine(
      roomMachine,
      unconfiguredVoice,
      { emptyRoomGrace: 15_000, aiConnectTimeout: 20_000, aiRouteTimeout: 10_000, aiSessionLimit: 3_300_000 },
      systemClock,
    ),
    clock: systemClock,
    // States are made for somebody, who is not sent them.
    transport: { publish: () => {}, subscribers: (topic) => (topic.startsWith('room/') ? 1 : 0) },
    settings: {
      reconnectGraceMs: 8_000,
      heartbeatTimeoutMs: 15_000,
      periodicStateMs: 0,
      stateTickMs: 0,
      stateMaxTickMs: 100,
      maxUsersPerRoom: 100_000,
      maxRooms: 100_000,
    },
    log,
    authorize: authorizeBy('open'),
    onDeparture: () => {},
    ownsTrack: () => true,
    voice: unconfiguredVoice,
    newMeetingId: () => crypto.randomUUID(),
    journal,
    encoder: new StateEncoder(json),
    newEpoch: () => 'epoch',
  });
  return { registry, journal };
}

/** A connection to nobody: sending is not what is measured here. */
const silent = (userId: string): Connection => ({
  id: userId,
  userId,
  takesPatches: false,
  subscribe: () => {},
  send: () => {},
  publishToOthers: () => {},
  close: () => {},
});

export const presence = (speaking: boolean) => ({
  joined: true,
  raisedHand: false,
  speaking,
  transceiverSessionId: 'f'.repeat(64),
  tracks: {
    audioEnabled: true,
    audioUnavailable: false,
    videoEnabled: true,
    screenShareEnabled: false,
    audio: `${'f'.repeat(64)}/${'a'.repeat(36)}`,
    video: `${'f'.repeat(64)}/${'b'.repeat(36)}`,
  },
});

export type Seat = { readonly room: string; readonly connection: Connection; speaking: boolean };

/** Fills rooms, evenly; they are called `room-0` and so on. */
export function fill(registry: RoomRegistry, rooms: number, users: number): Seat[] {
  const seats: Seat[] = [];
  for (let r = 0; r < rooms; r += 1) {
    for (let u = 0; u < users; u += 1) {
      const connection = silent(`user-${u}-${'x'.repeat(28)}`);
      const claim = {
        userId: connection.userId,
        name: `User ${u}`,
        owner: `sid:${r}-${u}`,
        role: 'member',
      } as const;
      registry.admit(`room-${r}`, connection, claim);
      seats.push({ room: `room-${r}`, connection, speaking: false });
    }
  }
  return seats;
}

export function toggle(registry: RoomRegistry, seat: Seat): void {
  seat.speaking = !seat.speaking;
  registry
    .get(seat.room)
    ?.receive(seat.connection, { type: 'userUpdate', presence: presence(seat.speaking) });
}
