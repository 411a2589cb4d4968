import { mapOutcomes } from './recording-edit.ts';
import { roomState, type Frame, type Outcomes, type Seen } from './recording.ts';

/** A UUID, as this server makes them for meetings, or a recording's placeholder for one. */
const MEETING = /^(?:[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|<meeting-\d+>)$/;
/** A nanoid of 21 characters, as the server makes one for a client without an id, or a placeholder for one. */
const NANOID = /^(?:[\w-]{21}|<nanoid-\d+>)$/;

/** How much later than its cause, or than its timer, the recorder saw a frame; the longest was 149 ms. */
const LATENCY_MS = 250;

/** Names what was made by chance after the order of its appearance, and known ids after their placeholders. */
class Names {
  readonly #known: ReadonlyMap<string, string>;
  readonly #meetings = new Map<string, string>();
  readonly #users = new Map<string, string>();

  constructor(known: ReadonlyMap<string, string>) {
    this.#known = known;
  }

  meeting(id: string): string {
    return MEETING.test(id) ? nth(this.#meetings, id, 'meeting') : id;
  }

  user(id: string): string {
    return this.#known.get(id) ?? (NANOID.test(id) ? nth(this.#users, id, 'nanoid') : id);
  }
}

function nth(names: Map<string, string>, id: string, kind: string): string {
  const name = names.get(id) ?? `<${kind}-${names.size + 1}>`;
  names.set(id, name);
  return name;
}

/**
 * The same with ids that do not depend on the run, and are numbered by the order in which they were first seen.
 *
 * @param placeholders - by the ids that stood for them
 */
export function canonical(
  outcomes: Outcomes,
  placeholders: ReadonlyMap<string, string> = new Map(),
): Outcomes {
  const names = new Names(placeholders);
  const renamed = new Map<Seen, Seen>();
  const all = Object.values(outcomes).flat();
  for (const seen of all.sort((a, b) => a.at - b.at)) {
    renamed.set(seen, 'frame' in seen ? { ...seen, frame: canonicalFrame(seen.frame, names) } : seen);
  }
  return mapOutcomes(outcomes, (list) => list.map((seen) => renamed.get(seen) ?? seen));
}

function canonicalFrame(frame: Frame, names: Names): Frame {
  if (frame.type === 'userLeftNotification' && typeof frame.id === 'string') {
    return { ...frame, id: names.user(frame.id) };
  }
  const state = roomState(frame);
  if (state === undefined) return frame;
  const users = state.users.map((user) => ({ ...user, id: names.user(user.id) }));
  // Where ids are made by chance, so is the order; `statesOutOfOrder` looks at the ids as they were.
  if (users.some(({ id }) => NANOID.test(id))) users.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...frame, state: { ...state, meetingId: names.meeting(state.meetingId), users } };
}

/** The frames whose users do not stand in the order of their ids; to be asked before ids are replaced. */
export function statesOutOfOrder(outcomes: Outcomes): Frame[] {
  return Object.values(outcomes)
    .flat()
    .flatMap((seen) => ('frame' in seen ? [seen.frame] : []))
    .filter((frame) => {
      const ids = roomState(frame)?.users.map(({ id }) => id) ?? [];
      return ids.some((id, index) => index > 0 && id <= (ids[index - 1] ?? ''));
    });
}

/** `actual` with the time of the expected frame at the same place, where the two differ by the recorder's latency only. */
export function withoutLatency(actual: Outcomes, expected: Outcomes): Outcomes {
  return mapOutcomes(actual, (list, conn) =>
    list.map((seen, index) => {
      const at = expected[conn]?.[index]?.at;
      return at !== undefined && Math.abs(at - seen.at) <= LATENCY_MS ? { ...seen, at } : seen;
    }),
  );
}
