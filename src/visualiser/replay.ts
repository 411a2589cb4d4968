import { transition } from 'xstate';
import { machines } from '../../machines/index.ts';
import type { RoomContext } from '../../machines/room.context.ts';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { SeenContext } from './mask.ts';
import { changed, isEvent, type SeenState, type Trace } from './trace.ts';

/** What came of a trace that was done again. */
export type Replayed =
  | { readonly ok: true; readonly events: number; readonly end: SeenState }
  | {
      readonly ok: false;
      /** The step after which machine and trace differ; 0 is the end of the trace. */
      readonly seq: number;
      readonly event: string;
      readonly recorded: SeenState;
      readonly replayed: SeenState;
    };

/**
 * Runs the machine over the events of a trace, from the trace's first state, and compares after each. No service is started
 * and no time passes: what services answered and which times had passed are events of the trace. [L6]
 */
export function replay({ machine: name, start, steps, end }: Trace): Replayed {
  if (name !== 'room') throw new Error(`there is no machine called ${name}`);
  const machine = machines.room;
  let snapshot = machine.resolveState({ value: start.value, context: toContext(start.context) });
  let recorded = start;
  let events = 0;
  for (const step of steps) {
    const { seq, value, change, event } = step;
    recorded = {
      value,
      context: change === undefined ? recorded.context : changed(recorded.context, change),
    };
    if (!isEvent(step)) continue;
    events += 1;
    // Services' outcomes are events too, which only XState itself sends.
    [snapshot] = transition(machine, snapshot, event as RoomEvent);
    const replayed = toSeen(snapshot);
    if (!sameState(recorded, replayed)) return { ok: false, seq, event: event.type, recorded, replayed };
  }
  const replayed = toSeen(snapshot);
  return sameState(end, replayed)
    ? { ok: true, events, end }
    : { ok: false, seq: 0, event: '', recorded: end, replayed };
}

const toContext = ({ users, ...rest }: SeenContext): RoomContext => ({
  ...rest,
  users: new Map(users.map((user) => [user.id, user])),
});

const toSeen = ({
  value,
  context: { users, ...rest },
}: {
  readonly value: SeenState['value'];
  readonly context: RoomContext;
}): SeenState => ({ value, context: { ...rest, users: [...users.values()] } });

/** Whatever the order of fields. */
const sameState = (a: SeenState, b: SeenState): boolean => canonical(a) === canonical(b);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
