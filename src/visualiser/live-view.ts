import type { Clock } from '../clock.ts';
import type { RoomWatcher } from '../rooms/room-watchers.ts';
import { toText, type Mask } from './mask.ts';
import { RoomTrace } from './room-trace.ts';
import type { TraceStep } from './trace.ts';

/** Takes text as fast as its reader does: after `false` nothing is written before `resume`. */
export interface ViewSink {
  write(text: string): boolean;
}

/** Where rooms can be looked on at: the registry. */
export interface WatchedRooms {
  watch(name: string, watcher: RoomWatcher): () => void;
}

export type LiveViewDeps = {
  readonly rooms: WatchedRooms;
  readonly mask: Mask;
  readonly clock: Clock;
};

/** Onlookers of all rooms together. */
const MAX_VIEWS = 32;
/** Steps in one message: a browser draws none of those between. */
const STEPS_PER_MESSAGE = 200;
/** A comment now and then keeps proxies, and the server itself, from taking a quiet room for a dead one. */
const KEEP_ALIVE_MS = 5_000;

/** How long a room is watched on for a reader whose connection was lost: browsers come back after 3 s. */
const LINGER_MS = 10_000;

/** One room that is watched, and everybody who watches it. */
type Watched = {
  readonly trace: RoomTrace;
  readonly views: Set<View>;
  readonly unwatch: () => void;
  /** Of the end, when nobody watches any more. */
  lingering: unknown;
};

/**
 * Rooms as they happen, as server-sent events: `state`, all that is remembered, at first and whenever what came before
 * cannot be gone on with; then `steps`. Each onlooker is sent as much as it takes; one that does not read misses steps and is
 * sent the state anew, and the room does not notice. [L1–L4]
 */
export class LiveView {
  readonly #deps: LiveViewDeps;
  readonly #watched = new Map<string, Watched>();
  #views = 0;

  constructor(deps: LiveViewDeps) {
    this.#deps = deps;
  }

  get isFull(): boolean {
    return this.#views >= MAX_VIEWS;
  }

  /** Starts a view of a room, whether there is such a room or not. */
  open(room: string, withNames: boolean, sink: ViewSink): View {
    const watched = this.#watched.get(room) ?? this.#watch(room);
    const view = new View(watched.trace, withNames, sink, this.#deps.clock, () => {
      this.#views -= 1;
      watched.views.delete(view);
      if (watched.views.size === 0) this.#linger(room, watched);
    });
    this.#views += 1;
    this.#deps.clock.clearTimeout(watched.lingering);
    watched.views.add(view);
    view.pump();
    return view;
  }

  /** What is remembered of a room, as a file; of one that nobody watches, its state. Nothing if there is no such room. */
  traceText(room: string, withNames: boolean): string | undefined {
    const watched = this.#watched.get(room);
    if (watched !== undefined) return textOf(watched.trace, withNames);
    const nobody = { onMore: () => {}, beforeRestart: () => {} };
    const trace = new RoomTrace(room, this.#deps.mask, this.#deps.clock, nobody);
    this.#deps.rooms.watch(room, trace)();
    return textOf(trace, withNames);
  }

  #linger(room: string, watched: Watched): void {
    watched.lingering = this.#deps.clock.setTimeout(() => {
      this.#watched.delete(room);
      watched.unwatch();
    }, LINGER_MS);
  }

  #watch(room: string): Watched {
    const views = new Set<View>();
    let waiting = false;
    const { mask, clock, rooms } = this.#deps;
    const pump = (): void => {
      waiting = false;
      for (const view of views) view.pump();
    };
    const onMore = (): void => {
      if (waiting) return;
      waiting = true;
      // Not within the room's own step, and once for all steps of a turn.
      clock.afterTurn(pump);
    };
    const trace = new RoomTrace(room, mask, clock, { onMore, beforeRestart: pump });
    const watched: Watched = { trace, views, unwatch: rooms.watch(room, trace), lingering: undefined };
    this.#watched.set(room, watched);
    return watched;
  }
}

/** One onlooker. */
export class View {
  readonly #trace: RoomTrace;
  readonly #withNames: boolean;
  readonly #sink: ViewSink;
  readonly #clock: Clock;
  readonly #onStop: () => void;
  #ready = true;
  #stopped = false;
  #timer: unknown = undefined;
  #run = -1;
  #seq = 0;

  constructor(trace: RoomTrace, withNames: boolean, sink: ViewSink, clock: Clock, onStop: () => void) {
    this.#trace = trace;
    this.#withNames = withNames;
    this.#sink = sink;
    this.#clock = clock;
    this.#onStop = onStop;
    this.#keepAlive();
  }

  /** Sends what there is, for as long as it is taken. */
  pump(): void {
    while (this.#ready && !this.#stopped) {
      const steps = this.#run === this.#trace.run ? this.#trace.after(this.#seq) : undefined;
      if (steps === undefined) this.#sendState();
      else if (steps.length === 0) return;
      else this.#sendSteps(steps.slice(0, STEPS_PER_MESSAGE));
    }
  }

  resume(): void {
    this.#ready = true;
    this.pump();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
    this.#onStop();
  }

  #sendState(): void {
    const { run, start, room } = this.#trace;
    const steps = this.#trace.after(0) ?? this.#remembered();
    this.#run = run;
    this.#seq = steps.at(-1)?.seq ?? 0;
    this.#send('state', { room, start: start ?? null, steps });
  }

  #remembered(): readonly TraceStep[] {
    return this.#trace.trace?.steps ?? [];
  }

  #sendSteps(steps: readonly TraceStep[]): void {
    this.#seq = steps.at(-1)?.seq ?? this.#seq;
    this.#send('steps', steps);
  }

  #send(event: string, data: unknown): void {
    this.#ready = this.#sink.write(`event: ${event}\ndata: ${toText(data, this.#withNames)}\n\n`);
  }

  #keepAlive(): void {
    this.#timer = this.#clock.setTimeout(() => {
      if (this.#ready) this.#ready = this.#sink.write(':\n\n');
      this.#keepAlive();
    }, KEEP_ALIVE_MS);
  }
}

function textOf(trace: RoomTrace, withNames: boolean): string | undefined {
  return trace.trace && `${toText(trace.trace, withNames)}\n`;
}
