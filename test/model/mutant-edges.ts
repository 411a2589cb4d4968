import { emptyRoom } from '../../machines/room.context.ts';
import { roomMachine } from '../../machines/room.machine.ts';
import {
  copyBody,
  edgesAt,
  machineOf,
  placesOf,
  stateAt,
  type Action,
  type Body,
  type Edge,
  type GuardArgs,
  type Mutant,
  type Place,
} from './mutant-body.ts';

type Guard = (args: GuardArgs) => boolean;

/** A change of one transition, with what it is called. */
type Change = { readonly what: string; readonly apply: (edge: Edge, all: Edge[]) => void };

const ORIGINAL = copyBody();
const GUARDS = roomMachine.implementations.guards as unknown as Readonly<Record<string, Guard>>;
const guardOf = (name: string): Guard => {
  const guard = GUARDS[name];
  if (guard === undefined) throw new Error(`There is no guard ${name}`);
  return guard;
};

/** Whether a guard can be asked about an event at all: those of one event throw for another. */
function fits(name: string, type: string): boolean {
  try {
    guardOf(name)({ context: emptyRoom as never, event: { type, users: [] } as never });
    return true;
  } catch {
    return false;
  }
}

function guardChanges(edge: Edge, { group, key }: Place): Change[] {
  const { guard } = edge;
  if (typeof guard !== 'string') return [];
  const others = Object.keys(GUARDS).filter(
    (name) => name !== guard && fits(name, group === 'on' ? key : 'xstate.after'),
  );
  return [
    { what: `guard ${guard} removed`, apply: (edge) => delete edge.guard },
    {
      what: `guard ${guard} negated`,
      apply: (edge) => {
        edge.guard = (args) => !guardOf(guard)(args);
      },
    },
    ...others.map((name) => ({
      what: `guard ${guard} replaced by ${name}`,
      apply: (edge: Edge) => {
        edge.guard = name;
      },
    })),
  ];
}

/** The path that a target means, seen from a state. */
function resolve(target: string, path: string): string {
  if (target.startsWith('.')) return target.slice(1);
  const parent = path.split('.').slice(0, -1);
  return [...parent, target].join('.');
}

/** The top-level states, and those beside a state. */
function targetsFrom(path: string): string[] {
  const [outer, inner] = path.split('.');
  const beside = inner === undefined ? [] : Object.keys(stateAt(ORIGINAL, outer ?? '').states);
  return [...Object.keys(ORIGINAL.states), ...beside.map((name) => `${outer}.${name}`)];
}

function targetChanges(edge: Edge, { path }: Place): Change[] {
  const { target } = edge;
  if (target === undefined) {
    if (path === '') return [];
    const apply = (edge: Edge): void => void Object.assign(edge, { target: `#room.${path}`, reenter: true });
    return [{ what: 'enters its state again', apply }];
  }
  const others = targetsFrom(path).filter((other) => other !== resolve(target, path));
  return [
    { what: `target ${target} dropped`, apply: (edge) => delete edge.target },
    ...others.map((other) => ({
      what: `target ${target} changed to ${other}`,
      apply: (edge: Edge) => {
        edge.target = `#room.${other}`;
      },
    })),
  ];
}

const FAILURES = ['not_configured', 'refused', 'unavailable', 'timed_out', 'ended'];
const CODES = [
  'user_not_found',
  'ai_not_active',
  'ai_control_not_yours',
  'ai_control_pending',
  'ai_control_held',
  'ai_control_failed',
  'ai_not_connected',
];

/** Other values of an action's parameters: for one that is found out, every constant; for a code, the next one. */
function otherParams(params: unknown): Readonly<Record<string, unknown>>[] {
  if (typeof params === 'function') {
    return [
      ...FAILURES.map((failure) => ({ failure, code: 'ai_not_connected', session: { sessionId: failure } })),
      { failure: 'unavailable', code: 'ai_control_failed', session: null },
    ];
  }
  const { failure, code } = params as { readonly failure?: string; readonly code?: string };
  if (code !== undefined) return [{ code: CODES[(CODES.indexOf(code) + 1) % CODES.length] }];
  return FAILURES.filter((other) => other !== failure).map((failure) => ({ failure }));
}

/** What a found-out parameter is about, so that only its own field is altered. */
const FIELDS: Readonly<Record<string, string>> = {
  noteSession: 'session',
  noteFailure: 'failure',
  refuseController: 'code',
  refuse: 'code',
};

function paramChanges(action: Action, index: number): Change[] {
  if (typeof action === 'string' || action.params === undefined) return [];
  const { type, params } = action;
  const field = FIELDS[type] ?? '';
  const values = new Map(
    otherParams(params).map((other) => [JSON.stringify(other[field]), { [field]: other[field] }]),
  );
  return [...values].map(([text, params]) => ({
    what: `${type} with ${field} ${text}`,
    apply: (edge) => void edge.actions?.splice(index, 1, { type, params }),
  }));
}

const nameOf = (action: Action | undefined): string =>
  typeof action === 'object' ? action.type : (action ?? '');

/** Actions that change nothing in the context, and those of them that read it. */
const EMITS = /^(announce|refuse|deliver|relay)/;
const READS = /^(announceMeeting|announceConnection|deliverMessage|refuseController)/;

/** Whether the order of two actions can make a difference: assigns of different fields never do. */
function ordered(a: string, b: string): boolean {
  if (EMITS.test(a) && EMITS.test(b)) return true;
  return (READS.test(a) && !EMITS.test(b)) || (READS.test(b) && !EMITS.test(a));
}

function actionChanges({ actions = [] }: Edge): Change[] {
  return actions.flatMap((action, index) => {
    const name = nameOf(action);
    const next = nameOf(actions[index + 1]);
    const swap: Change = {
      what: `${name} and ${next} swapped`,
      apply: ({ actions = [] }) => void actions.splice(index, 0, ...actions.splice(index + 1, 1)),
    };
    return [
      { what: `${name} dropped`, apply: ({ actions = [] }: Edge) => void actions.splice(index, 1) },
      ...paramChanges(action, index),
      ...(next !== '' && ordered(name, next) ? [swap] : []),
    ];
  });
}

function orderChanges(index: number, all: readonly Edge[]): Change[] {
  const removed: Change = { what: 'removed', apply: (_, all) => void all.splice(index, 1) };
  const swapped: Change = {
    what: `swapped with [${index + 1}]`,
    apply: (_, all) => void all.splice(index, 0, ...all.splice(index + 1, 1)),
  };
  return index + 1 < all.length ? [removed, swapped] : [removed];
}

const altered = (change: (body: Body) => void) => (): ReturnType<typeof machineOf> => {
  const body = copyBody();
  change(body);
  return machineOf(body);
};

/** Every mutant that alters one transition, or the order of two. */
export const edgeMutants: readonly Mutant[] = placesOf(ORIGINAL).flatMap((place) =>
  edgesAt(ORIGINAL, place).flatMap((edge, index, all) =>
    [
      ...guardChanges(edge, place),
      ...targetChanges(edge, place),
      ...actionChanges(edge),
      ...orderChanges(index, all),
    ].map(({ what, apply }) => ({
      name: `${place.path === '' ? 'room' : place.path}: ${place.key}[${index}]: ${what}`,
      make: altered((body) => {
        const edges = edgesAt(body, place);
        const edge = edges[index];
        if (edge !== undefined) apply(edge, edges);
      }),
    })),
  ),
);
