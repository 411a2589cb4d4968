import type { App } from '../../src/app.ts';
import type { Presence } from '../../src/protocol/messages.ts';
import { endOfTurn } from './fake-clock.ts';
import {
  endWhileTalking,
  hear,
  nameOf,
  report,
  RoomAccount,
  type End,
  type Report,
  type Seat,
  type Socket,
} from './room-account.ts';
import { loginCookie, type TestServer } from './server.ts';
import { TestClient } from './test-client.ts';

type Place = { readonly user: number; readonly room: number };

/** What a user does who is in a room. */
type Deed =
  | { readonly type: 'relay' | 'drop' | 'close' }
  | { readonly type: 'update'; readonly presence: Presence }
  | { readonly type: 'direct' | 'mute'; readonly target: number }
  /** With `talksOn`, more messages follow `userLeft` on the same socket. */
  | { readonly type: 'leave'; readonly talksOn: boolean };

/** A step of a walk. What makes no sense where the walk stands (an update by nobody) is passed over. */
export type Action =
  | (Place & { readonly type: 'connect' })
  /** As `connect`, by who has a socket already. */
  | (Place & { readonly type: 'replace' })
  | (Place & Deed)
  | { readonly type: 'settle' }
  /** The users of `silent` send nothing while time passes, the others their heartbeats. */
  | { readonly type: 'wait'; readonly ms: number; readonly silent: readonly number[] };

export type Size = {
  readonly users: number;
  readonly rooms: number;
  /** The server's `STATE_TICK_MS`. */
  readonly tickMs: number;
};

/** Everything that came of the steps since the server was at rest before. */
export type Window = {
  readonly reports: readonly Report[];
  readonly stats: ReturnType<App['stats']>;
  readonly expectedStats: ReturnType<App['stats']>;
  readonly timers: number;
  readonly expectedTimers: { readonly least: number; readonly most: number };
};

/** What a step does to a user; two steps whose order on different sockets would matter are kept apart by a rest. */
type Trace = 'acted' | 'updated' | 'muted' | 'addressed' | 'moved';

/** Ids whose order in UTF-16 differs from that of a dictionary, and that must survive a URL. */
const IDS = ['b', 'B', '10', '9', 'ü &x'];
const ROOMS = ['red', 'blue'];
const SWEEP_MS = 1_000;
const HEARTBEAT_EVERY_MS = 4_000;

/** Walks a server with real clients, and keeps an account of what ought to come of it. */
export class RoomWalk {
  readonly #server: TestServer;
  readonly #rooms: readonly RoomAccount[];
  readonly #size: Size;
  readonly #onRest: (window: Window) => void;
  readonly #traces = new Map<string, Set<Trace>>();
  #nextSweep: number;
  #meetings = 0;
  #opened = 0;

  /** @param onRest - looks at what has come, each time when all that was sent has been handled and received */
  constructor(server: TestServer, size: Size, onRest: (window: Window) => void) {
    this.#server = server;
    this.#size = size;
    this.#onRest = onRest;
    this.#nextSweep = server.clock.now() + SWEEP_MS;
    this.#rooms = ROOMS.slice(0, size.rooms).map((name) => new RoomAccount(name));
  }

  async perform(action: Action): Promise<void> {
    if (action.type === 'settle') return this.settle();
    if (action.type === 'wait') return this.#wait(action.ms, action.silent);
    const room = this.#roomAt(action.room);
    const id = this.#idAt(action.user);
    const seat = room.seats.get(id);
    if (action.type === 'connect' || action.type === 'replace') {
      if ((seat?.socket !== undefined) === (action.type === 'replace')) await this.#connect(room, id);
      return;
    }
    if (seat?.socket === undefined) return;
    await seat.socket.client.opened;
    await this.#act(room, seat, seat.socket, action);
  }

  /** Ends every socket, each in the way that `how` gives for it. */
  async everybodyOut(how: readonly ('leave' | 'drop' | 'close')[]): Promise<void> {
    for (let room = 0; room < this.#rooms.length; room += 1) {
      for (let user = 0; user < this.#size.users; user += 1) {
        const type = how[(user + room) % how.length] ?? 'drop';
        await this.perform({ type, user, room, talksOn: false });
      }
    }
  }

