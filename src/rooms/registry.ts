import type { Logger } from 'pino';
import type { RoomMachine } from '../../machines/room.machine.ts';
import type { Audience, Departure } from '../calls/audience.ts';
import type { Clock } from '../clock.ts';
import type { HttpErrorCode } from '../errors.ts';
import type { Authorize } from '../identity/authorize.ts';
import { closeFor, type Close } from '../protocol/close-codes.ts';
import type { Track } from '../protocol/messages.ts';
import type { StoredRoom } from '../store/store.ts';
import type { Voice } from '../voice/voice.ts';
import { Attendance } from './attendance.ts';
import type { Connection, Transport } from './connection.ts';
import type { Claim } from './members.ts';
import type { RoomJournal } from './room-journal.ts';
import { RoomHost } from './room-host.ts';
import type { RoomSettings } from './room-host-deps.ts';
import type { RoomWatcher } from './room-watchers.ts';
import type { StateEncoder } from './state-encoder.ts';

export type RegistryDeps = {
  readonly machine: RoomMachine;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly settings: RoomSettings & { readonly maxRooms: number };
  readonly log: Logger;
  readonly newMeetingId: () => string;
  readonly journal: RoomJournal;
  readonly encoder: StateEncoder;
  readonly newEpoch: () => string;
  readonly authorize: Authorize;
  readonly onDeparture: (departure: Departure) => void;
  readonly ownsTrack: (owner: string, track: Track) => boolean;
  readonly voice: Pick<Voice, 'connect' | 'disconnect'>;
};

/**
 * The rooms of this process by name: a plain map of root actors. A supervisor machine with rooms as its children would
 * copy its table on every start and stop, and one failing room would take the others along.
 */
export class RoomRegistry implements Audience {
  readonly #deps: RegistryDeps;
  readonly #rooms = new Map<string, RoomHost>();
  readonly #attendance = new Attendance();
  /** By the name of the room, also where there is none at the moment. */
  readonly #watchers = new Map<string, Set<RoomWatcher>>();

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  get(name: string): RoomHost | undefined {
    return this.#rooms.get(name);
  }

  /** Why `claim` would not be admitted to the room now, if so; asked before the upgrade. */
  refusal(name: string, claim: Claim): HttpErrorCode | undefined {
    const room = this.#rooms.get(name);
    if (room !== undefined) return room.refusal(claim);
    return this.#rooms.size >= this.#deps.settings.maxRooms ? 'too_many_rooms' : undefined;
  }

  /** Finds or starts the room and lets the connection take part. */
  admit(name: string, connection: Connection, claim: Claim): void {
    const room = this.#rooms.get(name) ?? this.#start(name);
    if (room.isOver) connection.close(closeFor('room_failed'));
    else room.admit(connection, claim);
  }

  /** The rooms there are, in the order in which they began. */
  *list(): Generator<RoomHost> {
    yield* this.#rooms.values();
  }

  /** Looks on at the room of that name, now and whenever there is one, until the function it gives is called. */
  watch(name: string, watcher: RoomWatcher): () => void {
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(watcher));
    this.#rooms.get(name)?.watch(watcher);
    return () => {
      watchers.delete(watcher);
      this.#rooms.get(name)?.unwatch(watcher);
      if (watchers.size === 0 && this.#watchers.get(name) === watchers) this.#watchers.delete(name);
    };
  }

  isPresent(owner: string): boolean {
    return this.#attendance.isPresent(owner);
  }

  publishes(owner: string, sessionId: string): boolean {
    for (const [name, ids] of this.#attendance.roomsOf(owner)) {
      if (this.#rooms.get(name)?.publishes(ids, sessionId) === true) return true;
    }
    return false;
  }

  canHear(listener: string, publisher: string | undefined, sessionId: string): boolean {
    const here = publisher === undefined ? undefined : this.#attendance.roomsOf(publisher);
    for (const name of this.#attendance.roomsOf(listener).keys()) {
      const room = this.#rooms.get(name);
      if (here === undefined) {
        if (room?.snapshot.context.session?.sessionId === sessionId) return true;
      } else if (room?.publishes(here.get(name) ?? [], sessionId) === true) return true;
    }
    return false;
  }

  /** Goes on with the rooms that an earlier process left. [S9] */
  restore(rooms: readonly StoredRoom[]): void {
    for (const stored of rooms) {
      const room = this.#start(stored.name, stored);
      if (room.isOver) continue;
      this.#deps.journal.remember(stored.name, stored.meetingId, room.snapshot.context.users);
    }
    if (rooms.length > 0) this.#deps.log.info({ rooms: this.#rooms.size }, 'rooms restored');
  }

  sweep(now: number): void {
    for (const room of this.#rooms.values()) room.sweep(now);
  }

  /** As `Members.forgive`, for all. */
  forgive(ms: number): void {
    for (const room of this.#rooms.values()) room.forgive(ms);
  }

  /** Closes the connections of all rooms; the rooms themselves are as before. */
  hangUp(close: Close): void {
    for (const room of this.#rooms.values()) room.hangUp(close);
  }

  /** Ends all rooms. */
  stop(): void {
    for (const room of this.#rooms.values()) room.stop();
  }

  #start(name: string, restored?: StoredRoom): RoomHost {
    const room = new RoomHost({
      ...this.#deps,
      name,
      attendance: this.#attendance,
      log: this.#deps.log.child({ room: name }),
      onOver: (over, remains) => {
        if (this.#rooms.get(name) === over) this.#rooms.delete(name);
        if (remains !== undefined) this.#start(name, remains);
      },
    });
    // A machine that fails as it starts leaves a host that is over; its connections are told by `admit`.
    if (!room.isOver) this.#rooms.set(name, room);
    for (const watcher of this.#watchers.get(name) ?? []) room.watch(watcher);
    if (restored !== undefined) room.restore(restored);
    return room;
  }
}
