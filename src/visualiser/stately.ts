import type { ChartCall, Json } from './chart-call.ts';
import type { Chart, ChartState, ChartTransition } from './chart.ts';

/**
 * A chart as the configuration that `createMachine` takes, and with it Stately's editor: plain JSON. What it cannot
 * say: the context, implementations (so also the lengths of named delays), inputs of services, and parameters that a
 * function computes.
 */
export function toStately(chart: Chart): string {
  const root = chart.states.find(({ parent }) => parent === null);
  if (root === undefined) throw new Error('A chart without a root');
  return `${JSON.stringify({ ...stateConfig(chart, root), id: chart.id }, null, 2)}\n`;
}

/** Fields without a value are left out by `JSON.stringify`. */
type Config = { readonly [key: string]: Json | undefined };

function stateConfig(chart: Chart, state: ChartState): Config {
  const own = chart.transitions.filter(({ source }) => source === state.id);
  const inside = chart.states.filter(({ parent }) => parent === state.id);
  const { kind, history } = state;
  const remembered = history?.target ?? null;
  return {
    id: state.id === defaultId(chart, state) ? undefined : state.id,
    type: kind === 'atomic' || kind === 'compound' ? undefined : kind,
    description: state.description ?? undefined,
    tags: some(state.tags),
    initial: initialConfig(inside, state),
    history: history?.depth,
    target: remembered === null ? undefined : `#${remembered}`,
    entry: some(state.entry.map(callConfig)),
    exit: some(state.exit.map(callConfig)),
    invoke: some(state.invokes.map(({ id, src }) => invokeConfig(own, id, src))),
    on: byKey(own.filter(isHeard), ({ event }) => event),
    after: byKey(own.filter(isTimer), ({ delay }) => delay?.name ?? String(delay?.ms)),
    always: some(own.filter(({ kind }) => kind === 'always').map(transitionConfig)),
    onDone: some(own.filter(isAllDone).map(transitionConfig)),
    states:
      inside.length === 0
        ? undefined
        : Object.fromEntries(inside.map((child) => [child.key, stateConfig(chart, child)])),
  };
}

/** The id that XState gives by itself: the keys from the root, whatever ids the states between have. */
function defaultId(chart: Chart, state: ChartState): string {
  const parent = chart.states.find(({ id }) => id === state.parent);
  return parent === undefined ? chart.id : `${defaultId(chart, parent)}.${state.key}`;
}

/** XState wants the key of a state right inside. */
function initialConfig(inside: readonly ChartState[], { initial }: ChartState): Json | undefined {
  const target = inside.find(({ id }) => id === initial?.target)?.key;
  const actions = initial?.actions.map(callConfig) ?? [];
  return actions.length === 0 ? target : { target, actions };
}

function invokeConfig(own: readonly ChartTransition[], id: string, src: string): Config {
  const of = (prefix: string): Json | undefined =>
    some(own.filter(({ event }) => event === `${prefix}${id}`).map(transitionConfig));
  return {
    id,
    src,
    onDone: of('xstate.done.actor.'),
    onError: of('xstate.error.actor.'),
    onSnapshot: of('xstate.snapshot.'),
  };
}

const isTimer = ({ delay }: ChartTransition): boolean => delay !== null;
const isAllDone = ({ source, event }: ChartTransition): boolean => event === `xstate.done.state.${source}`;
const isHeard = (transition: ChartTransition): boolean =>
  transition.kind !== 'always' &&
  transition.invoke === null &&
  !isTimer(transition) &&
  !isAllDone(transition);

function byKey(
  transitions: readonly ChartTransition[],
  keyOf: (transition: ChartTransition) => string,
): Json | undefined {
  const keys = new Set(transitions.map(keyOf));
  if (keys.size === 0) return undefined;
  const groupOf = (key: string): Json =>
    transitions.filter((transition) => keyOf(transition) === key).map(transitionConfig);
  return Object.fromEntries([...keys].map((key) => [key, groupOf(key)]));
}

function transitionConfig({ guard, targets, actions, reenter, description }: ChartTransition): Config {
  return {
    guard: guard === null ? undefined : callConfig(guard),
    target: targets.length > 1 ? targets.map((id) => `#${id}`) : targets.map((id) => `#${id}`)[0],
    actions: some(actions.map(callConfig)),
    reenter: reenter || undefined,
    description: description ?? undefined,
  };
}

function callConfig({ name, params }: ChartCall): Json {
  return params === undefined ? name : { type: name, params };
}

function some(list: readonly Json[]): Json | undefined {
  return list.length === 0 ? undefined : list;
}
