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

/** The rooms of this process: the registry. */
export interface RunningRooms {
  readonly roomCount: number;
  list(): Iterable<{ readonly name: string; readonly snapshot: RoomSnapshot }>;
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
    const found = [...this.#rooms.list()].filter(({ name }) => name.toLowerCase().includes(wanted));
    const listed = found.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_LISTED);
    return { total: this.#rooms.roomCount, found: found.length, rooms: listed.map(summaryOf) };
  }
}

const summaryOf = ({
  name,
  snapshot: { value, context },
}: {
  readonly name: string;
  readonly snapshot: RoomSnapshot;
}): RoomSummary => ({ name, state: value, meetingId: context.meetingId, users: context.users.size });
