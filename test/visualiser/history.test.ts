import { expect, test } from 'vitest';
import { emptyRoom, newUser } from '../../machines/room.context.ts';
import type { User } from '../../src/protocol/messages.ts';
import type { SeenContext } from '../../src/visualiser/mask.ts';
import { changed, changeOf, type SeenState, type TraceStep } from '../../src/visualiser/trace.ts';
import { History } from '../../src/visualiser/page/history.js';
import { Player } from '../../src/visualiser/page/player.js';

const EMPTY: SeenContext = { ...emptyRoom, meetingId: 'm', users: [] };
const START: SeenState = { value: 'idle', context: EMPTY };

const withUsers = (users: readonly User[]): SeenContext => ({
  ...EMPTY,
  users: users.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
});

/** A room in which somebody comes, does something, is not heard, and goes, again and again; states by position. */
function busyRoom(count: number, from = 0): { steps: TraceStep[]; states: SeenState[] } {
  const states: SeenState[] = [START];
  const steps: TraceStep[] = [];
  let { context } = START;
  for (let seq = 1; seq <= count; seq += 1) {
    const id = `u${(seq * 7) % 13}`;
    const others = context.users.filter((user) => user.id !== id);
    const users = [
      () => [...others, newUser(id, `Name ${seq}`)],
      () => context.users,
      () => context.users.map((user) => ({ ...user, raisedHand: !user.raisedHand })),
      () => others,
    ][seq % 4]?.();
    const after = seq % 4 === 1 ? context : withUsers(users ?? []);
    const change = changeOf(context, after);
    const value = after.users.length === 0 ? 'idle' : 'active';
    steps.push({
      seq,
      at: from + seq,
      outcome: change === undefined ? 'ignored' : 'taken',
      event: { type: 'user.joined', id },
      transitions: [],
      value,
      ...(change !== undefined && { change }),
    });
    context = after;
    states.push({ value, context });
  }
  return { steps, states };
}

test('[L2] the state at every position is that of the room then, whichever way it is gone to', () => {
  const { steps, states } = busyRoom(60);
  const history = new History(START, steps);

  const positions = [0, 60, 30, 31, 29, 60, 1, 0, ...states.keys(), ...[...states.keys()].toReversed()];
  expect(positions.map((position) => history.at(position))).toEqual(
    positions.map((position) => states[position]),
  );
});

test('a context is the same object until something changes', () => {
  const { steps } = busyRoom(6);
  const history = new History(START, steps);

  // Step 5 is ignored, step 6 changes hands.
  const before = history.at(4).context;
  expect(history.at(5).context).toBe(before);
  expect(history.at(6).context).not.toBe(before);
});

test('what is forgotten goes into the first state, and at least 1,000 steps can be gone back', () => {
  const { steps, states } = busyRoom(4_000);
  const history = new History(START, []);
  for (let seq = 0; seq < 4_000; seq += 7) {
    history.add(steps.slice(seq, seq + 7));
    history.at(history.last);
    history.trim(history.last);
  }

  expect(history.last).toBe(4_000);
  expect(history.last - history.first).toBeGreaterThanOrEqual(1_000);
  expect(history.last - history.first).toBeLessThanOrEqual(1_500);
  expect(history.step(history.first)).toBeUndefined();
  for (const position of [history.first, history.first + 1, 3_500, 4_000])
    expect(history.at(position)).toEqual(states[position]);
});

test('the step at which a reader has stopped stays, with what came after it, for 10,000 steps', () => {
  const { steps, states } = busyRoom(12_000);
  const history = new History(START, steps.slice(0, 50));
  history.at(40);

  history.add(steps.slice(50, 9_000));
  expect([history.trim(40), history.first]).toEqual([39, 39]);
  expect(history.at(40)).toEqual(states[40]);

  history.add(steps.slice(9_000));
  history.trim(40);
  expect([history.first, history.last]).toEqual([2_000, 12_000]);
  expect(history.at(2_000)).toEqual(states[2_000]);
});

test('steps that are there already are not taken in twice', () => {
  const { steps, states } = busyRoom(10);
  const history = new History(START, steps.slice(0, 6));

  history.add(steps.slice(3));

  expect(history.last).toBe(10);
  expect(history.at(10)).toEqual(states[10]);
});

test('data beside the people is known at each position', () => {
  const { users: _, ...rest } = EMPTY;
  const later = { ...rest, controller: 'u1' };
  const step = (seq: number, change: TraceStep['change']): TraceStep => ({
    seq,
    at: seq,
    outcome: 'taken',
    event: { type: 'x' },
    transitions: [],
    value: 'active',
    ...(change !== undefined && { change }),
  });
  const history = new History(START, [
    step(1, undefined),
    step(2, { put: [], gone: [], rest: later }),
    step(3, undefined),
  ]);

  expect([0, 1, 2, 3].map((position) => history.restAt(position))).toEqual([rest, rest, later, later]);
  expect(changed(EMPTY, { put: [], gone: [], rest: later })).toEqual(history.at(3).context);
});

test('its trace is what the server gives: a start, the steps, and the end they lead to', () => {
  const { steps, states } = busyRoom(20);

  expect(new History(START, steps).toTrace('daily')).toEqual({
    format: 'satsuma-trace/1',
    machine: 'room',
    room: 'daily',
    start: START,
    steps,
    end: states[20],
  });
});

test('the same room watched without a break is told from another one of the same name', () => {
  const history = new History(START, busyRoom(20).steps);

  expect(history.isContinuedBy(new History(START, busyRoom(30).steps))).toBe(true);
  expect(history.isContinuedBy(new History(START, busyRoom(30, 1_000_000).steps))).toBe(false);
  expect(history.isContinuedBy(new History(START, []))).toBe(false);
});

test('who has ever been here is known by name', () => {
  const history = new History({ value: 'active', context: withUsers([newUser('a', 'Ada')]) }, []);
  const change = { put: [newUser('b', 'Ben')], gone: ['a'], rest: EMPTY };
  history.add([
    { seq: 1, at: 1, outcome: 'taken', event: { type: 'x' }, transitions: [], value: 'active', change },
  ]);

  expect(['a', 'b', 'c'].map((id) => history.nameOf(id))).toEqual(['Ada', 'Ben', undefined]);
});

test('a reader follows the end until stopped, and then stays while steps arrive', () => {
  const { steps } = busyRoom(20);
  const history = new History(START, steps.slice(0, 10));
  const player = new Player(history);
  const seen = () => [player.position, player.ahead, player.isPaused];

  expect(seen()).toEqual([10, 0, false]);
  player.move(1);
  expect(seen()).toEqual([10, 0, false]);
  player.move(-1);
  history.add(steps.slice(10));
  expect(seen()).toEqual([9, 11, true]);
  player.move(100);
  expect(seen()).toEqual([20, 0, true]);
  player.first();
  player.move(-1);
  expect(seen()).toEqual([0, 20, true]);
  player.resume();
  expect(seen()).toEqual([20, 0, false]);
});

test('a reader keeps the place in the same room, and is live in another', () => {
  const { steps } = busyRoom(20);
  const player = new Player(new History(START, steps));
  player.go(7);

  player.replace(new History(START, steps), true);
  expect([player.position, player.isPaused]).toEqual([7, true]);
  player.replace(new History(START, steps.slice(0, 3)), false);
  expect([player.position, player.isPaused]).toEqual([3, false]);
});