  dispose(): void {
    for (const { client } of this.#everySocket()) client.drop();
  }

  /** Waits until all that was sent has been handled, and all that was sent because of it has been received. */
  async settle(): Promise<void> {
    const sockets = this.#everySocket();
    const staying = sockets.filter(({ status }) => status === 'opening' || status === 'open');
    await Promise.all(staying.map(({ client }) => client.opened));
    await Promise.all(sockets.filter((s) => !staying.includes(s)).map(({ client }) => client.closed));
    while (this.#server.app.stats().connections !== staying.length) await endOfTurn();
    // First those who act, then those who watch: everybody is both.
    await Promise.all(staying.map(settleOpen));
    await Promise.all(staying.map(settleOpen));
    for (const socket of staying) socket.status = 'open';
    this.#heard(() => true);
    const reports = this.#rooms.flatMap((room) => [...room.sockets].map((socket) => report(room, socket)));
    this.#onRest({ reports: await Promise.all(reports), ...this.#stats() });
    this.#traces.clear();
    for (const room of this.#rooms) room.rest();
  }

  async #act(room: RoomAccount, seat: Seat, socket: Socket, deed: Deed): Promise<void> {
    switch (deed.type) {
      case 'update':
        await this.#apart(room, seat.id, ['muted']);
        socket.client.send({ type: 'userUpdate', user: deed.presence });
        room.update(seat, deed.presence);
        return this.#trace(room, seat.id, 'acted', 'updated');
      case 'relay':
        seat.said += 1;
        socket.client.send({ type: 'e2eeMlsMessage', ...contentOf(seat) });
        room.tell(`relay ${seat.id} ${seat.said}`, socket);
        return this.#trace(room, seat.id, 'acted');
      case 'direct':
        return this.#direct(room, seat, socket, this.#idAt(deed.target));
      case 'mute':
        return this.#mute(room, seat, socket, this.#idAt(deed.target));
      case 'leave':
        return this.#leave(room, seat, socket, deed.talksOn);
      case 'drop':
        await this.#apart(room, seat.id, ['addressed']);
        // What a cut connection had sent may be lost with it.
        await settleOpen(socket);
        socket.client.drop();
        return this.#lose(room, seat, socket, { code: 1006, reason: '' });
      case 'close':
        await this.#apart(room, seat.id, ['addressed']);
        socket.client.close(1000);
        return this.#lose(room, seat, socket, { code: 1000, reason: '' });
    }
  }

  async #connect(room: RoomAccount, id: string): Promise<void> {
    await this.#apart(room, id);
    const older = room.seats.get(id)?.socket;
    if (older !== undefined) {
      endWhileTalking(older, { code: 4500, reason: 'Replaced by a newer connection' });
    }
    room.meeting ??= this.#meetings += 1;
    this.#opened += 1;
    const url = `ws://127.0.0.1:${this.#server.port}/parties/rooms/${room.name}?_pk=${encodeURIComponent(id)}`;
    room.sit(id, {
      name: `${room.name}/${id} #${this.#opened}`,
      userId: id,
      meeting: room.meeting,
      client: new TestClient(url, { cookie: loginCookie(nameOf(id)) }),
      status: 'opening',
      end: undefined,
      must: [],
      may: [...room.inFlight],
      seen: 0,
    });
    this.#trace(room, id, 'moved');
  }

  async #direct(room: RoomAccount, seat: Seat, socket: Socket, to: string): Promise<void> {
    await this.#apart(room, to, ['moved']);
    seat.said += 1;
    socket.client.send({ type: 'directMessage', to, message: contentOf(seat) });
    const target = room.seats.get(to);
    if (target === undefined) hear(socket, 'error user_not_found');
    else if (target.socket === undefined) hear(socket, 'error user_away');
    else hear(target.socket, `direct ${seat.id} ${seat.said}`);
    this.#trace(room, seat.id, 'acted');
    this.#trace(room, to, 'addressed');
  }

