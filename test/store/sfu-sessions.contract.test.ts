import { describe, expect, test } from 'vitest';
import { BOTH_STORES } from '../support/both-stores.ts';

const T = 1_700_000_000_000;

describe.each(BOTH_STORES)('the SFU sessions of the %s store', (_, open) => {
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
