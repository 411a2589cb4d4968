import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import { roomSetup } from '../../machines/room.setup.ts';

/** An altered machine. Every call of `make` gives a machine of its own. */
export type Mutant = { readonly name: string; readonly make: () => RoomMachine };

export type GuardArgs = { readonly context: never; readonly event: { readonly type: string } };
export type Action = string | { readonly type: string; readonly params?: unknown };
export type Edge = {
  guard?: string | ((args: GuardArgs) => boolean);
  target?: string;
  reenter?: boolean;
  actions?: Action[];
};
export type Edges = Record<string, Edge[]>;
export type Service = {
  readonly id: string;
  input: (args: never) => Readonly<Record<string, unknown>>;
  /** `onDone` and `onError`. */
  edges: Edges;
};

/** A state's part of the machine's body, with every list written as a list. */
export type Body = {
  initial?: string;
  on: Edges;
  after: Edges;
  service?: Service;
  states: Record<string, Body>;
};

/** The config as XState takes it: a transition may stand alone, and what is empty may be left out. */
type RawEdges = Readonly<Record<string, Edge | readonly Edge[]>>;
type RawBody = {
  readonly initial?: string;
  readonly on?: RawEdges;
  readonly after?: RawEdges;
  readonly invoke?: { readonly id: string; readonly input: Service['input'] } & Readonly<
    Record<'onDone' | 'onError', Edge | readonly Edge[] | undefined>
  >;
  readonly states?: Readonly<Record<string, RawBody>>;
};

const copyEdge = (edge: Edge): Edge => ({ ...edge, actions: [...(edge.actions ?? [])] });
const copyEdges = (edges: RawEdges = {}): Edges =>
  Object.fromEntries(Object.entries(edges).map(([key, value]) => [key, [value].flat().map(copyEdge)]));

function read(raw: RawBody): Body {
  const states = Object.fromEntries(
    Object.entries(raw.states ?? {}).map(([name, state]) => [name, read(state)]),
  );
  const body: Body = { on: copyEdges(raw.on), after: copyEdges(raw.after), states };
  if (raw.initial !== undefined) body.initial = raw.initial;
  if (raw.invoke !== undefined) {
    const { id, input, onDone, onError } = raw.invoke;
    const edges = Object.entries({ onDone, onError }).filter(([, edge]) => edge !== undefined);
    body.service = { id, input, edges: copyEdges(Object.fromEntries(edges) as RawEdges) };
  }
  return body;
}

function write({ service, ...body }: Body): unknown {
  const states = Object.fromEntries(Object.entries(body.states).map(([name, state]) => [name, write(state)]));
  const invoke = service && { id: service.id, src: service.id, input: service.input, ...service.edges };
  return { ...body, states, ...(invoke && { invoke }) };
}

/** A copy of the body of the room's machine, to be altered. */
export const copyBody = (): Body => read(roomMachine.config as unknown as RawBody);

/** The machine of a body, with the implementations of the original's names. */
export function machineOf(body: Body): RoomMachine {
  const config = { id: 'room', context: roomMachine.config.context, ...(write(body) as object) };
  return roomSetup.createMachine(config as never) as unknown as RoomMachine;
}

/** The state of a path such as `aiActive.held`; the whole machine's is empty. */
export function stateAt(body: Body, path: string): Body {
  let state = body;
  for (const name of path === '' ? [] : path.split('.')) {
    const inner = state.states[name];
    if (inner === undefined) throw new Error(`There is no state ${path}`);
    state = inner;
  }
  return state;
}

/** The paths of all states, the machine's own first. */
export function pathsOf(body: Body, path = ''): string[] {
  const inner = Object.entries(body.states).flatMap(([name, state]) =>
    pathsOf(state, path === '' ? name : `${path}.${name}`),
  );
  return [path, ...inner];
}

/** Where transitions are written: those of one event, delay or outcome in one state. */
export type Place = {
  readonly path: string;
  readonly group: 'on' | 'after' | 'service';
  readonly key: string;
};

const groupOf = (body: Body, { path, group }: Pick<Place, 'path' | 'group'>): Edges => {
  const state = stateAt(body, path);
  return group === 'service' ? (state.service?.edges ?? {}) : state[group];
};

export const edgesAt = (body: Body, place: Place): Edge[] => groupOf(body, place)[place.key] ?? [];

export const placesOf = (body: Body): Place[] =>
  pathsOf(body).flatMap((path) =>
    (['on', 'after', 'service'] as const).flatMap((group) =>
      Object.keys(groupOf(body, { path, group })).map((key) => ({ path, group, key })),
    ),
  );
