import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import { stateOf, type State } from './states.ts';

/** What running actors have been through. */
export class Coverage {
  readonly states = new Set<State>();
  /** Transitions, by their names in {@link transitionsOf}. */
  readonly taken = new Set<string>();

  /** Goes to an actor as its inspector. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    const { snapshot, _transitions: transitions } = event;
    this.states.add(stateOf(snapshot as RoomSnapshot));
    for (const transition of transitions) this.taken.add(nameOf(transition));
  };
}

/** All transitions that are written in a machine, each alternative of a guard by itself. */
export const transitionsOf = ({ root }: RoomMachine): readonly string[] =>
  nodesOf(root).flatMap(({ transitions }) => [...transitions.values()].flat().map(nameOf));

const nodesOf = (node: AnyStateNode): readonly AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

/** State, event, and the place among the alternatives. */
function nameOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const index = source.transitions.get(eventType)?.indexOf(transition) ?? -1;
  return `${source.id} × ${eventType} [${index}]`;
}

/** Rules of the machine in SPEC.md, and those of them that the titles of the tests in this folder name. */
export function machineRules(): { readonly all: readonly string[]; readonly cited: ReadonlySet<string> } {
  const spec = readFileSync(join(import.meta.dirname, '../../machines/SPEC.md'), 'utf8');
  const tests = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts'));
  const titles = tests.flatMap((file) => [
    ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/['"`]((?:\[[A-Z]\d+\] ?)+)/g),
  ]);
  const cited = titles.flatMap(([title]) => [...title.matchAll(/R\d+/g)].map(([rule]) => rule));
  return {
    all: [...spec.matchAll(/^- \*\*(R\d+)\*\*/gm)].map((rule) => rule[1] ?? ''),
    cited: new Set(cited),
  };
}
