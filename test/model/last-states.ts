import assert from 'node:assert/strict';
import type { RoomState } from '../../src/protocol/messages.ts';
import type { Person } from './cast.ts';

/** The state that each of a room's users has got last: it must be the same for all. */
export class LastStates {
  readonly #states = new Map<Person, unknown>();

  note(id: Person, frames: readonly unknown[]): void {
    for (const frame of frames as readonly { readonly type: string; readonly state?: unknown }[]) {
      if (frame.type === 'roomState') this.#states.set(id, frame.state);
    }
  }

  assertSame(users: Iterable<string>, state: RoomState): void {
    for (const id of users) {
      assert.deepEqual(this.#states.get(id as Person), state, `the last state that ${id} has got`);
    }
  }
}
