import { onTestFinished } from 'vitest';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { SqliteStore } from '../../src/store/store.sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A database that is open until the test ends. */
export async function openSqlite(dataDir: string = temporaryFolder()): Promise<SqliteStore> {
  const store = new SqliteStore(dataDir);
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

/** Every implementation of the port, by name: a contract holds for each. */
export const BOTH_STORES: readonly [string, () => Promise<Store>][] = [
  ['memory', () => Promise.resolve(new MemoryStore())],
  ['sqlite', () => openSqlite()],
];
