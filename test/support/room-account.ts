import type { Presence, User } from '../../src/protocol/messages.ts';
import type { Frame, TestClient } from './test-client.ts';

export type End = { readonly code: number; readonly reason: string };

/** A client's connection, and what it ought to get until everything is looked at. */
export type Socket = {
  readonly name: string;
  readonly userId: string;
  /** Names the meeting of its whole life. */
  readonly meeting: number;
  readonly client: TestClient;
  /** `ending`: frames may still be under way to it. `over`: it ended at a known moment and gets nothing after it. */
  status: 'opening' | 'open' | 'ending' | 'over';
  end: End | undefined;
  /** Keys of the frames, states aside, that have to come, and of those that can: they race its start or end. */
  must: string[];
  may: string[];
  /** How many of its frames were looked at. */
  seen: number;
};

/** A user who is in a room. */
export type Seat = {
  readonly id: string;
  presence: Presence;
  socket: Socket | undefined;
  /** When it was last heard, or its socket went away. */
  since: number;
  /** How many numbered messages it has sent. */
  said: number;
};

/** What one socket got since it was looked at before, and what it ought to have got; see {@link Socket}. */
export type Report = {
  readonly socket: string;
  readonly room: string;
  readonly userId: string;
  readonly meeting: number;
  readonly before: readonly Frame[];
  readonly frames: readonly Frame[];
  readonly must: readonly string[];
  readonly may: readonly string[];
  /** How many changes there were for states to show. */
  readonly changes: number;
  /** The users of its last state, if it is still open. */
  readonly users: readonly User[] | undefined;
  readonly end: End | undefined;
  readonly expectedEnd: End | undefined;
};

const RECONNECT_GRACE_MS = 8_000;
const HEARTBEAT_TIMEOUT_MS = 15_000;
const EMPTY_ROOM_GRACE_MS = 15_000;

export const nameOf = (id: string): string => `name of ${id}`;

const newcomer = (): Presence => ({
  joined: false,
  raisedHand: false,
  speaking: false,
  tracks: { audioEnabled: false, audioUnavailable: false, videoEnabled: false, screenShareEnabled: false },
});

/** Notes a frame that is under way to a socket. */
export function hear(socket: Socket, key: string): void {
  if (socket.status === 'over') return;
  if (socket.status === 'open') socket.must.push(key);
  else socket.may.push(key);
}

/** The socket ends, and what is under way to it may be lost. */
export function endWhileTalking(socket: Socket, end: End): void {
  socket.status = 'ending';
  socket.end = end;
  socket.may.push(...socket.must.splice(0));
}

/** A plain account of one room, kept beside the server and without its code: who is in it, and who must hear what. */
export class RoomAccount {
  readonly name: string;
  /** In the order of joining. */
  readonly seats = new Map<string, Seat>();
  readonly sockets = new Set<Socket>();
  /** Keys of what was told to everybody since everything was looked at. */
  inFlight: string[] = [];
  /** How many states were worth sending since then; fewer are sent where changes merge. */
  changes = 0;
  meeting: number | undefined;
  #emptySince = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The users as everybody has to see them. */
  get users(): readonly User[] {
    const users = [...this.seats.values()].map(({ id, presence }) => ({ id, name: nameOf(id), ...presence }));
    return users.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether the room waits, without anybody, for its meeting to end. */
  get inGrace(): boolean {
    return this.meeting !== undefined && this.seats.size === 0;
  }

  sit(id: string, socket: Socket): void {
    const seat = this.seats.get(id);
    if (seat === undefined) this.seats.set(id, { id, presence: newcomer(), socket, since: 0, said: 0 });
    else seat.socket = socket;
    this.sockets.add(socket);
    this.changes += 1;
  }

  update(seat: Seat, presence: Presence): void {
    seat.presence = presence;
    this.changes += 1;
  }

  mute(seat: Seat): void {
    this.update(seat, { ...seat.presence, tracks: { ...seat.presence.tracks, audioEnabled: false } });
  }

  /** Everybody who has a socket is told, but for `except`. */
  tell(key: string, except?: Socket): void {
    this.inFlight.push(key);
    for (const socket of this.sockets) if (socket !== except) hear(socket, key);
  }

  leave(seat: Seat, now: number): void {
    this.#depart(seat, now, seat.socket);
    this.changes += 1;
  }

  /** Who was away or silent for too long leaves, all of them at once; who has a socket is told of it too. */
  sweep(now: number): void {
    const { size } = this.seats;
    for (const seat of this.seats.values()) {
      const { socket, since } = seat;
      if (now - since < (socket === undefined ? RECONNECT_GRACE_MS : HEARTBEAT_TIMEOUT_MS)) continue;
      this.#depart(seat, now);
      if (socket === undefined) continue;
      socket.status = 'over';
      socket.end = { code: 1011, reason: '' };
    }
    if (this.seats.size < size) this.changes += 1;
  }

  endMeeting(now: number): void {
    if (this.inGrace && now - this.#emptySince >= EMPTY_ROOM_GRACE_MS) this.meeting = undefined;
  }

  /** Everything was looked at. */
  rest(): void {
    this.inFlight = [];
    this.changes = 0;
    for (const socket of this.sockets) {
      if (socket.status !== 'open') this.sockets.delete(socket);
      socket.must = [];
      socket.may = [];
      socket.seen = socket.client.frames.length;
    }
  }

  #depart(seat: Seat, now: number, except?: Socket): void {
    this.seats.delete(seat.id);
    this.#emptySince = now;
    this.tell(`left ${seat.id}`, except);
  }
}

/** What there is to look at, before the room is at rest. */
export async function report(room: RoomAccount, socket: Socket): Promise<Report> {
  const { client, name, seen, status, must, may, userId, meeting, end } = socket;
  return {
    socket: name,
    room: room.name,
    userId,
    meeting,
    before: client.frames.slice(0, seen),
    frames: client.frames.slice(seen),
    must,
    may,
    changes: room.changes,
    users: status === 'open' ? room.users : undefined,
    end: status === 'open' ? undefined : await client.closed,
    expectedEnd: end,
  };
}
