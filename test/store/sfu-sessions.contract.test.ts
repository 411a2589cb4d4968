import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { SqliteStore } from '../../src/store/store.sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const T = 1_700_000_000_000;

const openSqlite = async (dataDir: string): Promise<SqliteStore> => {
  const store = new SqliteStore(dataDir);
  await store.open();
  onTestFinished(() => store.close());
  return store;
};
const stores: [string, () => Promise<Store>][] = [
  ['memory', () => Promise.resolve(new MemoryStore())],
  ['sqlite', () => openSqlite(temporaryFolder())],
];

describe.each(stores)('the SFU sessions of the %s store', (_, open) => {
  test('are listed as they were put last, oldest first, until they are forgotten', async () => {
    const store = await open();
    const session = (sessionId: string, openedAt: number, tracks: { mid: string; trackName: string }[]) => ({
      sessionId,
      owner: 'sid:a',
      openedAt,
      tracks,
    });
    await store.putSfuSession(session('late', T + 1, []));
    await store.putSfuSession(session('early', T, []));
    await store.putSfuSession(session('late', T + 1, [{ mid: '0', trackName: 't' }]));
    expect(await store.listSfuSessions()).toEqual([
      session('early', T, []),
      session('late', T + 1, [{ mid: '0', trackName: 't' }]),
    ]);
    await store.forgetSfuSession('early');
    await store.forgetSfuSession('unknown');
    expect((await store.listSfuSessions()).map(({ sessionId }) => sessionId)).toEqual(['late']);
  });
});
