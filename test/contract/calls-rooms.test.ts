import { describe, expect, test } from 'vitest';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';
import { call, openSession, seen } from './proxy-client.ts';

type Lab = { readonly server: TestServer; readonly sfu: ScriptedSfu };

async function start(): Promise<Lab> {
  const sfu = await ScriptedSfu.start();
  return { server: await startServer(sfu.environment), sfu };
}

/** Says of itself what the stock page says: by which paths the others find its tracks. */
async function announce(client: TestClient, tracks: object): Promise<void> {
  const user = { joined: true, raisedHand: false, speaking: false, tracks };
  client.send({ type: 'userUpdate', user });
  await client.settle();
}

/** The paths of all tracks in the last state that a client has seen: what the stock page would pull. */
function paths(client: TestClient): string[] {
  type State = { users: { tracks: Record<string, unknown> }[] };
  const { state } = client.frames.findLast(({ type }) => type === 'roomState') as unknown as { state: State };
  return state.users.flatMap(({ tracks }) => (typeof tracks['audio'] === 'string' ? [tracks['audio']] : []));
}

/** As the stock page makes a track of a path. */
function trackOf(path: string): object {
  const [sessionId, trackName] = path.split('/');
  return { location: 'remote', sessionId, trackName };
}

type Pulled = { status: number; tracks: [unknown, unknown][] };

/** Pulls by paths; gives of each track its m-line and its error. */
async function pull(
  { server }: Lab,
  as: string,
  session: string,
  wanted: readonly string[],
): Promise<Pulled> {
  const body = { tracks: wanted.map(trackOf) };
  const answer = await call(server, 'pull', session, { as, body });
  const { tracks = [] } = answer.body as { tracks?: { mid?: unknown; errorCode?: unknown }[] };
  return { status: answer.status, tracks: tracks.map(({ mid, errorCode }) => [mid, errorCode]) };
}

const GIVEN = (mid: string): Pulled => ({ status: 200, tracks: [[mid, undefined]] });
const NOT_THERE: Pulled = { status: 200, tracks: [[undefined, 'not_found_track_error']] };

describe('a track may be pulled', () => {
  test('[C5] by those in the room where its publisher says that it is sent', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    await lab.server.connect({ id: 'b', name: 'bob' });
    await lab.server.connect({ id: 'c', name: 'carol', room: 'elsewhere' });
    const session = await openSession(lab.server);
    const path = `${session}/mic`;
    const bobs = await openSession(lab.server, 'bob');
    const carols = await openSession(lab.server, 'carol');
    const nobodys = await openSession(lab.server, 'dave');
    expect(await pull(lab, 'bob', bobs, [path]), 'not announced').toEqual(NOT_THERE);
    await announce(alice, { audio: path });
    expect(await pull(lab, 'bob', bobs, [path])).toEqual(GIVEN('101'));
    expect(await pull(lab, 'carol', carols, [path]), 'in another room').toEqual(NOT_THERE);
    expect(await pull(lab, 'dave', nobodys, [path]), 'in no room').toEqual(NOT_THERE);
    await announce(alice, {});
    expect(await pull(lab, 'bob', bobs, [path]), 'taken back').toEqual(NOT_THERE);
    expect(lab.sfu.of('tracks/new')).toHaveLength(1);
  });

  test('[C5] of its publisher alone: what somebody else says is sent there counts for nothing', async () => {
    const lab = await start();
    await lab.server.connect({ id: 'a', name: 'alice' });
    const mallory = await lab.server.connect({ id: 'm', name: 'mallory', room: 'elsewhere' });
    await lab.server.connect({ id: 'm2', name: 'mallory' });
    const path = `${await openSession(lab.server)}/mic`;
    const mallorys = await openSession(lab.server, 'mallory');
    await announce(mallory, { audio: path });
    expect(await pull(lab, 'mallory', mallorys, [path])).toEqual(NOT_THERE);
  });

  test('[C5] until its publisher has left', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const bob = await lab.server.connect({ id: 'b', name: 'bob' });
    const path = `${await openSession(lab.server)}/mic`;
    const bobs = await openSession(lab.server, 'bob');
    await announce(alice, { audio: path });
    alice.send({ type: 'userLeft' });
    await bob.waitFor(({ type }) => type === 'userLeftNotification');
    expect(await pull(lab, 'bob', bobs, [path])).toEqual(NOT_THERE);
  });

  test('[C5] and an m-line pointed at it, by the same rule', async () => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    await lab.server.connect({ id: 'b', name: 'bob' });
    const session = await openSession(lab.server);
    const bobs = await openSession(lab.server, 'bob');
    const body = { tracks: [{ ...trackOf(`${session}/mic`), mid: '101' }] };
    expect(seen(await call(lab.server, 'update', bobs, { as: 'bob', body }))).toEqual({
      status: 200,
      type: 'application/json',
      body: {
        tracks: [
          {
            sessionId: session,
            trackName: 'mic',
            errorCode: 'not_found_track_error',
            errorDescription: 'Track not found',
          },
        ],
      },
    });
    expect(lab.sfu.of('tracks/update')).toEqual([]);
    await announce(alice, { audio: `${session}/mic` });
    await call(lab.server, 'update', bobs, { as: 'bob', body });
    expect(lab.sfu.of('tracks/update').map((request) => JSON.parse(request.body) as unknown)).toEqual([body]);
  });
});

describe('whatever one says of its tracks', () => {
  test.each([
    ['a path without a name', 'x'],
    ['an empty path', ''],
    ['a path of a slash', '/'],
    ['an empty name', 'x/'],
    ['a session that cannot be', '../x/mic'],
    ['a long name', `x/${'n'.repeat(300)}`],
    ['a session of nobody', 'x/mic'],
  ])('[C9] [C5] the others pull the rest, in one batch with it: %s', async (_, path) => {
    const lab = await start();
    const alice = await lab.server.connect({ id: 'a', name: 'alice' });
    const mallory = await lab.server.connect({ id: 'm', name: 'mallory' });
    const bob = await lab.server.connect({ id: 'b', name: 'bob' });
    const bobs = await openSession(lab.server, 'bob');
    await announce(mallory, { audio: path });
    await announce(alice, { audio: `${await openSession(lab.server)}/mic` });
    await bob.settle();
    const { status, tracks } = await pull(lab, 'bob', bobs, paths(bob));
    expect([status, tracks[0]]).toEqual([200, ['101', undefined]]);
  });
});
