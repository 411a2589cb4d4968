import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { SqliteDatabase } from '../../src/store/sqlite-database.ts';
import { tablesOf } from '../../src/store/sqlite-tables.ts';
import type { Batch, StoredRoom } from '../../src/store/store.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

class FailingStore extends MemoryStore {
  fails = false;
  override save(batch: Batch): Promise<void> {
    return this.fails ? Promise.reject(new AppError('store_unavailable')) : super.save(batch);
  }
}

/** The real database, in this thread, on a disk that a test spoils. */
class SpoiltDatabase extends SqliteDatabase {
  /** Bounds the file to what it has: SQLite answers as on a full disk. */
  fill(full: boolean): void {
    this.db.exec(`PRAGMA max_page_count = ${full ? 1 : 1_000_000}`);
  }
  /** SQLite answers as in a folder without the right to write. */
  protect(readOnly: boolean): void {
    this.db.exec(`PRAGMA query_only = ${readOnly ? 'ON' : 'OFF'}`);
  }
}

class DatabaseStore extends MemoryStore {
  readonly database: SpoiltDatabase;
  constructor(dataDir: string) {
    super();
    this.database = new SpoiltDatabase(dataDir);
  }
  override async save(batch: Batch): Promise<void> {
    try {
      tablesOf(this.database).save(batch);
    } catch (cause) {
      throw new AppError('store_unavailable', { cause });
    }
  }
  override readLiveRooms(): Promise<readonly StoredRoom[]> {
    return Promise.resolve(tablesOf(this.database).readLiveRooms());
  }
  override async close(): Promise<void> {
    this.database.close();
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

const FAULTS = [
  ['the disk is full', 'database or disk is full', (db: SpoiltDatabase, on: boolean) => db.fill(on)],
  [
    'it may not write',
    'attempt to write a readonly database',
    (db: SpoiltDatabase, on: boolean) => db.protect(on),
  ],
] as const;

test.for(FAULTS)(
  '[S8] when %s, rooms go on, and nothing of that time is missing afterwards',
  async ([, text, spoil]) => {
    const store = new DatabaseStore(temporaryFolder());
    const server = await startServer({ MAX_FRAMES_PER_SECOND: '1000000' }, { store });
    const alice = await server.connect({ id: 'a', name: 'alice' });
    await alice.settle();
    server.clock.advance(50);
    await endOfTurn();
    spoil(store.database, true);
    // More than fits into the pages that there are.
    const guests = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        server.connect({ id: `guest-${n}-${'x'.repeat(90)}`, name: `g${n}` }),
      ),
    );
    await alice.settle();
    server.clock.advance(50);
    await endOfTurn();
    expect(await readiness(server)).toEqual([503, { status: 'unready', reason: 'store' }]);
    expect(JSON.stringify(server.logLines)).toContain(text);
    guests[0]?.send({ type: 'directMessage', to: 'a', message: 'still here' });
    await alice.waitFor(({ type }) => type === 'directMessage');
    spoil(store.database, false);
    server.clock.advance(1_050);
    await endOfTurn();
    expect(await readiness(server)).toEqual([200, { status: 'ok' }]);
    expect((await store.readLiveRooms())[0]?.participants).toHaveLength(61);
  },
);

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
  expect(await readiness(server)).toEqual([503, { status: 'unready', reason: 'store' }]);
  other.exec('ROLLBACK');
  server.clock.advance(1_050);
  while (!server.logLines.some(({ msg }) => msg === 'store works again')) await endOfTurn();
  expect(await readiness(server)).toEqual([200, { status: 'ok' }]);
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
