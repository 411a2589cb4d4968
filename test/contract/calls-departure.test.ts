import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/app.ts';
import { answer, ScriptedSfu, sdp, type SfuRequest } from '../support/scripted-sfu.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';
import { Held } from './faults.ts';
import { call, openSession } from './proxy-client.ts';

type Lab = { readonly server: TestServer; readonly sfu: ScriptedSfu; readonly store: MemoryStore };

async function start(): Promise<Lab> {
  const sfu = await ScriptedSfu.start();
  const store = new MemoryStore();
  const server = await startServer({ ...sfu.environment, API_EXTRA_PARAMS: 'region=eu' }, { store });
  return { server, sfu, store };
}

/** Alice in a room, with a session on which she has published `mic` and `cam`. */
async function publishing(lab: Lab): Promise<{ alice: TestClient; session: string }> {
  const alice = await lab.server.connect({ id: 'a', name: 'alice' });
  const session = await openSession(lab.server);
  expect((await call(lab.server, 'push', session)).status).toBe(200);
  return { alice, session };
}

async function leave(client: TestClient): Promise<void> {
  client.send({ type: 'userLeft' });
  expect(await client.closed).toEqual({ code: 1000, reason: 'User left' });
}

const mids = ({ body }: SfuRequest): string[] =>
  (JSON.parse(body) as { tracks: { mid: string }[] }).tracks.map(({ mid }) => mid);

/** What was force-closed so far: the m-lines of each request. */
const closed = (sfu: ScriptedSfu): string[][] => sfu.of('tracks/close').map(mids);

const stored = async ({ store }: Lab): Promise<string[]> =>
  (await store.listSfuSessions()).map(({ sessionId }) => sessionId);

/** Waits until the server has forgotten all sessions for good. */
async function forgotten(lab: Lab): Promise<void> {
  await until(async () => (await stored(lab)).length === 0);
}

/** Some ways there and back: whatever the server was about to ask the SFU for has arrived. */
async function settled({ server }: Lab): Promise<void> {
  for (const login of ['bob', 'carol', 'dave']) await openSession(server, login);
}

describe('who leaves', () => {
  test('[C11] what was published is closed at once, with the mids of the answers to the pushes', async () => {
    const lab = await start();
    const { alice, session } = await publishing(lab);
    await leave(alice);
    const [request] = await lab.sfu.asked('tracks/close', 1);
    expect(request).toMatchObject({
      method: 'PUT',
      path: `/v1/apps/lab-app-id/sessions/${session}/tracks/close`,
      query: '?region=eu',
      body: JSON.stringify({ tracks: [{ mid: '0' }, { mid: '1' }], force: true }),
    });
    expect((await call(lab.server, 'push', session)).status).toBe(401);
    await forgotten(lab);
    lab.server.clock.advance(60_000);
    expect(lab.sfu.of('tracks/close')).toHaveLength(1);
  });

  test('[C11] what the client closed itself, and what failed, is not closed again', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await openSession(lab.server);
    const failed = { trackName: 'cam', mid: '1', errorCode: 'internal_error' };
    const done = ['0', '2'].map((mid) => ({ trackName: `track-${mid}`, mid }));
    const sessionDescription = { type: 'answer', sdp: sdp('0', '1') };
    lab.sfu.next('tracks/new', answer(200, { tracks: [...done, failed], sessionDescription }));
    await call(lab.server, 'push', session);
    await call(lab.server, 'close', session);
    await leave(alice);
    await lab.sfu.asked('tracks/close', 2);
    expect(closed(lab.sfu)).toEqual([['0'], ['2']]);
  });

  test.each([
    [
      'an error at the top',
      answer(500, { errorCode: 'internal_error', tracks: [{ trackName: 'mic', mid: '0' }] }),
    ],
    ['an answer that no client can use', answer(200, { tracks: [{ trackName: 'mic', mid: '0' }] })],
  ])('[C11] what a push with %s has published all the same is closed', async (_, handler) => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await openSession(lab.server);
    lab.sfu.next('tracks/new', handler);
    await call(lab.server, 'push', session);
    await leave(alice);
    await lab.sfu.asked('tracks/close', 1);
    expect(closed(lab.sfu)).toEqual([['0']]);
  });

  test('[C11] who has left hears nobody on: what was pulled is closed, but for what the client closed itself', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await openSession(lab.server);
    await call(lab.server, 'pull', session);
    await call(lab.server, 'close', session, {
      body: { tracks: [{ mid: '101' }], force: true },
    });
    await leave(alice);
    await lab.sfu.asked('tracks/close', 2);
    expect(closed(lab.sfu)).toEqual([['101'], ['102']]);
  });

  test('[C11] nothing is asked of the SFU where nothing was published or pulled', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    await openSession(lab.server);
    await leave(alice);
    await forgotten(lab);
    expect(closed(lab.sfu)).toEqual([]);
  });

  test('[C11] [C6] a push that is at the SFU when its user leaves is closed behind it', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const session = await openSession(lab.server);
    const tracks = [{ trackName: 'mic', mid: '0' }];
    const held = new Held(answer(200, { tracks, sessionDescription: { type: 'answer', sdp: sdp('0') } }));
    lab.sfu.next('tracks/new', held.handler);
    const pushed = call(lab.server, 'push', session);
    await lab.sfu.asked('tracks/new', 1);
    await leave(alice);
    held.release();
    await pushed;
    await settled(lab);
    lab.server.clock.advance(1_000);
    await settled(lab);
    expect(closed(lab.sfu)).toEqual([['0']]);
    expect(await stored(lab), 'forgotten in the store').not.toContain(session);
  });

  test('[C11] [C6] a push that waits when its user leaves is closed behind it', async () => {
    const lab = await start();
    const { alice, session } = await publishing(lab);
    const held = new Held(answer(200, {}));
    lab.sfu.next('session', held.handler);
    const first = call(lab.server, 'state', session);
    await lab.sfu.asked('session', 1);
    const tracks = [{ location: 'local', trackName: 'screen', mid: '7' }];
    const late = { sessionDescription: { type: 'offer', sdp: sdp('7') }, tracks };
    const pushed = call(lab.server, 'push', session, { body: late });
    await settled(lab);
    await leave(alice);
    held.release();
    await Promise.all([first, pushed]);
    await settled(lab);
    lab.server.clock.advance(1_000);
    await settled(lab);
    expect(closed(lab.sfu).flat().sort()).toEqual(['0', '1', '7']);
  });

  test('[C11] what could not be closed is tried again, and the session is kept in the store until then', async () => {
    const lab = await start();
    const { alice, session } = await publishing(lab);
    const held = new Held(answer(500, { errorCode: 'internal_error' }));
    lab.sfu.next('tracks/close', held.handler);
    await leave(alice);
    await lab.sfu.asked('tracks/close', 1);
    const idle = lab.server.clock.timerCount;
    held.release();
    await until(() => lab.server.clock.timerCount > idle);
    expect(await stored(lab)).toEqual([session]);
    lab.server.clock.advance(1_000);
    await lab.sfu.asked('tracks/close', 2);
    await forgotten(lab);
    expect(closed(lab.sfu)).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
  });
});

