import type { RoomPatch, RoomState, ServerMessage, User } from '../protocol/messages.ts';
import { isRecord } from './server-frame.ts';

type StateFrame = Extract<ServerMessage, { type: 'roomState' }>;

/** A JSON Merge Patch (RFC 7396). Through `fromEntries`, which makes a field of `__proto__` and not a prototype. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const fields = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) fields.delete(key);
    else fields.set(key, merged(fields.get(key), value));
  }
  return Object.fromEntries(fields);
}

/** In the order of the ids, by UTF-16 units; the AI last. */
function byPlace(a: User, b: User): number {
  if ((a.id === 'ai') !== (b.id === 'ai')) return a.id === 'ai' ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

/**
 * The state of a room as its frames tell it, whole or in patches. Users that a patch does not name stay the same objects,
 * so that a page draws again only what has changed. [P2]
 */
export class StateFollower {
  #state: RoomState | undefined = undefined;
  /** The number of the last state that was taken; nothing while patches cannot be applied. */
  #seq: number | undefined = undefined;

  /** The last that is known; nothing before the first. */
  get state(): RoomState | undefined {
    return this.#state;
  }

  /** A whole state, which needs none before it. */
  replace({ state, seq }: StateFrame): void {
    this.#state = state;
    this.#seq = seq;
  }

  /** Takes a patch, and says whether it could: after a gap none can be taken until there is a whole state. [P4] */
  apply({ seq, users, ai, meetingId }: RoomPatch): boolean {
    if (this.#state === undefined || this.#seq === undefined || seq !== this.#seq + 1) {
      this.#seq = undefined;
      return false;
    }
    this.#seq = seq;
    this.#state = {
      ai: ai ?? this.#state.ai,
      meetingId: meetingId ?? this.#state.meetingId,
      users: users === undefined ? this.#state.users : patched(this.#state.users, users),
    };
    return true;
  }

  /** Another connection begins: what comes first on it is whole. */
  interrupt(): void {
    this.#seq = undefined;
  }
}

function patched(before: readonly User[], changes: NonNullable<RoomPatch['users']>): readonly User[] {
  const roster = new Map(before.map((user) => [user.id, user]));
  for (const id of changes.remove ?? []) roster.delete(id);
  for (const patch of changes.upsert ?? []) roster.set(patch.id, merged(roster.get(patch.id), patch) as User);
  return [...roster.values()].sort(byPlace);
}
