import type { PartySocket } from 'partysocket';
import type { ClientFrame, Presence, RoomState, ServerMessage, Track, User } from '../protocol/messages.ts';
import { GOODBYE, goneBy, type ConnectionState, type Gone } from './connection-state.ts';
import { Emitter, type Unsubscribe } from './emitter.ts';
import { HEARTBEAT_MS, Heartbeat } from './heartbeat.ts';
import { lacksLogin } from './login-probe.ts';
import { changedPresence, INITIAL_PRESENCE, type PresenceChange } from './own-presence.ts';
import { followPage, thisPage } from './page-life.ts';
import { presenceChanges } from './presence-changes.ts';
import { addressOf, originOf } from './room-address.ts';
import type { RoomClientOptions } from './room-client-options.ts';
import type { RoomEvents } from './room-events.ts';
import { openSocket } from './room-socket.ts';
import { readServerFrame } from './server-frame.ts';
import { StateFollower } from './state-follower.ts';

/** All that can be known of a room at one moment. Another object whenever anything in it is another. */
export type RoomSnapshot = {
  readonly connection: ConnectionState;
  /** The last known state, also while reconnecting; nothing before the first. */
  readonly room: RoomState | undefined;
  /** What this client says of itself, which the state repeats when the server has heard it. */
  readonly presence: Presence;
};

/** The server answers a request for the whole state once a second. [P4] */
const RESYNC_MS = 1_100;

/**
 * Somebody in a room. Connects at once, tells what happens as events and as snapshots, comes back by itself after a
 * lost connection and then says again what it has said of itself. Commands are sent or not, never kept for later: each
 * returns whether it was sent.
 */
export class RoomClient extends Emitter<RoomEvents> {
  /** By which the others know this client: `users[].id` of the state. */
  readonly id: string;
  readonly room: string;
  /** The invitation by which it came. */
  readonly token: string | undefined;
  /** Of the server, for requests over HTTP. */
  readonly origin: string;
  readonly #options: RoomClientOptions;
  readonly #socket: PartySocket;
  readonly #follower = new StateFollower();
  readonly #heartbeat: Heartbeat;
  readonly #listeners = new Set<() => void>();
  #snapshot: RoomSnapshot;
  #resyncTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  #unfollowPage: Unsubscribe = () => {};