  async #mute(room: RoomAccount, seat: Seat, socket: Socket, id: string): Promise<void> {
    await this.#apart(room, id, ['moved', 'updated']);
    socket.client.send({ type: 'muteUser', id });
    const target = room.seats.get(id);
    if (target === undefined) hear(socket, 'error user_not_found');
    else room.mute(target);
    if (target?.socket !== undefined) hear(target.socket, 'muteMic');
    this.#trace(room, seat.id, 'acted');
    this.#trace(room, id, 'addressed', 'muted');
  }

  async #leave(room: RoomAccount, seat: Seat, socket: Socket, talksOn: boolean): Promise<void> {
    await this.#apart(room, seat.id, ['addressed', 'muted']);
    socket.client.send({ type: 'userLeft' });
    if (talksOn) {
      socket.client.send({ type: 'e2eeMlsMessage', ...contentOf(seat), n: 'too late' });
      socket.client.send({ type: 'userUpdate', user: { ...seat.presence, raisedHand: true } });
      socket.client.send({ type: 'userLeft' });
    }
    room.leave(seat, this.#server.clock.now());
    endWhileTalking(socket, { code: 1000, reason: 'User left' });
    this.#trace(room, seat.id, 'moved');
  }

  #lose(room: RoomAccount, seat: Seat, socket: Socket, end: End): void {
    endWhileTalking(socket, end);
    seat.socket = undefined;
    seat.since = this.#server.clock.now();
    this.#trace(room, seat.id, 'moved');
  }

  async #wait(ms: number, silent: readonly number[]): Promise<void> {
    await this.settle();
    const quiet = new Set(silent.map((user) => this.#idAt(user)));
    const end = this.#server.clock.now() + ms;
    while (this.#server.clock.now() < end) {
      const now = Math.min(end, this.#server.clock.now() + HEARTBEAT_EVERY_MS);
      for (; this.#nextSweep <= now; this.#nextSweep += SWEEP_MS) {
        for (const room of this.#rooms) room.sweep(this.#nextSweep);
      }
      for (const room of this.#rooms) room.endMeeting(now);
      this.#server.clock.advance(now - this.#server.clock.now());
      const living = this.#everySocket().filter((s) => s.status === 'open' && !quiet.has(s.userId));
      for (const { client } of living) client.send({ type: 'heartbeat' });
      await Promise.all(living.map(settleOpen));
      this.#heard(({ userId }) => !quiet.has(userId));
    }
    await this.settle();
  }

  #heard(wanted: (socket: Socket) => boolean): void {
    const now = this.#server.clock.now();
    for (const { seats } of this.#rooms) {
      for (const seat of seats.values()) if (seat.socket && wanted(seat.socket)) seat.since = now;
    }
  }

  /** Comes to rest first if what is under way for this user could come before or after the next step. */
  async #apart(room: RoomAccount, id: string, traces?: readonly Trace[]): Promise<void> {
    const left = this.#traces.get(`${room.name}/${id}`);
    if (left && (traces === undefined || traces.some((trace) => left.has(trace)))) await this.settle();
  }

  #trace(room: RoomAccount, id: string, ...traces: Trace[]): void {
    const key = `${room.name}/${id}`;
    this.#traces.set(key, new Set([...(this.#traces.get(key) ?? []), ...traces]));
  }

  #stats(): Omit<Window, 'reports'> {
    const { app, clock } = this.#server;
    // The sweep, and the grace of every room in which nobody is.
    const least = 1 + this.#rooms.filter(({ inGrace }) => inGrace).length;
    // Where nobody has a socket, nobody's wish to be at rest has sent the state that waits for its tick.
    const waitingStates = this.#size.tickMs === 0 ? 0 : this.#rooms.length;
    // And the journal's, while something waits to be stored.
    const most = least + waitingStates + 1;
    return {
      stats: app.stats(),
      expectedStats: {
        rooms: this.#rooms.filter(({ meeting }) => meeting !== undefined).length,
        connections: this.#everySocket().filter(({ status }) => status === 'open').length,
      },
      timers: clock.timerCount,
      expectedTimers: { least, most },
    };
  }

  #everySocket(): Socket[] {
    return this.#rooms.flatMap(({ sockets }) => [...sockets]);
  }

  #roomAt(index: number): RoomAccount {
    const room = this.#rooms[index % this.#rooms.length];
    if (room === undefined) throw new Error('there is no room');
    return room;
  }

  #idAt(index: number): string {
    return IDS[index % this.#size.users] ?? '';
  }
}

/** A message's number, and how everybody who gets it must see its sender. */
const contentOf = ({ id, said, presence }: Seat) => ({ from: id, n: said, presence });

function settleOpen({ client, name }: Socket): Promise<void> {
  if (!client.isOpen) throw new Error(`the server has closed ${name}`);
  return client.settle();
}
