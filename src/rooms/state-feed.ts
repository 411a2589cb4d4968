import type { RoomSnapshot } from '../../machines/room.machine.ts';
import type { Clock } from '../clock.ts';
import type { Transport } from './connection.ts';
import type { StateEncoder } from './state-encoder.ts';

/**
 * What waits to be sent. `departures`: only users have left since the last state, so further departures may be
 * announced before it; `changes`: anything else, and no other frame may overtake it.
 */
export type Pending = 'nothing' | 'departures' | 'changes';

export type StateFeedDeps = {
  readonly topic: string;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly encoder: StateEncoder;
  /** How long changes may be gathered into one frame; 0 is to the end of the turn. */
  readonly tickMs: number;
  readonly snapshot: () => RoomSnapshot;
  readonly onError: (error: unknown) => void;
};

/**
 * When a room's state is sent to everybody: changes that follow one another merge into the last, within a turn of the
 * event loop or within `tickMs`; one serialisation and one publish for all of them. [H7]
 */
export class StateFeed {
  readonly #deps: StateFeedDeps;
  #pending: Pending = 'nothing';
  #timer: unknown = undefined;
  #ended = false;
  #revision = 0;

  constructor(deps: StateFeedDeps) {
    this.#deps = deps;
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

  /** The state is another one and will be sent. */
  mark(kind: Exclude<Pending, 'nothing'>): void {
    if (this.#ended) return;
    const waiting = this.#pending !== 'nothing';
    if (this.#pending !== 'changes') this.#pending = kind;
    if (waiting) return;
    const { clock, tickMs } = this.#deps;
    if (tickMs > 0) this.#timer = clock.setTimeout(() => this.flush(), tickMs);
    else clock.afterTurn(() => this.flush());
  }

  /** Sends the state that waits, if one does. */
  flush(): void {
    if (this.#pending !== 'nothing') this.publish();
  }

  /** Sends the state, changed or not. */
  publish(): void {
    if (this.#ended) return;
    const { clock, transport, topic, onError } = this.#deps;
    this.#pending = 'nothing';
    this.#revision += 1;
    clock.clearTimeout(this.#timer);
    try {
      transport.publish(topic, this.encode());
    } catch (error) {
      onError(error);
    }
  }

  /** The state as a frame, valid until any room's next one is made. */
  encode(): Uint8Array {
    return this.#deps.encoder.encode(this.#deps.snapshot());
  }

  end(): void {
    this.#ended = true;
    this.#deps.clock.clearTimeout(this.#timer);
  }
}
