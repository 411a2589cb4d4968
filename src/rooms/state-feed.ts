import type { RoomSnapshot } from '../../machines/room.machine.ts';
import type { Clock } from '../clock.ts';
import type { Connection } from './connection.ts';
import { PatchEncoder } from './patch-encoder.ts';
import type { RoomChannel } from './room-channel.ts';
import type { StateEncoder } from './state-encoder.ts';
import { paceMs as paceOf } from './state-pace.ts';

/**
 * What waits to be sent. `departures`: only users have left since the last state, so further departures may be
 * announced before it; `changes`: anything else, and no other frame may overtake it.
 */
export type Pending = 'nothing' | 'departures' | 'changes';

export type StateFeedDeps = {
  readonly channel: RoomChannel;
  readonly clock: Clock;
  readonly encoder: StateEncoder;
  /** Names the sequence of this feed's states. No characters that JSON would escape. */
  readonly epoch: string;
  /** How long changes may be gathered into one frame at least; 0 is to the end of the turn. */
  readonly tickMs: number;
  /** How long they are gathered at most because a state is much to send. */
  readonly maxTickMs: number;
  readonly snapshot: () => RoomSnapshot;
  readonly onError: (error: unknown) => void;
};

/** A whole state costs as much as a hundred patches. */
const RESYNC_INTERVAL_MS = 1_000;

/**
 * When a room's state is sent to everybody: changes that follow one another merge into the last, within a turn of the event
 * loop, within `tickMs`, or for as long as the room's size asks for; one serialisation and one publish for all of them.
 * Clients that take patches get the same states at the same moments. [H7, P2, P3]
 */
export class StateFeed {
  readonly #deps: StateFeedDeps;
  readonly #patches: PatchEncoder;
  /** Those who take patches and have not got the state that the first one starts from. */
  readonly #newcomers = new Set<Connection>();
  readonly #resyncedAt = new WeakMap<Connection, number>();
  #pending: Pending = 'nothing';
  #timer: unknown = undefined;
  #ended = false;
  #revision = 0;
  /** Before this, changes are gathered. */
  #quietUntil = 0;

  constructor(deps: StateFeedDeps) {
    this.#deps = deps;
    this.#patches = new PatchEncoder(deps.encoder.json);
  }

  /** How many states the room has sent, by this host and those before it. */
  get revision(): number {
    return this.#revision;
  }

  get pending(): Pending {
    return this.#pending;
  }

  /** Goes on counting where an earlier host stopped. */
  resume(revision: number): void {
    this.#revision = revision;
  }

  /** Lets a connection take part: with the state that waits for everybody, which may not be overtaken, or at once. */
  enter(connection: Connection, waits: boolean): void {
    if (connection.takesPatches && waits) this.#newcomers.add(connection);
    else {
      if (!waits) this.#sendTo(connection);
      this.#deps.channel.enter(connection);
    }
  }

  /** Sends the whole state to one that has missed something; `false` when it has just had it. [P4] */
  resync(connection: Connection): boolean {
    const now = this.#deps.clock.now();
    const elapsedMs = now - (this.#resyncedAt.get(connection) ?? -Infinity);
    if (elapsedMs >= 0 && elapsedMs < RESYNC_INTERVAL_MS) return false;
    this.#resyncedAt.set(connection, now);
    this.flush();
    this.#sendTo(connection);
    return true;
  }

  /** The state is another one and will be sent. */
  mark(kind: Exclude<Pending, 'nothing'>): void {
    if (this.#ended) return;
    const waiting = this.#pending !== 'nothing';
    if (this.#pending !== 'changes') this.#pending = kind;
    if (waiting) return;
    const { clock, tickMs, maxTickMs } = this.#deps;
    // A clock that was set back must not make anybody wait.
    const paceMs = Math.min(this.#quietUntil - clock.now(), maxTickMs);
    const delayMs = Math.max(tickMs, paceMs);
    const revision = this.#revision;
    const flush = (): void => {
      // What this was meant for may have been sent before another frame.
      if (this.#revision === revision) this.flush();
    };
    if (delayMs > 0) this.#timer = clock.setTimeout(flush, delayMs);
    else clock.afterTurn(flush);
  }

  /** Sends the state that waits, if one does. */
  flush(): void {
    if (this.#pending !== 'nothing') this.publish();
  }

  /** Sends the state, changed or not. */
  publish(): void {
    if (this.#ended) return;
    const { clock, onError } = this.#deps;
    this.#pending = 'nothing';
    this.#revision += 1;
    clock.clearTimeout(this.#timer);
    try {
      this.#publish();
    } catch (error) {
      onError(error);
    }
  }

  end(): void {
    this.#ended = true;
    this.#newcomers.clear();
    this.#deps.clock.clearTimeout(this.#timer);
  }

  #publish(): void {
    const { channel, encoder, snapshot, clock, maxTickMs } = this.#deps;
    const state = snapshot();
    const { stockCount, patchedCount } = channel;
    let bytes = 0;
    if (stockCount > 0) {
      const frame = encoder.encode(state);
      bytes += frame.length * stockCount;
      channel.publishState(frame);
    }
    if (patchedCount > 0) {
      const frame = this.#patches.encode(this.#revision, state);
      bytes += frame.length * patchedCount;
      channel.publishPatch(frame);
    } else this.#patches.note(state);
    this.#quietUntil = clock.now() + paceOf(stockCount + patchedCount, bytes, maxTickMs);
    this.#admitNewcomers();
  }

  #admitNewcomers(): void {
    for (const connection of this.#newcomers) {
      this.#sendTo(connection);
      this.#deps.channel.enter(connection);
    }
    this.#newcomers.clear();
  }

  #sendTo(connection: Connection): void {
    const { encoder, snapshot, epoch } = this.#deps;
    if (!connection.takesPatches) return connection.send(encoder.encode(snapshot()));
    // The next patch starts from the state that was sent last, and so must the client.
    this.flush();
    const state = snapshot();
    this.#patches.note(state);
    connection.send(encoder.encode(state, { epoch, seq: this.#revision }));
  }
}
