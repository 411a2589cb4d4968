import { newUser } from '../../machines/room.context.ts';
import { AppError } from '../../src/errors.ts';
import type { Presence } from '../../src/protocol/messages.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Batch, StoredParticipant } from '../../src/store/store.ts';
import { endOfTurn } from './fake-clock.ts';
import { FakeRooms } from './fake-room.ts';

/** A store that keeps the batches it got, and fails while it is told to. */
export class WatchedStore extends MemoryStore {
  readonly batches: Batch[] = [];
  fails = false;
  attempts = 0;

  #held: Promise<void> | undefined;
  release = (): void => {};

  /** Lets saves wait until `release`. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  override async save(batch: Batch): Promise<void> {
    this.attempts += 1;
    await this.#held;
    if (this.fails) throw new AppError('store_unavailable');
    this.batches.push(batch);
    await super.save(batch);
  }

  take(): Batch[] {
    return this.batches.splice(0);
  }
}

export const stored = (id: string, lastSeenAt: number, presence?: Presence): StoredParticipant => ({
  id,
  owner: id,
  role: 'member',
  user: presence === undefined ? newUser(id, `${id}'s name`) : { id, name: `${id}'s name`, ...presence },
  lastSeenAt,
});

/** Rooms on a watched store; `pass` lets time go by, and the store answer. */
export function journaled() {
  const store = new WatchedStore();
  const rooms = new FakeRooms({}, store);
  const pass = async (ms: number): Promise<void> => {
    await endOfTurn();
    rooms.advance(ms);
    await endOfTurn();
  };
  return { store, rooms, pass };
}
