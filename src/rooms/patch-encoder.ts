import { toAiState, toAiUser, type RoomContext } from '../../machines/room.context.ts';
import { aiPhase, type RoomSnapshot } from '../../machines/room.machine.ts';
import type { User } from '../protocol/messages.ts';
import type { JsonCache } from './json-cache.ts';
import { mergePatch } from './merge-patch.ts';

type Snapshot = Pick<RoomSnapshot, 'value' | 'context'>;

/**
 * Writes what has changed from one state of a room to the next, as a `roomPatch` frame. It knows the last state by
 * reference: contexts are immutable, so that users who did not change are told by identity. [P2]
 */
export class PatchEncoder {
  readonly #json: JsonCache;
  #last: Snapshot | undefined = undefined;

  constructor(json: JsonCache) {
    this.#json = json;
  }

  /** The state that the next patch starts from. */
  note({ value, context }: Snapshot): void {
    this.#last = { value, context };
  }

  /** From the state noted last to this one, which is noted. */
  encode(seq: number, snapshot: Snapshot): string {
    const before = this.#last;
    this.note(snapshot);
    if (before === undefined) throw new Error('There is no state to start from');
    const parts = [`{"type":"roomPatch","seq":${seq}`];
    const users = this.#users(before.context, snapshot.context);
    if (users !== '') parts.push(`"users":{${users}}`);
    const ai = JSON.stringify(toAiState(aiPhase(snapshot), snapshot.context));
    if (ai !== JSON.stringify(toAiState(aiPhase(before), before.context))) parts.push(`"ai":${ai}`);
    const { meetingId } = snapshot.context;
    if (meetingId !== before.context.meetingId) parts.push(`"meetingId":${JSON.stringify(meetingId ?? '')}`);
    return `${parts.join(',')}}`;
  }

  #users(before: RoomContext, after: RoomContext): string {
    const upsert: string[] = [];
    const remove: string[] = [];
    if (before.users !== after.users) {
      for (const user of after.users.values()) {
        const old = before.users.get(user.id);
        if (old !== user) this.#change(old, user, upsert);
      }
      for (const id of before.users.keys()) if (!after.users.has(id)) remove.push(JSON.stringify(id));
    }
    if (before.session !== after.session) {
      if (after.session !== null) upsert.push(this.#json.of(after.session, toAiUser));
      else remove.push('"ai"');
    }
    const fields = [];
    if (upsert.length > 0) fields.push(`"upsert":[${upsert.join(',')}]`);
    if (remove.length > 0) fields.push(`"remove":[${remove.join(',')}]`);
    return fields.join(',');
  }

  #change(old: User | undefined, user: User, upsert: string[]): void {
    if (old === undefined) upsert.push(this.#json.of(user));
    else {
      const change = mergePatch(old, user);
      if (change !== undefined) upsert.push(JSON.stringify({ id: user.id, ...change }));
    }
  }
}
