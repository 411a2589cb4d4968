import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph';
import type { RoomEvent } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import { movesIn } from './alphabet.ts';
import { describeMove, toEvent, type Move } from './moves.ts';
import { stateOf, type State } from './states.ts';

/** One arrow of the graph; keys name what of a room a tour tells apart. */
export type Edge = {
  readonly from: string;
  readonly to: string;
  readonly move: Move;
  /** Where it begins: who is in the room, and whether it has a meeting. */
  readonly people: readonly string[];
  readonly hasMeeting: boolean;
  /** The machine's states at both ends. */
  readonly state: State;
  readonly toState: State;
};
export type Graph = { readonly start: string; readonly edges: ReadonlyMap<string, readonly Edge[]> };

/** The machine as `xstate/graph` sees it: nothing is emitted. */
type Walked = Parameters<typeof getAdjacencyMap<RoomSnapshot, RoomEvent, unknown>>[0];

/** Far above what a room of two users has; a machine that never comes to an end is not walked for ever. */
const MOST_STEPS = 50_000;

/** What a tour tells apart: who is here, who speaks, who has control, what went wrong. Not: what a meeting's id is. */
export function keyOf(snapshot: RoomSnapshot): string {
  const { users, meetingId, controller, aiFailure, session, invitation } = snapshot.context;
  const people = [...users.values()].map(({ id, tracks }) => (tracks.audioEnabled === true ? `${id}!` : id));
  const meeting = meetingId === null ? 'no meeting' : 'meeting';
  const ai = [
    controller ?? '-',
    aiFailure ?? '-',
    session === null ? '-' : 'ai',
    invitation === null ? '-' : 'invited',
  ];
  return [stateOf(snapshot), meeting, people.join(''), ...ai].join(' ');
}

/** All that can happen to a room of these people, forbidden events included. */
export function graphOf(machine: RoomMachine): Graph {
  const map = getAdjacencyMap<RoomSnapshot, RoomEvent, unknown>(machine as unknown as Walked, {
    events: (snapshot) => movesIn(snapshot).map(toEvent),
    serializeState: (snapshot) => keyOf(snapshot),
    serializeEvent: (event) => describeMove(event),
    stopWhen: ({ status }) => status !== 'active',
    limit: MOST_STEPS,
  });
  const edges = new Map<string, Edge[]>();
  for (const { state, event, nextState } of adjacencyMapToArray(map)) {
    const edge = edgeOf(state, event, nextState);
    const beside = edges.get(edge.from);
    if (beside === undefined) edges.set(edge.from, [edge]);
    else beside.push(edge);
  }
  const [start] = edges.keys();
  if (start === undefined) throw new Error('nothing can happen');
  return { start, edges };
}

function edgeOf(from: RoomSnapshot, move: Move, to: RoomSnapshot): Edge {
  if (to.status !== 'active') {
    throw new Error(`${describeMove(move)} in ${keyOf(from)}: the machine is ${to.status}`);
  }
  const { users, meetingId } = from.context;
  return {
    from: keyOf(from),
    to: keyOf(to),
    move,
    people: [...users.keys()],
    hasMeeting: meetingId !== null,
    state: stateOf(from),
    toState: stateOf(to),
  };
}

/** A graph without the edges that a system under test has no way to go. */
export const without = ({ start, edges }: Graph, isImpossible: (edge: Edge) => boolean): Graph => ({
  start,
  edges: new Map([...edges].map(([from, arrows]) => [from, arrows.filter((edge) => !isImpossible(edge))])),
});

/** A walk is ended when it is so long: what fails is shown with all that led to it. */
const LONG_WALK = 200;

/**
 * Walks from the start that go along all edges. Greedy: always the nearest edge that is left, in the order of the graph,
 * so that the same machine gives the same walks.
 */
export function tour(graph: Graph): readonly (readonly Edge[])[] {
  const left = new Set([...graph.edges.values()].flat());
  const walks: Edge[][] = [];
  while (left.size > 0) {
    const walk: Edge[] = [];
    for (let at = graph.start; walk.length < LONG_WALK; at = walk.at(-1)?.to ?? at) {
      const path = nearest(graph, at, left);
      if (path === undefined) break;
      for (const edge of path) left.delete(edge);
      walk.push(...path);
    }
    if (walk.length === 0) throw new Error('an edge cannot be reached');
    walks.push(walk);
  }
  return walks;
}

/** The shortest way from a place over the nearest edge of those that are left. */
function nearest({ edges }: Graph, start: string, left: ReadonlySet<Edge>): readonly Edge[] | undefined {
  const came = new Map<string, Edge | undefined>([[start, undefined]]);
  for (const at of came.keys()) {
    for (const edge of edges.get(at) ?? []) {
      if (left.has(edge)) return [...way(came, at), edge];
      if (!came.has(edge.to)) came.set(edge.to, edge);
    }
  }
  return undefined;
}

function way(came: ReadonlyMap<string, Edge | undefined>, to: string): readonly Edge[] {
  const edge = came.get(to);
  return edge === undefined ? [] : [...way(came, edge.from), edge];
}
