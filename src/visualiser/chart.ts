import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { callOf, type ChartCall } from './chart-call.ts';

/** What sets a transition off; drawn apart by more than colour. `done`: a service or all inner states are through. */
export type TransitionKind = 'event' | 'done' | 'error' | 'timeout' | 'always';

/** A service that runs while its state is active. */
export type ChartInvoke = { readonly id: string; readonly src: string };

export type ChartState = {
  /** Unique in the machine: its own id, or the path from the root, with dots. */
  readonly id: string;
  readonly key: string;
  readonly parent: string | null;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description: string | null;
  readonly tags: readonly string[];
  /** Where a compound state begins. */
  readonly initial: { readonly target: string; readonly actions: readonly ChartCall[] } | null;
  /** Of a history state: how much it remembers, and where it leads when there is nothing to remember. */
  readonly history: { readonly depth: 'shallow' | 'deep'; readonly target: string | null } | null;
  readonly entry: readonly ChartCall[];
  readonly exit: readonly ChartCall[];
  readonly invokes: readonly ChartInvoke[];
};

export type ChartTransition = {
  /** Stable while source, event and place among the candidates are: see {@link transitionId}. */
  readonly id: string;
  readonly source: string;
  /** As XState names it, such as `ai.enable`, `*`, or `xstate.after.1000.room.idle`; empty for `always`. */
  readonly event: string;
  readonly kind: TransitionKind;
  /** Place among the candidates for the same event: the first whose guard says yes is taken. */
  readonly order: number;
  /** The service whose end this is about. */
  readonly invoke: string | null;
  /** `ms` is `null` where only a function knows; `name` is `null` where the delay is a plain number. */
  readonly delay: { readonly name: string | null; readonly ms: number | null } | null;
  readonly guard: ChartCall | null;
  readonly actions: readonly ChartCall[];
  /** Empty: the machine stays where it is. More than one: states of several parallel regions. */
  readonly targets: readonly string[];
  readonly reenter: boolean;
  readonly description: string | null;
};

/** A machine as plain data, which all drawings, tables and exports read. States and transitions as declared. */
export type Chart = {
  readonly id: string;
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
};

/** Reads a machine. Transitions of the root occur once, at the root. */
export function toChart(machine: AnyStateMachine): Chart {
  const nodes = withDescendants(machine.root);
  return {
    id: machine.id,
    states: nodes.map(toState),
    transitions: nodes.flatMap((node) =>
      definitionsOf(node).map((definition) => toTransition(machine, definition)),
    ),
  };
}

/** The id in {@link Chart} of a transition that XState names while a machine runs. */
export function transitionId(definition: AnyTransitionDefinition): string {
  return `${definition.source.id}:${definition.eventType}:${orderOf(definition)}`;
}

/** Whether a transition does nothing at all, so that an event is kept from the states around. */
export function isForbidden({ targets, guard, actions, reenter }: ChartTransition): boolean {
  return targets.length === 0 && guard === null && actions.length === 0 && !reenter;
}

/** Whether a transition leads from its state to another one; all others are listed in the state's box. */
export function goesSomewhere({ source, targets }: ChartTransition): boolean {
  return targets.some((target) => target !== source);
}

/** Whether a state is somewhere inside another one. */
export function isInside(chart: Chart, id: string, outer: string): boolean {
  const parent = chart.states.find((state) => state.id === id)?.parent ?? null;
  return parent !== null && (parent === outer || isInside(chart, parent, outer));
}

function withDescendants(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap((child: AnyStateNode) => withDescendants(child))];
}

function definitionsOf(node: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

function orderOf(definition: AnyTransitionDefinition): number {
  const { source, eventType } = definition;
  const candidates = eventType === '' ? source.always : source.transitions.get(eventType);
  return candidates?.indexOf(definition) ?? -1;
}

function toState(node: AnyStateNode): ChartState {
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id ?? null,
    kind: node.type,
    description: node.description ?? null,
    tags: node.tags,
    initial: initialOf(node),
    history: historyOf(node),
    // The node's own lists also hold what starts and cancels its timers.
    entry: [node.config.entry ?? []].flat().map(callOf),
    exit: [node.config.exit ?? []].flat().map(callOf),
    invokes: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : '(inline)' })),
  };
}

function initialOf(node: AnyStateNode): ChartState['initial'] {
  const target = node.type === 'compound' ? node.initial.target?.[0] : undefined;
  if (target === undefined) return null;
  return { target: target.id, actions: node.initial.actions.map(callOf) };
}

function historyOf(node: AnyStateNode): ChartState['history'] {
  if (node.type !== 'history') return null;
  const target: unknown = node.config.target;
  const named = typeof target === 'string' ? resolveTarget(node, target) : undefined;
  return { depth: node.history === 'deep' ? 'deep' : 'shallow', target: named?.id ?? null };
}

function resolveTarget(node: AnyStateNode, target: string): AnyStateNode | undefined {
  if (target.startsWith('#')) return node.machine.getStateNodeById(target);
  return target
    .split('.')
    .reduce<AnyStateNode | undefined>((parent, key) => parent?.states[key], node.parent);
}

function toTransition(machine: AnyStateMachine, definition: AnyTransitionDefinition): ChartTransition {
  const { source, eventType: event } = definition;
  const invoke = source.invoke.find(({ id }) => INVOKE_EVENTS.some((prefix) => event === `${prefix}${id}`));
  return {
    id: transitionId(definition),
    source: source.id,
    event,
    kind: kindOf(event),
    order: orderOf(definition),
    invoke: invoke?.id ?? null,
    delay: delayOf(machine, definition),
    guard: definition.guard === undefined ? null : callOf(definition.guard),
    actions: definition.actions.map(callOf),
    targets: (definition.target ?? []).map(({ id }) => id),
    reenter: definition.reenter,
    description: definition.description ?? null,
  };
}

const INVOKE_EVENTS = ['xstate.done.actor.', 'xstate.error.actor.', 'xstate.snapshot.'];

function kindOf(event: string): TransitionKind {
  if (event === '') return 'always';
  if (event.startsWith('xstate.after.')) return 'timeout';
  if (event.startsWith('xstate.done.')) return 'done';
  return event.startsWith('xstate.error.') ? 'error' : 'event';
}

function delayOf(machine: AnyStateMachine, definition: AnyTransitionDefinition): ChartTransition['delay'] {
  const timer = definition.source.after.find((candidate) => candidate === definition);
  if (timer === undefined) return null;
  const { delay } = timer;
  if (typeof delay === 'number') return { name: null, ms: delay };
  const name = String(delay);
  const known: unknown = machine.implementations.delays[name];
  return { name, ms: typeof known === 'number' ? known : null };
}
