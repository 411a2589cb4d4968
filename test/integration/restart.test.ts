import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { endOfTurn } from '../support/fake-clock.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TestClient } from '../support/test-client.ts';

const presence = {
  joined: true,
  raisedHand: true,
  speaking: false,
  tracks: { audioEnabled: true, audio: 's/t' },
};
const lastState = (client: TestClient): unknown =>
  client.frames.findLast(({ type }) => type === 'roomState')?.['state'];

/** A server on `dataDir` with alice, who raised her hand, and bob. */
async function meeting(dataDir: string): Promise<{ server: TestServer; alice: TestClient; bob: TestClient }> {
  const server = await startServer({ DATA_DIR: dataDir, DRAIN_SECONDS: '2' });
  const alice = await server.connect({ id: 'a', name: 'alice' });
  alice.send({ type: 'userUpdate', user: presence });
  await alice.settle();
  const bob = await server.connect({ id: 'b', name: 'bob' });
  await bob.settle();
  await alice.settle();
  return { server, alice, bob };
}

describe('a restart', () => {
  test('[S9] leaves meeting, users and records as they were; nobody hears that anybody left', async () => {
    const dataDir = temporaryFolder();
    const before = await meeting(dataDir);
    const state = lastState(before.bob);
    await before.server.app.close();
    expect(await before.alice.closed).toEqual({ code: 1012, reason: 'The server is restarting' });
    expect(before.alice.frames.some(({ type }) => type === 'userLeftNotification')).toBe(false);

    const after = await startServer({ DATA_DIR: dataDir });
    expect(after.app.stats()).toEqual({ rooms: 1, connections: 0 });
    const bob = await after.connect({ id: 'b', name: 'bob' });
    await bob.settle();
    expect(bob.frames).toEqual([{ type: 'roomState', state }]);
    const alice = await after.connect({ id: 'a', name: 'alice' });
    await alice.settle();
    await bob.settle();
    expect(alice.frames).toEqual([{ type: 'roomState', state }]);
    expect(bob.frames).toHaveLength(1);
  });

  test('[S9] a forged id is still refused, and who stays away leaves by the ordinary rule', async () => {
    const dataDir = temporaryFolder();
    await (await meeting(dataDir)).server.app.close();
    const server = await startServer({ DATA_DIR: dataDir });
    expect(await server.refused({ id: 'a', name: 'mallory' })).toMatchObject({ status: 403 });
    const bob = await server.connect({ id: 'b', name: 'bob' });
    await bob.settle();
    server.clock.advance(14_000);
    await bob.settle();
    bob.take();
    server.clock.advance(1_000);
    const notice = await bob.waitFor(({ type }) => type === 'userLeftNotification');
    expect(notice).toEqual({ type: 'userLeftNotification', id: 'a' });
  });

  test('[S9] [H10] the periodic state goes on', async () => {
    const dataDir = temporaryFolder();
    await (await meeting(dataDir)).server.app.close();
    const server = await startServer({ DATA_DIR: dataDir });
    const bob = await server.connect({ id: 'b', name: 'bob' });
    server.clock.advance(10_000);
    await bob.settle();
    bob.take();
    server.clock.advance(5_000);
    expect(await bob.waitFor(({ type }) => type === 'roomState')).toBeDefined();
  });

  test('[S4] the meeting is in the table of the original, with its peak and its end', async () => {
    const dataDir = temporaryFolder();
    const { server, alice, bob } = await meeting(dataDir);
    const { meetingId } = lastState(alice) as { meetingId: string };
    for (const client of [alice, bob]) {
      client.send({ type: 'userLeft' });
      await client.closed;
    }
    server.clock.advance(15_000);
    await endOfTurn();
    await server.app.close();
    const db = new DatabaseSync(join(dataDir, 'satsuma.db'), { readOnly: true });
    const rows = db.prepare('SELECT id, userCount, ended IS NOT NULL AS ended FROM Meetings').all();
    const live = db.prepare('SELECT count(*) AS count FROM LiveRooms').get();
    db.close();
    expect(rows.map((row) => ({ ...row }))).toEqual([{ id: meetingId, userCount: 2, ended: 1 }]);
    expect(live?.['count']).toBe(0);
  });

  test('[S6] AI calls of an earlier process are named in the log', async () => {
    const dataDir = temporaryFolder();
    await (await meeting(dataDir)).server.app.close();
    const db = new DatabaseSync(join(dataDir, 'satsuma.db'));
    db.exec("INSERT INTO OpenAiCalls VALUES ('c', 's', 't', 'm', 1, '0')");
    db.close();
    const server = await startServer({ DATA_DIR: dataDir });
    expect(server.logLines).toContainEqual(
      expect.objectContaining({ level: 40, calls: 1, msg: 'AI calls of an earlier process are still open' }),
    );
  });
});

describe('a drain', () => {
  test('[S10] spreads the closes over its window, tells nobody that anybody left, and refuses newcomers', async () => {
    const dataDir = temporaryFolder();
    const { server, alice, bob } = await meeting(dataDir);
    const drained = server.app.drain();
    expect(await server.refused({ id: 'c' })).toMatchObject({ status: 503, retryAfter: '5' });
    // 40 steps of 50 ms: one connection after half of them, the other at the end.
    await stepsUntil(server, alice);
    expect(bob.isOpen).toBe(true);
    expect(await stepsUntil(server, bob)).toBe(20);
    await drained;
    expect(bob.frames.some(({ type }) => type === 'userLeftNotification')).toBe(false);
    expect(server.app.stats()).toEqual({ rooms: 0, connections: 0 });
    const after = await startServer({ DATA_DIR: dataDir });
    expect(after.app.stats()).toEqual({ rooms: 1, connections: 0 });
  });

  test('[S10] an empty server has nothing to wait for', async () => {
    const server = await startServer({ DRAIN_SECONDS: '3600' });
    await server.app.drain();
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow('fetch failed');
  });

  test('[S10] a close cuts a drain short', async () => {
    const server = await startServer({ DRAIN_SECONDS: '3600' });
    const alice = await server.connect({ id: 'a' });
    const drained = server.app.drain();
    await server.app.close();
    expect(await alice.closed).toEqual({ code: 1012, reason: 'The server is restarting' });
    await drained;
  });
});

/** Lets time pass in the steps of the drain until the client is closed; gives how many it took. */
async function stepsUntil(server: TestServer, client: TestClient): Promise<number> {
  let steps = 0;
  const wasOpen = server.app.stats().connections;
  while (server.app.stats().connections === wasOpen) {
    server.clock.advance(50);
    steps += 1;
    await endOfTurn();
  }
  expect(await client.closed).toEqual({ code: 1012, reason: 'The server is restarting' });
  return steps;
}
