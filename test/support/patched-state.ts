import type { RoomPatch, RoomState, User } from '../../src/protocol/messages.ts';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396, as its own pseudo code has it. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

type StateFrame = { type: 'roomState'; state: RoomState; epoch: string; seq: number };

/** What a client holds that takes patches, written from the protocol's description. */
export class PatchedState {
  epoch = '';
  seq = -1;
  state: RoomState = { ai: { enabled: false }, meetingId: '', users: [] };
  /** Whether a patch did not follow the one before: nothing is taken until there is a whole state. */
  hasGap = true;

  /** Takes a frame; says whether it was about the state. */
  take(frame: unknown): boolean {
    const { type } = frame as { type: string };
    if (type === 'roomState') this.#replace(frame as StateFrame);
    else if (type === 'roomPatch') this.#apply(frame as RoomPatch);
    else return false;
    return true;
  }

  #replace({ state, epoch, seq }: StateFrame): void {
    Object.assign(this, { state, epoch, seq, hasGap: false });
  }

  #apply({ seq, users = {}, ai, meetingId }: RoomPatch): void {
    if (this.hasGap || seq !== this.seq + 1) {
      this.hasGap = true;
      return;
    }
    this.seq = seq;
    const roster = new Map(this.state.users.map((user) => [user.id, user]));
    for (const id of users.remove ?? []) roster.delete(id);
    for (const patch of users.upsert ?? []) roster.set(patch.id, merge(roster.get(patch.id), patch) as User);
    this.state = {
      ai: ai ?? this.state.ai,
      meetingId: meetingId ?? this.state.meetingId,
      users: [...roster.values()].toSorted(byPlace),
    };
  }
}

const byPlace = (a: User, b: User): number => {
  if ((a.id === 'ai') !== (b.id === 'ai')) return a.id === 'ai' ? 1 : -1;
  return a.id < b.id ? -1 : 1;
};
