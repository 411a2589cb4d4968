import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Batch } from '../../src/store/store.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { startServer } from '../support/server.ts';

/** A store that answers only when it is told to. */
class StuckStore extends MemoryStore {
  #answers: (() => void)[] = [];
  attempts = 0;

  override async save(batch: Batch): Promise<void> {
    this.attempts += 1;
    await new Promise<void>((resolve) => void this.#answers.push(resolve));
    await super.save(batch);
  }

  answer(): void {
    for (const resolve of this.#answers.splice(0)) resolve();
  }
}

/** Takes a step in each turn until `done` is. */
async function stepUntil(done: Promise<unknown>, step: () => void): Promise<void> {
  const state = { over: false };
  const watch = async (): Promise<void> => {
    await done;
    state.over = true;
  };
  const watched = watch();
  while (!state.over) {
    step();
    await endOfTurn();
  }
  await watched;
}

test('[S10] a stop ends also when the store does not answer, and the clients are let go before', async () => {
  const store = new StuckStore();
  const server = await startServer({ DRAIN_SECONDS: '0' }, { store });
  const alice = await server.connect({ id: 'a', name: 'alice' });
  await alice.settle();
  const drained = server.app.drain();
  expect(server.app.drain()).toBe(drained);
  expect(await alice.closed).toEqual({ code: 1012, reason: 'The server is restarting' });
  await stepUntil(drained, () => server.clock.advance(1_000));
  expect(server.logLines).toContainEqual(
    expect.objectContaining({ who: 'store', msg: 'stopping without somebody who does not answer' }),
  );
});

test('[S10] [S9] who leaves while the last save is under way is not there after the restart', async () => {
  const store = new StuckStore();
  const server = await startServer({ DRAIN_SECONDS: '0' }, { store });
  const alice = await server.connect({ id: 'a', name: 'alice' });
  const bob = await server.connect({ id: 'b', name: 'bob' });
  await bob.settle();
  await alice.settle();
  server.clock.advance(50);
  expect(store.attempts).toBe(1);
  bob.send({ type: 'userLeft' });
  expect(await bob.closed).toEqual({ code: 1000, reason: 'User left' });
  const closed = server.app.close();
  await alice.closed;
  await stepUntil(closed, () => store.answer());
  expect((await store.readLiveRooms())[0]?.participants.map(({ id }) => id)).toEqual(['a']);
});
