import { copyBody, machineOf, pathsOf, stateAt, type Body, type Edges, type Mutant } from './mutant-body.ts';

type Change = { readonly what: string; readonly apply: (state: Body) => void };

const ORIGINAL = copyBody();
const DELAYS = pathsOf(ORIGINAL).flatMap((path) => Object.keys(stateAt(ORIGINAL, path).after));

const renamed = (edges: Edges, from: string, to: string): Edges =>
  Object.fromEntries(Object.entries(edges).map(([key, value]) => [key === from ? to : key, value]));

const delayChanges = ({ after }: Body): Change[] =>
  Object.keys(after).flatMap((delay) =>
    DELAYS.filter((other) => other !== delay).map((other) => ({
      what: `after ${delay} swapped for ${other}`,
      apply: (state) => {
        state.after = renamed(state.after, delay, other);
      },
    })),
  );

const initialChanges = ({ initial, states }: Body): Change[] =>
  Object.keys(states)
    .filter((other) => other !== initial)
    .map((other) => ({
      what: `initial ${initial} changed to ${other}`,
      apply: (state) => {
        state.initial = other;
      },
    }));

/** What each service is told; a field more here than there is fails as a mutant that changes nothing. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  openVoice: ['meetingId', 'invitation'],
  holdVoice: ['session'],
  routeAudio: ['session', 'by', 'track'],
};

function serviceChanges({ service }: Body): Change[] {
  if (service === undefined) return [];
  const { id, input } = service;
  return [
    { what: `service ${id} dropped`, apply: (state) => delete state.service },
    ...(INPUTS[id] ?? []).map((field) => ({
      what: `service ${id} started with another ${field}`,
      apply: (state: Body) => {
        const altered = (args: never) => ({ ...input(args), [field]: 'altered' });
        if (state.service !== undefined) state.service.input = altered;
      },
    })),
  ];
}

/** Every mutant that alters a state, and none of its transitions. */
export const stateMutants: readonly Mutant[] = pathsOf(ORIGINAL).flatMap((path) => {
  const state = stateAt(ORIGINAL, path);
  return [...delayChanges(state), ...initialChanges(state), ...serviceChanges(state)].map(
    ({ what, apply }) => ({
      name: `${path === '' ? 'room' : path}: ${what}`,
      make: () => {
        const body = copyBody();
        apply(stateAt(body, path));
        return machineOf(body);
      },
    }),
  );
});
