import type { AnyEventObject, StateValue } from 'xstate';
import type { User } from '../protocol/messages.ts';
import type { SeenContext } from './mask.ts';

/** A room at one moment: in which state it is, and what it knows. */
export type SeenState = { readonly value: StateValue; readonly context: SeenContext };

/** What an event has changed. Users who are not named are as before; order is that of their ids. */
export type SeenChange = {
  readonly put: readonly User[];
  readonly gone: readonly string[];
  readonly rest: Omit<SeenContext, 'users'>;
};

/** One line of a room's log. */
export type TraceStep = {
  /** Counts from 1 for as long as somebody watches. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /**
   * `taken`: the machine did something. `ignored`: it did nothing. `refused`: its sender was told why; without a
   * transition the frame never became an event.
   */
  readonly outcome: 'taken' | 'ignored' | 'refused';
  readonly event: AnyEventObject;
  /** Error code of a refusal. */
  readonly code?: string;
  /** Ids of the transitions that were taken, as in the chart of the machine. */
  readonly transitions: readonly string[];
  readonly value: StateValue;
  /** Nothing where nothing has changed. */
  readonly change?: SeenChange;
};

/** The steps that are remembered, from a state to a state: enough to do them again. */
export type Trace = {
  readonly format: 'satsuma-trace/1';
  readonly machine: string;
  readonly room: string;
  readonly start: SeenState;
  readonly steps: readonly TraceStep[];
  readonly end: SeenState;
};

/** Whether the machine has heard of it. */
export const isEvent = ({ outcome, transitions }: TraceStep): boolean =>
  outcome !== 'refused' || transitions.length > 0;

/** What has changed between two states of a room; nothing, if nothing has. */
export function changeOf(before: SeenContext, after: SeenContext): SeenChange | undefined {
  const { users: usersBefore, ...restBefore } = before;
  const { users: usersAfter, ...rest } = after;
  const known = new Map(usersBefore.map((user) => [user.id, user]));
  const put = usersAfter.filter((user) => known.get(user.id) !== user);
  for (const { id } of usersAfter) known.delete(id);
  const gone = [...known.keys()];
  if (put.length + gone.length > 0) return { put, gone, rest };
  return JSON.stringify(restBefore) === JSON.stringify(rest) ? undefined : { put, gone, rest };
}

/** The state after some changes. */
export function changed(context: SeenContext, ...changes: readonly SeenChange[]): SeenContext {
  const roster = new Map(context.users.map((user) => [user.id, user]));
  let { users: _, ...rest } = context;
  for (const change of changes) {
    for (const id of change.gone) roster.delete(id);
    for (const user of change.put) roster.set(user.id, user);
    ({ rest } = change);
  }
  return { ...rest, users: [...roster.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}
