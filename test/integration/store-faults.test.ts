import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Batch } from '../../src/store/store.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

class FailingStore extends MemoryStore {
  fails = false;
  override save(batch: Batch): Promise<void> {
    return this.fails ? Promise.reject(new AppError('store_unavailable')) : super.save(batch);
  }
}

const readiness = async (server: TestServer): Promise<unknown> => {
  const answer = await fetch(`http://127.0.0.1:${server.adminPort}/readyz`);
  return [answer.status, await answer.json()];
};

test('[S8] the server says that the store fails, keeps serving, and is ready again when it works', async () => {
  const store = new FailingStore();
  const server = await startServer({}, { store });
  const alice = await server.connect({ id: 'a', name: 'alice' });
  store.fails = true;
  const bob = await server.connect({ id: 'b', name: 'bob' });
  await bob.settle();
  server.clock.advance(50);
  await endOfTurn();
  expect(await readiness(server)).toEqual([503, { status: 'unready', reason: 'store' }]);
  alice.send({ type: 'directMessage', to: 'b', message: 'still here' });
  await bob.waitFor(({ type }) => type === 'directMessage');
  store.fails = false;
  server.clock.advance(1_050);
  await endOfTurn();
  expect(await readiness(server)).toEqual([200, { status: 'ok' }]);
  expect((await store.readLiveRooms())[0]?.participants.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(server.logLines.map(({ level, msg }) => `${String(level)} ${String(msg)}`)).toEqual(
    expect.arrayContaining(['50 store failed, rooms go on from memory', '30 store works again']),
  );
});

test('[S8] a database that another program locks while the server runs is waited for', async () => {
  const dataDir = temporaryFolder();
  const server = await startServer({ DATA_DIR: dataDir });
  const other = new DatabaseSync(join(dataDir, 'satsuma.db'));
  other.exec('BEGIN IMMEDIATE');
  const alice = await server.connect({ id: 'a', name: 'alice' });
  await alice.settle();
  server.clock.advance(50);
  while (!server.logLines.some(({ msg }) => msg === 'store failed, rooms go on from memory'))
    await endOfTurn();
  await alice.settle();
  other.exec('ROLLBACK');
  server.clock.advance(1_050);
  while (!server.logLines.some(({ msg }) => msg === 'store works again')) await endOfTurn();
  expect(
    other
      .prepare('SELECT id FROM LiveParticipants')
      .all()
      .map((row) => row['id']),
  ).toEqual(['a']);
  other.close();
});

test('[S5] a server on a database that it must not use does not start', async () => {
  const dataDir = temporaryFolder();
  const db = new DatabaseSync(join(dataDir, 'satsuma.db'));
  db.exec('CREATE TABLE t (x); PRAGMA user_version = 99; PRAGMA application_id = 1398895731');
  db.close();
  await expect(startServer({ DATA_DIR: dataDir })).rejects.toThrow('is of a newer version of this server');
});
