import type { RoomSnapshot } from '../../machines/room.machine.ts';
import type { Clock } from '../clock.ts';
import type { RefusedFrame, RoomStep, RoomWatcher } from '../rooms/room-watchers.ts';
import { transitionId } from './chart.ts';
import type { Mask, SeenContext } from './mask.ts';
import { changed, changeOf, type SeenState, type Trace, type TraceStep } from './trace.ts';

/** How many steps can be gone back, at least. */
export const KEPT_STEPS = 1_000;
/** So many more are there before the oldest go, together: rolling the first state on costs a look at every user. */
const SLACK = 250;

/** The first and the last state that are remembered, and what the last was made of. */
type Seen = { readonly start: SeenState; readonly end: SeenState; readonly raw: RoomSnapshot['context'] };

/** Whoever reads a trace. It is told within the room's own step, and must not throw. */
export type TraceReaders = {
  /** There is more to read. */
  readonly onMore: () => void;
  /** What there is can be read for the last time: the room is over, or another one begins. */
  readonly beforeRestart: () => void;
};

/** What a room has done since it was first watched, masked. Its readers are told that there is more, and read when they can. */
export class RoomTrace implements RoomWatcher {
  readonly room: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #mask: Mask;
  readonly #readers: TraceReaders;
  #seen: Seen | undefined = undefined;
  #steps: TraceStep[] = [];
  #seq = 0;
  #run = 0;

  constructor(room: string, mask: Mask, clock: Pick<Clock, 'now'>, readers: TraceReaders) {
    this.room = room;
    this.#mask = mask;
    this.#clock = clock;
    this.#readers = readers;
  }

  /** Counts the rooms of this name: what was read of one does not go on with another. */
  get run(): number {
    return this.#run;
  }

  /** The state before the steps that are remembered; nothing while there is no such room. */
  get start(): SeenState | undefined {
    return this.#seen?.start;
  }

  /** The steps after that number; `undefined` when some of them are forgotten. */
  after(seq: number): readonly TraceStep[] | undefined {
    const first = this.#seq - this.#steps.length;
    return seq < first ? undefined : this.#steps.slice(seq - first);
  }

  /** Everything that is remembered, to be done again; nothing while there is no such room. */
  get trace(): Trace | undefined {
    if (this.#seen === undefined) return undefined;
    const { start, end } = this.#seen;
    return { format: 'satsuma-trace/1', machine: 'room', room: this.room, start, steps: this.#steps, end };
  }

  began({ value, context }: RoomSnapshot): void {
    const state = { value, context: this.#mask.context(context) };
    this.#restart({ start: state, end: state, raw: context });
  }

  over(): void {
    this.#restart(undefined);
  }

  stepped({ event, transitions, refusal, snapshot }: RoomStep): void {
    if (this.#seen === undefined) return;
    const { value } = snapshot;
    const before = this.#seen.end.context;
    const context = this.#contextOf(snapshot.context);
    const change = context === before ? undefined : changeOf(before, context);
    this.#seen = { ...this.#seen, end: { value, context }, raw: snapshot.context };
    const ignored = transitions.length === 0 ? 'ignored' : 'taken';
    this.#add({
      outcome: refusal === undefined ? ignored : 'refused',
      event: this.#mask.event(event),
      ...(refusal !== undefined && { code: refusal }),
      transitions: transitions.map(transitionId),
      value,
      ...(change !== undefined && { change }),
    });
  }

  refused({ by, messageType, code }: RefusedFrame): void {
    if (this.#seen === undefined) return;
    const event = { type: messageType ?? '', by };
    this.#add({ outcome: 'refused', event, code, transitions: [], value: this.#seen.end.value });
  }

  #contextOf(raw: RoomSnapshot['context']): SeenContext {
    return raw === this.#seen?.raw ? this.#seen.end.context : this.#mask.context(raw);
  }

  #restart(seen: Seen | undefined): void {
    this.#readers.beforeRestart();
    this.#seen = seen;
    this.#steps = [];
    this.#seq = 0;
    this.#run += 1;
    this.#readers.onMore();
  }

  #add(step: Omit<TraceStep, 'seq' | 'at'>): void {
    this.#seq += 1;
    this.#steps.push({ seq: this.#seq, at: this.#clock.now(), ...step });
    if (this.#steps.length >= KEPT_STEPS + SLACK) this.#forget(this.#steps.splice(0, SLACK));
    this.#readers.onMore();
  }

  #forget(steps: readonly TraceStep[]): void {
    if (this.#seen === undefined) return;
    const { start } = this.#seen;
    const context = changed(start.context, ...steps.flatMap(({ change }) => change ?? []));
    this.#seen = { ...this.#seen, start: { value: steps.at(-1)?.value ?? start.value, context } };
  }
}
