import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STEPS, type Script } from '../support/ai-upstreams.ts';
import { AiWalk, type Action, type Deed } from '../support/ai-walk.ts';

/** Fixed, so that a green commit stays green; `SATSUMA_SEED` and `SATSUMA_RUNS` look elsewhere and for longer. */
const SEED = Number(process.env.SATSUMA_SEED ?? 20_261_121);
const RUNS = Number(process.env.SATSUMA_RUNS ?? 100);
const LIMIT_MS = 1_000 * RUNS;

const user = fc.nat(2);
const rest = fc.oneof(
  { weight: 3, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constant(false) },
);
const deed = (weight: number, type: Deed) => ({
  weight,
  arbitrary: fc.record({ type: fc.constant(type), user, rest }),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  deed(5, 'join'),
  deed(2, 'leave'),
  deed(2, 'drop'),
  deed(10, 'enable'),
  deed(5, 'disable'),
  deed(8, 'request'),
  deed(1, 'steal'),
  deed(9, 'connect'),
  deed(3, 'speak'),
  deed(3, 'release'),
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant('script' as const),
      step: fc.constantFrom(...STEPS),
      outcome: fc.constantFrom('ok' as const, 'ok' as const, 'refuse' as const, 'lose' as const),
      held: fc.boolean(),
      rest: fc.constant(false),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('letGo' as const), rest }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), rest }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('crash' as const), turns: fc.nat(12), rest }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.constantFrom(500, 1_000, 1_000, 8_000, 10_000, 20_000, 30_000, 60_000, 55 * 60_000),
      rest,
    }),
  },
);

/** At rest, what everybody sees agrees with itself and with what the upstreams know. */
function expectRest({ states, upstreams }: AiWalk): void {
  const [state] = states;
  for (const other of states) expect(other).toEqual(state);
  if (state === undefined) return;
  const { ai, users } = state;
  expect(users.map(({ id }) => id).indexOf('ai')).toBe(ai.enabled ? users.length - 1 : -1);
  const most = ai.enabled || ai.connectionPending === true ? 1 : 0;
  expect(upstreams.openCalls.length).toBeGreaterThanOrEqual(ai.enabled ? 1 : 0);
  expect(upstreams.openCalls.length).toBeLessThanOrEqual(most);
  // What is held holds up the closing behind it.
  if (!upstreams.isHolding) {
    const { speakers } = upstreams;
    const possible = ai.enabled ? users.map(({ id }) => `of-${id}`) : [];
    expect(speakers.filter((name) => !possible.includes(name))).toEqual([]);
    expect(speakers).toHaveLength(new Set(speakers).size);
  }
  if (ai.controllingUser === undefined) return;
  expect({ ...ai, isThere: users.some(({ id }) => id === ai.controllingUser) }).toMatchObject({
    enabled: true,
    isThere: true,
  });
  const line = upstreams.lines.get(users.at(-1)?.transceiverSessionId ?? '');
  expect(line?.heard).toBe(`of-${ai.controllingUser}`);
}

/** Performs the steps, checking at every rest, and again when everybody is gone; `last` looks before that. */
async function walkThrough<T>(
  actions: readonly Action[],
  last?: (walk: AiWalk) => T,
): Promise<T | undefined> {
  const walk = await AiWalk.open();
  try {
    const timersAtRest = walk.clock.timerCount;
    for (const action of actions) {
      await walk.perform(action);
      if (!action.rest) continue;
      await walk.settle();
      expectRest(walk);
    }
    const result = last?.(walk);
    await walk.end();
    const { upstreams, store, clock } = walk;
    expect({
      livingCalls: upstreams.livingCalls,
      openLines: upstreams.openLines,
      stored: await store.listAiCalls(),
      timers: clock.timerCount,
      overlaps: upstreams.overlaps,
      lostButConnected: upstreams.lostButConnected,
    }).toEqual({
      livingCalls: [],
      openLines: [],
      stored: [],
      timers: timersAtRest,
      overlaps: [],
      lostButConnected: 0,
    });
    return result;
  } finally {
    await walk.close();
  }
}

const beginning: readonly Action[] = [
  { type: 'join', user: 0, rest: false },
  { type: 'join', user: 1, rest: true },
];

/** Performs the steps, and gives the walk to the check while all is at rest. */
async function after(steps: readonly Action[], check: (walk: AiWalk) => void | Promise<void>): Promise<void> {
  const walk = await AiWalk.open();
  try {
    for (const action of [...beginning, ...steps]) {
      await walk.perform(action);
      if (action.rest) await walk.settle();
    }
    await check(walk);
  } finally {
    await walk.close();
  }
}

const hold = (step: Script['step'], outcome: Script['outcome'] = 'ok'): Action => ({
  type: 'script',
  step,
  outcome,
  held: true,
  rest: false,
});

