import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/app.ts';
import { answer, ScriptedSfu, type SfuRequest } from '../support/scripted-sfu.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';
import { call, openSession } from './proxy-client.ts';

type Lab = { readonly server: TestServer; readonly sfu: ScriptedSfu };

async function start(): Promise<Lab> {
  const sfu = await ScriptedSfu.start();
  return { server: await startServer(sfu.environment), sfu };
}

async function published(server: TestServer, as?: string): Promise<string> {
  const session = await openSession(server, as);
  expect((await call(server, 'push', session, as === undefined ? {} : { as })).status).toBe(200);
  return session;
}

/** The sessions that were force-closed, in order. */
const closed = (sfu: ScriptedSfu): string[] =>
  sfu.of('tracks/close').map(({ path }: SfuRequest) => path.split('/')[5] ?? '');

/** A way there and back: what the server was about to ask the SFU for before has arrived. */
const settled = async ({ server }: Lab): Promise<void> => {
  for (const login of ['bob', 'carol', 'dave']) await openSession(server, login);
};

/** Lets time pass second by second, with signs of life, as for those who are here. */
async function pass(server: TestServer, seconds: number, ...here: TestClient[]): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    server.clock.advance(1_000);
    for (const client of here) await client.settle();
  }
}

async function vanish(server: TestServer, client: TestClient): Promise<void> {
  const { connections } = server.app.stats();
  client.drop();
  await until(() => server.app.stats().connections < connections);
}

describe('who vanishes', () => {
  test('[C11] is waited for, and then closed', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await published(lab.server);
    await vanish(lab.server, alice);
    lab.server.clock.advance(29_999);
    await settled(lab);
    expect(closed(lab.sfu)).toEqual([]);
    // The grace of the room, and the way to the next look, come on top.
    lab.server.clock.advance(8_000 + 10_001);
    await lab.sfu.asked('tracks/close', 1);
    expect(closed(lab.sfu)).toEqual([session]);
    expect((await call(lab.server, 'push', session)).status).toBe(401);
  });

  test('[C11] has 30 s from the moment in which it was missed', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await published(lab.server);
    await pass(lab.server, 11, alice);
    await vanish(lab.server, alice);
    // It leaves after the grace, at 19 s; a look at 20 s is the first that does not find it.
    lab.server.clock.advance(37_000);
    await settled(lab);
    expect(closed(lab.sfu), 'at 48 s').toEqual([]);
    lab.server.clock.advance(2_000);
    await lab.sfu.asked('tracks/close', 1);
    expect(closed(lab.sfu), 'at 50 s').toEqual([session]);
  });

  test('[C11] and comes back in time goes on with what it has', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await published(lab.server);
    await vanish(lab.server, alice);
    lab.server.clock.advance(25_000);
    const again = await lab.server.connect({ id: 'a', name: 'alice' });
    await pass(lab.server, 60, again);
    expect(closed(lab.sfu)).toEqual([]);
    expect((await call(lab.server, 'push', session)).status).toBe(200);
  });

  test('[C11] in one room and is still in another keeps its sessions', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const elsewhere = await lab.server.connect({ id: 'a2', name: 'alice', room: 'elsewhere' });
    const session = await published(lab.server);
    await vanish(lab.server, alice);
    await pass(lab.server, 60, elsewhere);
    expect(closed(lab.sfu)).toEqual([]);
    expect((await call(lab.server, 'push', session)).status).toBe(200);
  });

  test('[C11] was never in a room: its last request counts', async () => {
    const lab = await start();
    const session = await published(lab.server);
    lab.server.clock.advance(25_000);
    expect((await call(lab.server, 'state', session)).status).toBe(200);
    lab.server.clock.advance(29_000);
    await settled(lab);
    expect(closed(lab.sfu)).toEqual([]);
    lab.server.clock.advance(10_000);
    await lab.sfu.asked('tracks/close', 1);
    expect(closed(lab.sfu)).toEqual([session]);
  });
});

