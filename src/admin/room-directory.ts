import type { StateValue } from 'xstate';
import type { RoomSnapshot } from '../../machines/room.machine.ts';

/** What is said of one room in a list. */
export type RoomSummary = {
  readonly name: string;
  readonly state: StateValue;
  readonly meetingId: string | null;
  readonly users: number;
};

/** Some of the rooms, and how many there are. */
export type RoomList = {
  readonly total: number;
  readonly found: number;
  readonly rooms: readonly RoomSummary[];
};

type Room = { readonly name: string; readonly snapshot: RoomSnapshot };

/** The rooms of this process: the registry. */
export interface RunningRooms {
  readonly roomCount: number;
  list(): Iterable<Room>;
}

/** As many as a person looks through. */
const MAX_LISTED = 200;

/** Finds rooms for people. */
export class RoomDirectory {
  readonly #rooms: RunningRooms;

  constructor(rooms: RunningRooms) {
    this.#rooms = rooms;
  }

  /** Rooms with this text in their names, whatever the case; by name. */
  find(text: string): RoomList {
    const wanted = text.toLowerCase();
    let found = 0;
    let first: Room[] = [];
    for (const room of this.#rooms.list()) {
      if (wanted !== '' && !room.name.toLowerCase().includes(wanted)) continue;
      found += 1;
      first.push(room);
      // There may be a hundred thousand: they are not all sorted.
      if (first.length >= 2 * MAX_LISTED) first = firstByName(first);
    }
    return { total: this.#rooms.roomCount, found, rooms: firstByName(first).map(summaryOf) };
  }
}

const firstByName = (rooms: readonly Room[]): Room[] =>
  rooms.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_LISTED);

const summaryOf = ({ name, snapshot: { value, context } }: Room): RoomSummary => ({
  name,
  state: value,
  meetingId: context.meetingId,
  users: context.users.size,
});