  constructor(options: RoomClientOptions) {
    super();
    const page = thisPage();
    const address = addressOf(options.server, page?.location);
    this.#options = options;
    this.room = options.room;
    this.token = options.token;
    this.origin = originOf(address);
    this.#snapshot = {
      connection: { status: 'connecting' },
      room: undefined,
      presence: changedPresence(INITIAL_PRESENCE, options.presence ?? {}),
    };
    this.#heartbeat = new Heartbeat({ send: () => this.#beat(), onSilence: () => this.#reconnect() });
    this.#socket = openSocket(options, address);
    this.id = this.#socket.id;
    this.#socket.addEventListener('open', () => this.#opened());
    this.#socket.addEventListener('message', ({ data }) => this.#received(data));
    this.#socket.addEventListener('close', ({ code, reason }) => this.#closed(code, reason));
    if (page !== undefined && options.leavesWithPage !== false) this.#followPage(page.window);
  }

  /** For `useSyncExternalStore`, and whoever draws from snapshots: tells that there is another one. */
  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly getSnapshot = (): RoomSnapshot => this.#snapshot;

  get connection(): ConnectionState {
    return this.#snapshot.connection;
  }

  /** The last known state of the room. */
  get state(): RoomState | undefined {
    return this.#snapshot.room;
  }

  get presence(): Presence {
    return this.#snapshot.presence;
  }

  /** Everybody in the room, in the order of their ids, the AI last. */
  get users(): readonly User[] {
    return this.#snapshot.room?.users ?? [];
  }

  /** This client as the others see it; nothing before they do. */
  get self(): User | undefined {
    return this.users.find(({ id }) => id === this.id);
  }

  /** Changes what this client says of itself, now or when the connection is back. */
  update(change: PresenceChange): void {
    const presence = changedPresence(this.presence, change);
    if (JSON.stringify(presence) === JSON.stringify(this.presence)) return;
    this.#show({ presence });
    this.#announce();
  }

  /** Sends JSON to one user, by id. */
  directMessage(to: string, message: unknown): boolean {
    return this.send({ type: 'directMessage', to, message });
  }

  muteUser(id: string): boolean {
    return this.send({ type: 'muteUser', id });
  }

  /** Invites the AI. That it comes, or why not, is in the state's `ai`. */
  enableAi(settings: Omit<Extract<ClientFrame, { type: 'enableAi' }>, 'type'> = {}): boolean {
    return this.send({ type: 'enableAi', ...settings });
  }

  disableAi(): boolean {
    return this.send({ type: 'disableAi' });
  }

  /** Asks that the AI listens to this track of one's own. Granted when the state's `ai.controllingUser` is one's id. */
  requestAiControl(track?: Track): boolean {
    return this.send({ type: 'requestAiControl', ...(track !== undefined && { track }) });
  }

  releaseAiControl(): boolean {
    // As the original spells it.
    return this.send({ type: 'relenquishAiControl' });
  }

  /** Sends any message of the protocol, if the connection is open; says whether it was. */
  send(message: ClientFrame): boolean {
    if (this.connection.status !== 'open') return false;
    return this.#socket.send(JSON.stringify(message));
  }

  /** Says goodbye: the others are told at once. The client is `gone` after it. */
  leave(): void {
    if (this.connection.status === 'gone') return;
    this.send({ type: 'userLeft' });
    this.#socket.close(GOODBYE.code, GOODBYE.reason);
    // A socket that was still being waited for closes without a word.
    this.#end({ status: 'gone', reason: 'left', code: GOODBYE.code });
    this.#unfollowPage();
  }

  /** Comes back with the same id after the end, for example when somebody wants this tab in place of a newer one. */
  rejoin(): void {
    if (this.connection.status !== 'gone') return;
    const page = thisPage();
    if (page !== undefined && this.#options.leavesWithPage !== false) this.#followPage(page.window);
    this.#setConnection({ status: 'reconnecting' });
    this.#socket.reconnect();
  }

  #opened(): void {
    this.#setConnection({ status: 'open' });
    this.#heartbeat.start(this.#options.heartbeatMs ?? HEARTBEAT_MS);
    this.#announce();
  }

  #announce(): void {
    this.send({ type: 'userUpdate', user: this.presence });
  }

  #beat(): void {
    this.send({ type: 'heartbeat' });
    this.send({ type: 'partyserver-ping' });
  }

  #closed(code: number, reason: string): void {
    if (this.connection.status === 'gone') return;
    const wasOpen = this.connection.status === 'open';
    this.#stopTimers();
    this.#follower.interrupt();
    const gone = goneBy(code, reason);
    if (gone !== undefined) this.#end(gone);
    else if (wasOpen) this.#setConnection({ status: 'reconnecting' });
    else void this.#askForLogin();
  }

  /** A page cannot see why a socket was refused, but for a missing login the server says the same over HTTP. */
  async #askForLogin(): Promise<void> {
    if (!(await lacksLogin(this.origin, this.#options)) || this.connection.status === 'open') return;
    this.#end({ status: 'gone', reason: 'unauthorized', code: GOODBYE.code });
    this.#socket.close();
  }

  #end(gone: Gone): void {
    if (this.connection.status === 'gone') return;
    this.#stopTimers();
    this.#setConnection(gone);
  }

  #stopTimers(): void {
    this.#heartbeat.stop();
    clearTimeout(this.#resyncTimer);
    this.#resyncTimer = undefined;
  }

  #received(data: unknown): void {
    const message = readServerFrame(data);
    if (message === undefined) return;
    this.#heartbeat.heard(message.type === 'partyserver-pong');
    this.#take(message);
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case 'roomState':
        this.#follower.replace(message);
        clearTimeout(this.#resyncTimer);
        this.#resyncTimer = undefined;
        return this.#showState();
      case 'roomPatch':
        return this.#follower.apply(message) ? this.#showState() : this.#resync();
      case 'muteMic':
        this.#show({ presence: changedPresence(this.presence, { tracks: { audioEnabled: false } }) });
        return this.emit('muted', undefined);
      case 'directMessage':
        return this.emit('directMessage', { from: message.from, message: message.message });
      case 'e2eeMlsMessage':
        return this.emit('e2ee', message);
      case 'aiSdp':
        return this.emit('aiSdp', message.sdp);
      case 'error':
        return this.emit('error', { code: message.code as RoomEvents['error']['code'], text: message.error });
      case 'userLeftNotification':
      case 'partyserver-pong':
        // Who has left is worked out from the states, which follow.
        return undefined;
    }
  }

  /** Asks for the whole state, until it comes: the server may be asked too soon. */
  #resync(): void {
    if (this.#resyncTimer !== undefined) return;
    this.send({ type: 'resync' });
    this.#resyncTimer = setTimeout(() => {
      this.#resyncTimer = undefined;
      this.#resync();
    }, RESYNC_MS);
  }

  #showState(): void {
    const before = this.state;
    const room = this.#follower.state;
    if (room === undefined) return;
    this.#show({ room });
    if (before !== undefined) {
      const { joined, left, updated } = presenceChanges(before.users, room.users);
      for (const user of left) this.emit('leave', user);
      for (const user of joined) this.emit('join', user);
      for (const update of updated) this.emit('update', update);
    }
    this.emit('state', room);
  }

  #setConnection(connection: ConnectionState): void {
    if (this.connection.status === connection.status) return;
    this.#show({ connection });
    this.emit('connection', connection);
  }

  #show(change: Partial<RoomSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }

  #reconnect(): void {
    if (this.connection.status !== 'gone') this.#socket.reconnect();
  }

  #followPage(page: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>): void {
    this.#unfollowPage();
    this.#unfollowPage = followPage(page, {
      onHide: () => this.#hide(),
      onReturn: () => this.rejoin(),
      onOnline: () => this.#reconnect(),
    });
  }

  /** As `leave`, but goes on listening: a page that is put away may be shown again. */
  #hide(): void {
    const unfollow = this.#unfollowPage;
    this.#unfollowPage = () => {};
    this.leave();
    this.#unfollowPage = unfollow;
  }
}