describe('too many sessions', () => {
  test('[C14] the 33rd of a login closes its oldest', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const sessions = [await published(lab.server)];
    while (sessions.length < 32) {
      await pass(lab.server, 3, alice);
      sessions.push(await openSession(lab.server));
    }
    const others = await published(lab.server, 'bob');
    expect((await call(lab.server, 'push', sessions[0] ?? '')).status).toBe(200);
    await pass(lab.server, 3, alice);
    await openSession(lab.server);
    await lab.sfu.asked('tracks/close', 1);
    expect(closed(lab.sfu)).toEqual([sessions[0]]);
    expect((await call(lab.server, 'push', sessions[0] ?? '')).status).toBe(401);
    expect((await call(lab.server, 'push', sessions[1] ?? '')).status).toBe(200);
    expect((await call(lab.server, 'push', others, { as: 'bob' })).status).toBe(200);
  });
});

describe('a restart', () => {
  /** A server on a folder of the test's own; `restart` is another one on the same, with the same SFU. */
  async function starts(): Promise<Lab & { readonly restart: () => Promise<TestServer> }> {
    const sfu = await ScriptedSfu.start();
    const environment = { ...sfu.environment, DATA_DIR: temporaryFolder() };
    const server = await startServer(environment);
    const restart = async (): Promise<TestServer> => {
      await server.app.close();
      return startServer(environment);
    };
    return { server, sfu, restart };
  }

  test('[C2] [C3] leaves every session to its login', async () => {
    const { server, restart } = await starts();
    const session = await published(server);
    const after = await restart();
    expect((await call(after, 'push', session, { as: 'mallory' })).status).toBe(401);
    expect((await call(after, 'push', session)).status).toBe(200);
  });

  test('[C11] does not forget what is published', async () => {
    const { server, sfu, restart } = await starts();
    await server.connect({ id: 'a', name: 'alice' });
    const session = await published(server);
    await call(server, 'close', session);
    const after = await restart();
    const alice = await after.connect({ id: 'a', name: 'alice' });
    alice.send({ type: 'userLeft' });
    const [, request] = await sfu.asked('tracks/close', 2);
    expect(request).toMatchObject({
      path: `/v1/apps/lab-app-id/sessions/${session}/tracks/close`,
      body: JSON.stringify({ tracks: [{ mid: '1' }], force: true }),
    });
  });

  test('[C11] closes what nobody comes back to', async () => {
    const { server, sfu, restart } = await starts();
    const session = await published(server);
    const after = await restart();
    after.clock.advance(29_999);
    await settled({ server: after, sfu });
    expect(closed(sfu)).toEqual([]);
    after.clock.advance(1);
    await sfu.asked('tracks/close', 1);
    expect(closed(sfu)).toEqual([session]);
    expect((await call(after, 'push', session)).status).toBe(401);
  });

  test('[C11] goes on with a close that had not been done', async () => {
    const { server, sfu, restart } = await starts();
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const session = await published(server);
    sfu.next('tracks/close', answer(500, { errorCode: 'internal_error' }));
    alice.send({ type: 'userLeft' });
    await sfu.asked('tracks/close', 1);
    await alice.closed;
    const after = await restart();
    after.clock.advance(30_000);
    await sfu.asked('tracks/close', 2);
    expect(closed(sfu)).toEqual([session, session]);
  });

  test('[C11] has nothing left of what was closed', async () => {
    const sfu = await ScriptedSfu.start();
    const store = new MemoryStore();
    const server = await startServer(sfu.environment, { store });
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const session = await published(server);
    expect(await store.listSfuSessions()).toEqual([
      {
        sessionId: session,
        owner: 'sid:alice',
        openedAt: server.clock.now(),
        tracks: [
          { mid: '0', trackName: 'mic' },
          { mid: '1', trackName: 'cam' },
        ],
      },
    ]);
    alice.send({ type: 'userLeft' });
    await sfu.asked('tracks/close', 1);
    await settled({ server, sfu });
    expect((await store.listSfuSessions()).map(({ owner }) => owner)).toEqual([
      'sid:bob',
      'sid:carol',
      'sid:dave',
    ]);
  });
});
