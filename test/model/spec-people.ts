import type { User } from '../../src/protocol/messages.ts';
import { become, find, NO_AI, refuse, type Rule, type SpecState } from './spec-state.ts';

const inOrder = (people: readonly User[]): readonly User[] =>
  people.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const replaced = (state: SpecState, user: User): SpecState => ({
  ...state,
  people: state.people.map((other) => (other.id === user.id ? user : other)),
});

/** [R2] [R3] [R4] [R5] */
export const join: Rule<'user.joined'> = (state, { id, name, meetingId }) => {
  if (find(state, id) !== undefined) return become(state);
  const tracks = {
    audioEnabled: false,
    audioUnavailable: false,
    videoEnabled: false,
    screenShareEnabled: false,
  };
  const user = { id, name, joined: false, raisedHand: false, speaking: false, tracks };
  const next = { ...state, people: inOrder([...state.people, user]) };
  if (state.meeting !== null) return become(next);
  return become({ ...next, meeting: meetingId }, { type: 'meeting.started', meetingId });
};

/** [R31] */
export const restore: Rule<'room.restored'> = (state, { meetingId, users }) =>
  state.meeting === null
    ? become({
        ...state,
        meeting: meetingId,
        people: inOrder(users).map((user) => ({ ...user, speaking: false })),
      })
    : become(state);

/** [R7] */
export const update: Rule<'user.updated'> = (state, { id, presence }) => {
  const user = find(state, id);
  return become(user === undefined ? state : replaced(state, { ...presence, id, name: user.name }));
};

/** [R12] [R13] [R28] */
export const leave: Rule<'user.left'> = (state, { id, reason }) => {
  if (find(state, id) === undefined) return become(state);
  const people = state.people.filter((user) => user.id !== id);
  let { ai } = state;
  if (people.length === 0) ai = NO_AI;
  else if ('by' in ai && ai.by === id) ai = { phase: 'free', session: ai.session };
  return become({ ...state, people, ai }, { type: 'user.departed', id, reason });
};

/** [R9] */
export const mute: Rule<'user.mute'> = (state, { by, id }) => {
  const user = find(state, id);
  if (user === undefined) return refuse(state, by, 'user_not_found');
  const silent = { ...user, tracks: { ...user.tracks, audioEnabled: false } };
  return become(replaced(state, silent), { type: 'user.muted', id });
};

/** [R10] */
export const deliver: Rule<'message.deliver'> = (state, { by, to, messageJson }) => {
  if (find(state, to) === undefined) return refuse(state, by, 'user_not_found');
  const from = find(state, by)?.name ?? '';
  return become(state, { type: 'message.directed', by, to, from, messageJson });
};
