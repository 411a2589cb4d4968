import { createActor, createMachine, not, type AnyStateNode } from 'xstate';
import { describe, expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import {
  goesSomewhere,
  isForbidden,
  toChart,
  transitionId,
  type Chart,
  type ChartState,
  type ChartTransition,
} from '../../src/visualiser/chart.ts';
import { everyFeature } from './small-machines.ts';

const chart = toChart(everyFeature);
const stateOf = (id: string): ChartState | undefined => chart.states.find((state) => state.id === id);
const transitionOf = (id: string): ChartTransition | undefined =>
  chart.transitions.find((transition) => transition.id === id);

const STATE = {
  description: null,
  tags: [],
  initial: null,
  history: null,
  entry: [],
  exit: [],
  invokes: [],
} as const;
const TRANSITION = {
  order: 0,
  kind: 'event',
  invoke: null,
  delay: null,
  guard: null,
  actions: [],
  targets: [],
  reenter: false,
  description: null,
} as const;

describe('states', () => {
  test('come in the order of their declaration, outer before inner', () => {
    expect(chart.states.map(({ id, parent }) => [id, parent])).toEqual([
      ['every', null],
      ['every.player', 'every'],
      ['every.player.stopped', 'every.player'],
      ['every.player.playing', 'every.player'],
      ['scrap', 'every.player'],
      ['every.player.last', 'every.player'],
      ['every.player.finished', 'every.player'],
      ['every.display', 'every'],
      ['every.display.dark', 'every.display'],
      ['every.display.lit', 'every.display'],
      ['every.display.before', 'every.display'],
    ]);
  });

  test('know what is inside them, what they do by themselves and where they begin', () => {
    expect(stateOf('every')).toEqual({ ...STATE, id: 'every', key: 'every', parent: null, kind: 'parallel' });
    expect(stateOf('every.player')).toEqual({
      ...STATE,
      id: 'every.player',
      key: 'player',
      parent: 'every',
      kind: 'compound',
      tags: ['audible'],
      initial: { target: 'every.player.stopped', actions: [] },
      entry: [{ name: 'warmUp' }, { name: 'log', params: { level: 'info' } }],
      exit: [{ name: 'coolDown' }],
    });
  });

  test('run services, and their timers are no actions', () => {
    expect(stateOf('every.player.playing')).toEqual({
      ...STATE,
      id: 'every.player.playing',
      key: 'playing',
      parent: 'every.player',
      kind: 'atomic',
      invokes: [
        { id: 'motor', src: 'turn' },
        { id: '1.every.player.playing', src: 'light' },
      ],
    });
  });

  test('have their own ids where they were given one', () => {
    expect(stateOf('scrap')).toEqual({
      ...STATE,
      id: 'scrap',
      key: 'broken',
      parent: 'every.player',
      kind: 'atomic',
      description: 'For good.',
    });
  });

  test('may begin with actions', () => {
    expect(stateOf('every.display')?.initial).toEqual({
      target: 'every.display.dark',
      actions: [{ name: 'dim' }],
    });
  });

  test('may be final, or history of either depth', () => {
    expect(stateOf('every.player.finished')?.kind).toBe('final');
    expect(stateOf('every.player.last')?.history).toEqual({ depth: 'deep', target: 'every.player.playing' });
    expect(stateOf('every.display.before')?.history).toEqual({ depth: 'shallow', target: null });
  });
});

describe('transitions', () => {
  test.each<Partial<ChartTransition> & Pick<ChartTransition, 'source' | 'event'>>([
    { source: 'every.player', event: 'tape.*', actions: [{ name: 'noteTape' }] },
    {
      source: 'every.player',
      event: '*',
      targets: ['scrap'],
      guard: { name: 'isFatal' },
      description: 'Whatever else is fatal.',
    },
    { source: 'every.player', event: 'reset', targets: ['every.player'], reenter: true },
    {
      source: 'every.player',
      event: 'xstate.done.state.every.player',
      kind: 'done',
      actions: [{ name: 'rest' }],
    },
    {
      source: 'every.player.stopped',
      event: '',
      kind: 'always',
      guard: { name: 'isAutomatic' },
      targets: ['every.player.playing'],
    },
    { source: 'every.player.stopped', event: 'stop' },
    { source: 'every.player.stopped', event: 'resume', targets: ['every.player.last'] },
    {
      source: 'every.player.playing',
      event: 'xstate.done.actor.motor',
      kind: 'done',
      invoke: 'motor',
      targets: ['every.player.finished'],
    },
    {
      source: 'every.player.playing',
      event: 'xstate.error.actor.motor',
      kind: 'error',
      invoke: 'motor',
      targets: ['scrap'],
    },
    {
      source: 'every.player.playing',
      event: 'xstate.snapshot.motor',
      invoke: 'motor',
      actions: [{ name: 'show' }],
    },
    {
      source: 'every.player.playing',
      event: 'xstate.after.1500.every.player.playing',
      kind: 'timeout',
      delay: { name: null, ms: 1500 },
      actions: [{ name: 'blink' }],
    },
    {
      source: 'every.player.playing',
      event: 'xstate.after.wearOut.every.player.playing',
      kind: 'timeout',
      order: 1,
      delay: { name: 'wearOut', ms: null },
      targets: ['every.player.stopped'],
    },
    {
      source: 'every.display.dark',
      event: 'wake',
      targets: ['every.display.lit', 'every.player.playing'],
    },
  ])('$source hears "$event"', (expected) => {
    const id = `${expected.source}:${expected.event}:${expected.order ?? 0}`;
    expect(transitionOf(id)).toEqual({ ...TRANSITION, ...expected, id });
  });

  test('that keep an event from the states around are told from those that do something', () => {
    const forbidden = chart.transitions.filter(isForbidden).map(({ id }) => id);
    expect(forbidden).toEqual(['every.player.stopped:stop:0']);
  });

  test('to their own state go nowhere', () => {
    const selves = chart.transitions.filter(
      (transition) => transition.targets.length > 0 && !goesSomewhere(transition),
    );
    expect(selves.map(({ id }) => id)).toEqual(['every.player:reset:0', 'every.player.playing:again:0']);
  });
});

test('guards and actions that are functions have names, too', () => {
  const machine = createMachine({
    id: 'inline',
    on: {
      a: { guard: not('isHost'), actions: () => {} },
      b: { guard: { type: 'isLonger', params: { than: 3 } }, actions: { type: 'x', params: () => ({}) } },
    },
  });
  expect(toChart(machine).transitions.map(({ guard, actions }) => ({ guard, actions }))).toEqual([
    { guard: { name: 'not(isHost)' }, actions: [{ name: '(inline)' }] },
    { guard: { name: 'isLonger', params: { than: 3 } }, actions: [{ name: 'x', isComputed: true }] },
  ]);
});

/** Walks a machine by its states' own lists of events, not by what the chart reads. */
function transitionsByHand(node: AnyStateNode): readonly string[] {
  const heard = Object.entries(node.on).flatMap(([event, candidates]) =>
    candidates.map((_, index) => `${node.id}:${event}:${index}`),
  );
  const always = (node.always ?? []).map((_, index) => `${node.id}::${index}`);
  const inside = Object.keys(node.states).flatMap((key) => {
    const child = node.states[key];
    return child === undefined ? [] : transitionsByHand(child);
  });
  return [...heard, ...always, ...inside];
}

test.each(Object.entries({ ...machines, everyFeature }))(
  'every transition of %s is in the chart, once',
  (_, machine) => {
    const ids = toChart(machine).transitions.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(transitionsByHand(machine.root).toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  },
);

test('a running machine names its transitions as its chart does, with implementations provided, too', () => {
  const machine = createMachine({
    id: 'lamp',
    initial: 'off',
    states: {
      off: { on: { press: [{ guard: 'isBroken', target: 'off' }, { target: 'warming' }] } },
      warming: { always: { target: 'on' } },
      on: {},
    },
  });
  const taken: string[] = [];
  const actor = createActor(machine.provide({ guards: { isBroken: () => false } }), {
    inspect: (event) => {
      if (event.type !== '@xstate.microstep') return;
      const { _transitions: transitions } = event;
      taken.push(...transitions.map(transitionId));
    },
  }).start();
  actor.send({ type: 'press' });
  expect(taken).toEqual(['lamp.off:press:1', 'lamp.warming::0']);
  const ids = new Set(toChart(machine).transitions.map(({ id }) => id));
  expect(taken.filter((id) => !ids.has(id))).toEqual([]);
});

test('a chart is plain data', () => {
  const copy = JSON.parse(JSON.stringify(chart)) as Chart;
  expect(copy).toEqual(chart);
});
