import { fromTransition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { SESSION } from '../support/room-actor.ts';
import { step } from './spec-model.ts';
import { timesOf, UNUSED, type SpecEvent, type SpecState } from './spec-state.ts';
import { joining, PEOPLE, releasing, requesting, STRANGER } from './walk-events.ts';

/** The model in the form that `xstate/graph` walks. */
const specLogic = fromTransition((state: SpecState, event: SpecEvent) => step(state, event).state, UNUSED);

const PRESENCE = { joined: true, raisedHand: false, speaking: false, tracks: {} };
const ONE = { id: 'ann', name: 'ann, as before', ...PRESENCE };
const ANOTHER = { id: 'Zoe', name: 'Zoe, as before', ...PRESENCE };

/** What can happen in a state, without what only tells something: enough to reach every state. */
export function possible(state: SpecState): readonly SpecEvent[] {
  const { ai } = state;
  const events: SpecEvent[] = [
    ...PEOPLE.map(({ id }) => joining(id, 'm-0')),
    ...[...PEOPLE, STRANGER].flatMap((person): SpecEvent[] => [
      { type: 'user.left', id: person.id, reason: 'left' },
      { type: 'ai.enable', by: person.id, owner: 'sid:0' },
      { type: 'ai.disable', by: person.id },
      requesting(person),
      releasing(person),
    ]),
    ...timesOf(state).map((type) => ({ type })),
  ];
  if (state.people.length === 0) {
    for (const users of [[], [ONE], [ONE, ANOTHER]]) {
      events.push({ type: 'room.restored', meetingId: 'm-9', users });
    }
  }
  if (ai.phase === 'connecting') {
    events.push({ type: 'call.opened', session: SESSION }, { type: 'call.failed', failure: 'refused' });
  }
  if ('session' in ai) events.push({ type: 'call.ended' });
  if (ai.phase === 'granting') {
    events.push({ type: 'route.done' }, { type: 'route.failed', code: 'ai_control_failed' });
  }
  return events;
}

/** What tells states apart: who is here and what there is of an AI, without presence. */
const key = ({ meeting, people, ai }: SpecState): string =>
  JSON.stringify([
    meeting !== null,
    people.map(({ id }) => id),
    ai.phase,
    'by' in ai && ai.by,
    'failure' in ai && ai.failure,
  ]);

/** The shortest way to every state of the model, and the state. */
export type Prefix = { readonly events: readonly SpecEvent[]; readonly state: SpecState };
export const prefixes: readonly Prefix[] = getShortestPaths(specLogic, {
  events: ({ context }) => possible(context),
  serializeState: ({ context }) => key(context) as never,
}).map(({ steps, state }) => ({
  // The graph begins with an event of XState's own.
  events: steps.map(({ event }) => event).filter(({ type }) => !type.startsWith('xstate.')),
  state: state.context,
}));
