import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { RoomContext } from '../../machines/room.context.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { Check } from './check.ts';
import type { Consequence, Expected } from './consequences.ts';
import { readable } from './invariants.ts';
import { Model } from './model.ts';
import { eventTypeOf, isOutcome, sourceOf, type EventType } from './moves.ts';
import { before, WITH_PEOPLE, WITHOUT_PEOPLE, type Situation } from './situations.ts';
import { STATES, stateOf, type State } from './states.ts';
import { TABLE } from './table.ts';

/** One cell's case, and where it stands. */
export type Case = {
  readonly state: State;
  readonly event: EventType;
  readonly name: string;
  readonly situation: Situation;
  readonly expected: Expected;
};

/** All cases of one state. */
export function casesOf(state: State): readonly Case[] {
  const situations: Readonly<Record<EventType, Readonly<Record<string, Situation>>>> =
    state === 'idle' ? WITHOUT_PEOPLE : WITH_PEOPLE;
  const row: Readonly<Record<EventType, Readonly<Record<string, Expected>>>> = TABLE[state];
  return (Object.keys(situations) as EventType[]).flatMap((event) =>
    Object.entries(situations[event]).map(([name, situation]) => {
      const expected = row[event][name];
      if (expected === undefined) throw new Error(`no cell for ${state} × ${event}, ${name}`);
      return { state, event, name, situation, expected };
    }),
  );
}

/** That one state does what its column of the table says, in every case of every event. */
export const columnCheck = (state: State): Check => ({
  name: `the table's column ${state}`,
  run: (machine) => {
    const model = new Model(machine);
    for (const each of casesOf(state)) verify(model, each);
    return Promise.resolve();
  },
});

export const tableCheck: Check = {
  name: 'the table of states × events',
  run: async (machine: RoomMachine) => {
    for (const state of STATES) await columnCheck(state).run(machine);
  },
};

function verify(model: Model, { state, event, name, situation, expected }: Case): void {
  const place = `${state} × ${event}, ${name}`;
  const { move } = situation;
  assert.equal(eventTypeOf(move), event, `${place}: the row`);
  const from = model.after(before(state, situation));
  assert.equal(stateOf(from), state, `${place}: where it begins`);
  const isThere = !isOutcome(move) || runningIn(from).has(sourceOf(move));
  assert.equal(isThere, expected !== 'absent', `${place}: whether it can happen`);
  if (expected === 'absent') return;
  const { snapshot, effects } = model.step(from, move);
  const consequence: Required<Consequence> = {
    to: expected.to ?? state,
    changes: expected.changes ?? {},
    effects: expected.effects ?? [],
  };
  const found = { to: stateOf(snapshot), changes: changesOf(from.context, snapshot.context), effects };
  assert.deepEqual(found, consequence, place);
  if (Object.keys(consequence.changes).length > 0) return;
  assert.equal(snapshot.context, from.context, `${place}: the very same context`);
}

/** The services and the times that a state has under way. */
function runningIn({ children, _nodes }: RoomSnapshot): ReadonlySet<string> {
  const delays = _nodes.flatMap(({ after }) => after.map(({ delay }) => String(delay)));
  return new Set([...Object.keys(children), ...delays]);
}

/** The fields that are others, with what they are. */
function changesOf(before: RoomContext, after: RoomContext): Consequence['changes'] {
  const from = readable(before);
  return Object.fromEntries(
    Object.entries(readable(after)).filter(
      ([field, value]) => !isDeepStrictEqual(value, from[field as keyof RoomContext]),
    ),
  );
}