test('[V4] a call whose name is known is hung up as soon as the invitation is taken back', () =>
  after(
    [hold('answer'), { type: 'enable', user: 0, rest: true }, { type: 'disable', user: 0, rest: true }],
    ({ upstreams }) => expect(upstreams.openCalls).toEqual([]),
  ));

test('[R16] [V4] of two invitations there are never two open calls', () =>
  after(
    [
      hold('answer'),
      { type: 'enable', user: 0, rest: true },
      { type: 'disable', user: 0, rest: true },
      { type: 'enable', user: 0, rest: true },
    ],
    ({ upstreams }) => expect(upstreams.openCalls).toHaveLength(1),
  ));

test('[V4] [V5] an answer that is lost after the room gave up is not given again (seed 1)', () =>
  after(
    [
      hold('answer', 'lose'),
      { type: 'enable', user: 0, rest: true },
      { type: 'wait', ms: 30_000, rest: true },
      { type: 'letGo', rest: true },
    ],
    ({ upstreams }) => expect(upstreams.openCalls).toEqual([]),
  ));

test('[C6] [R30] an AI that is dismissed while audio is on its way to it is closed after that (seed 2)', () =>
  after(
    [
      { type: 'enable', user: 0, rest: true },
      hold('route'),
      { type: 'request', user: 0, rest: true },
      { type: 'disable', user: 0, rest: true },
      { type: 'letGo', rest: true },
    ],
    ({ upstreams }) => {
      expect(upstreams.overlaps).toEqual([]);
      expect(upstreams.openLines).toEqual([]);
    },
  ));

test('[V7] a stop leaves no timer behind when an ending fails during it', () =>
  after(
    [
      { type: 'enable', user: 0, rest: true },
      { type: 'script', step: 'hangup', outcome: 'refuse', held: false, rest: false },
    ],
    async (walk) => {
      await walk.close();
      expect(walk.clock.timerCount).toBe(0);
      expect(await walk.store.listAiCalls()).toHaveLength(1);
    },
  ));

test('[V7] an m-line without an answer, which a stop could not close, is closed by the next process (seed 2)', () =>
  after(
    [
      hold('offer'),
      { type: 'script', step: 'close', outcome: 'refuse', held: false, rest: false },
      { type: 'enable', user: 0, rest: true },
      { type: 'wait', ms: 20_000, rest: true },
      { type: 'restart', rest: true },
    ],
    async ({ upstreams, store }) => {
      expect([...upstreams.lines.values()]).toEqual([expect.objectContaining({ closed: true })]);
      expect([upstreams.openLines, await store.listAiCalls()]).toEqual([[], []]);
    },
  ));

/** Where a request of the server that dies is held: it comes to its end after the next server has closed everything. */
const heldAtDeath: readonly { readonly step: Script['step']; readonly before: readonly Action[] }[] = [
  ...(['session', 'offer', 'call', 'answer'] as const).map((step) => ({ step, before: [] })),
  {
    step: 'route',
    before: [
      { type: 'enable', user: 0, rest: true },
      { type: 'request', user: 0, rest: false },
    ],
  },
  ...(['hangup', 'close'] as const).map((step) => ({
    step,
    before: [
      { type: 'enable', user: 0, rest: true },
      { type: 'disable', user: 0, rest: false },
    ] as const,
  })),
];

test.each(heldAtDeath)(
  '[V2] [V7] [S9] a crash while $step is held: nothing goes on, and there can be another AI',
  async ({ step, before }) => {
    const actions: readonly Action[] = [
      ...beginning,
      hold(step),
      ...(before.length > 0 ? before : [{ type: 'enable', user: 0, rest: false } as const]),
      { type: 'wait', ms: 50, rest: true },
      { type: 'crash', turns: 0, rest: true },
      { type: 'letGo', rest: true },
      { type: 'join', user: 0, rest: true },
      { type: 'enable', user: 0, rest: true },
    ];
    const living = await walkThrough(actions, ({ upstreams, states }) => {
      expect(states.map(({ ai }) => ai.enabled)).toEqual([true]);
      return upstreams.livingCalls;
    });
    expect(living).toHaveLength(1);
  },
);

test(
  '[R15] [R16] [R17] [R20] [R24] [R28] [R30] [V2] [V4] [V6] [V7] [V12] [V13] [V14] [V15] whatever people and upstreams do, there is one call at most, and nothing of it is left in the end',
  async () => {
    const property = fc.asyncProperty(
      fc.noBias(fc.array(action, { maxLength: 30, size: 'max' })),
      async (actions) => void (await walkThrough([...beginning, ...actions])),
    );
    await fc.assert(property, {
      seed: SEED,
      numRuns: RUNS,
      timeout: 15_000,
      interruptAfterTimeLimit: LIMIT_MS,
    });
  },
  LIMIT_MS + 10_000,
);
