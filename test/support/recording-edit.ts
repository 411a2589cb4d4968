import { roomState, type Outcomes, type Seen, type State, type User } from './recording.ts';

/** Pure changes to what a recording's connections saw; the differences of test/integration are made of these. */

/** What each connection saw, changed by `change`. */
export function mapOutcomes(
  outcomes: Outcomes,
  change: (list: readonly Seen[], conn: string) => readonly Seen[],
): Outcomes {
  return Object.fromEntries(Object.entries(outcomes).map(([conn, list]) => [conn, change(list, conn)]));
}

/** Changes what one connection saw. */
export const mapConnection = (
  outcomes: Outcomes,
  conn: string,
  change: (list: readonly Seen[]) => readonly Seen[],
): Outcomes => mapOutcomes(outcomes, (list, name) => (name === conn ? change(list) : list));

export const stateOf = (seen: Seen | undefined): State | undefined =>
  seen !== undefined && 'frame' in seen ? roomState(seen.frame) : undefined;

export const seenState = (at: number, state: State): Seen => ({ at, frame: { type: 'roomState', state } });

export const withoutUser = (state: State, id: string): State => ({
  ...state,
  users: state.users.filter((user) => user.id !== id),
});

export const withUser = (state: State, id: string, change: (user: User) => User): State => ({
  ...state,
  users: state.users.map((user) => (user.id === id ? change(user) : user)),
});

/** As after a mute. */
export const withMuted = (state: State, id: string): State =>
  withUser(state, id, (user) => ({ ...user, tracks: { ...(user.tracks as object), audioEnabled: false } }));

/** The states seen from `from` until before `until`, changed. */
export const mapStates = (
  list: readonly Seen[],
  from: number,
  until: number,
  change: (state: State) => State,
): Seen[] =>
  list.map((seen) => {
    const state = stateOf(seen);
    return state === undefined || seen.at < from || seen.at >= until
      ? seen
      : seenState(seen.at, change(state));
  });

/** Puts each item at its time, behind what was seen at the same time. */
export function insert(list: readonly Seen[], ...items: readonly Seen[]): readonly Seen[] {
  const result = [...list];
  for (const item of items) {
    const index = result.findIndex(({ at }) => at > item.at);
    result.splice(index < 0 ? result.length : index, 0, item);
  }
  return result;
}

/** The last state that was seen before `at`. */
export const stateBefore = (list: readonly Seen[], at: number): State | undefined =>
  stateOf(list.findLast((seen) => seen.at < at && stateOf(seen) !== undefined));

const isDeparture = (seen: Seen, id: string): boolean =>
  'frame' in seen && seen.frame.type === 'userLeftNotification' && seen.frame.id === id;

/**
 * Lets a user leave at the time `at` instead of later. The notification moves, and what belongs to it: for the others
 * the one state behind it, for the user itself the close. Until the recorded time the user is missing from the states.
 */
export function departEarlier(outcomes: Outcomes, id: string, at: number): Outcomes {
  return mapOutcomes(outcomes, (list) => {
    const index = list.findIndex((seen) => isDeparture(seen, id));
    const recorded = list[index];
    if (recorded === undefined) return list;
    const moved = list.slice(index, index + 2).map((seen) => ({ ...seen, at }));
    const rest = mapStates(list.toSpliced(index, 2), at, recorded.at, (state) => withoutUser(state, id));
    return insert(rest, ...moved);
  });
}

/**
 * Refuses a connection that was accepted. The others do not get the state that announced its user, and do not see that
 * user in any other.
 */
export function refuse(
  outcomes: Outcomes,
  conn: string,
  id: string,
  refused: { readonly status: number; readonly body: string },
): Outcomes {
  return mapOutcomes(outcomes, (list, name) => {
    if (name === conn) return list.slice(0, 1).map(({ at }) => ({ at, refused }));
    const states = list.filter((seen) => stateOf(seen) !== undefined);
    const first = states.findIndex((seen) => stateOf(seen)?.users.some((user) => user.id === id));
    // A connection that came later saw the user in its own first state, which announced nobody but itself.
    const announcing = first > 0 ? states[first] : undefined;
    const rest = list.filter((seen) => seen !== announcing);
    return mapStates(rest, 0, Number.POSITIVE_INFINITY, (state) => withoutUser(state, id));
  });
}