/** Says which session a user sends by, as the stock page does. */
async function announce(client: TestClient, session: string): Promise<void> {
  const tracks = { audio: `${session}/mic`, audioEnabled: true };
  client.send({ type: 'userUpdate', user: { joined: true, raisedHand: false, speaking: false, tracks } });
  await client.settle();
}

describe('who has several tabs', () => {
  test('[C11] the one that leaves takes its session along, and no other', async () => {
    const lab = await start();
    const first = await publishing(lab);
    const second = await lab.server.connect({ id: 'a2', name: 'alice', room: 'elsewhere' });
    const other = await openSession(lab.server);
    await call(lab.server, 'push', other);
    await announce(first.alice, first.session);
    await announce(second, other);
    await leave(first.alice);
    await lab.sfu.asked('tracks/close', 1);
    await settled(lab);
    expect(lab.sfu.of('tracks/close').map(({ path }) => path)).toEqual([
      `/v1/apps/lab-app-id/sessions/${first.session}/tracks/close`,
    ]);
    expect((await call(lab.server, 'push', other)).status).toBe(200);
    await leave(second);
    await lab.sfu.asked('tracks/close', 2);
    expect(closed(lab.sfu)[1]).toEqual(['0', '1']);
  });

  test('[C11] what another of them sends by too stays', async () => {
    const lab = await start();
    const { alice, session } = await publishing(lab);
    const second = await lab.server.connect({ id: 'a2', name: 'alice' });
    await announce(alice, session);
    await announce(second, session);
    await leave(alice);
    await settled(lab);
    expect(closed(lab.sfu)).toEqual([]);
    expect((await call(lab.server, 'push', session)).status).toBe(200);
  });

  test('[C11] nobody takes along what belongs to another', async () => {
    const lab = await start();
    const { session } = await publishing(lab);
    const mallory = await lab.server.connect({ id: 'm', name: 'mallory' });
    await announce(mallory, session);
    await leave(mallory);
    await settled(lab);
    expect(closed(lab.sfu)).toEqual([]);
    expect((await call(lab.server, 'push', session)).status).toBe(200);
  });
});
