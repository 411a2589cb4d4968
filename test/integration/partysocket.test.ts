import { expect, test } from 'vitest';
import { StockClient, type StockClientOptions } from '../support/partysocket-client.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import type { TestClient } from '../support/test-client.ts';

const newcomer = (id: string) => ({
  id,
  name: id,
  joined: false,
  raisedHand: false,
  speaking: false,
  tracks: { audioEnabled: false, audioUnavailable: false, videoEnabled: false, screenShareEnabled: false },
});
const presence = { joined: true, raisedHand: true, speaking: false, tracks: { audioEnabled: true } };
const update = { type: 'userUpdate', user: presence };
const state = (...users: object[]) => ({
  type: 'roomState',
  state: { ai: { enabled: false }, meetingId: expect.any(String), users },
});
const relay = (n: number) => ({ type: 'e2eeMlsMessage', n });
const numbers = Array.from({ length: 50 }, (_, index) => index + 1);

/** Somebody else in the room, who sees what the stock client's coming and going looks like. */
async function watch(server: TestServer): Promise<TestClient> {
  const watcher = await server.connect({ id: 'watcher', name: 'watcher' });
  await watcher.settle();
  watcher.take();
  return watcher;
}

const stock = (server: TestServer, options: Partial<StockClientOptions> = {}): StockClient =>
  new StockClient({ port: server.port, id: 'stock', cookie: () => loginCookie('stock'), ...options });

/** A door in front of the client's attempts. */
function door(): { open: () => void; close: () => void; pass: () => Promise<void> } {
  let passage = Promise.resolve();
  let open = (): void => {};
  return {
    open: () => open(),
    close: () => void (passage = new Promise((resolve) => void (open = resolve))),
    pass: () => passage,
  };
}

/** Waits until the server has noticed which connections are gone. */
async function connections(server: TestServer, count: number): Promise<void> {
  while (server.app.stats().connections !== count) await endOfTurn();
}

test('[G2] [H2] partysocket gets the whole state first, with its own id in it, and its updates back', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  const client = stock(server);
  const { frames } = await client.connected();
  expect(frames).toEqual([state(newcomer('stock'), newcomer('watcher'))]);

  client.send(update);
  await client.until(() => frames.length === 2);
  expect(frames[1]).toEqual(state({ id: 'stock', name: 'stock', ...presence }, newcomer('watcher')));
  await watcher.settle();
  expect(watcher.frames).toEqual(frames);
});

test('[H9] [H2] partysocket comes back after `User left` by itself, as a new participant', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  const client = stock(server);
  const first = await client.connected();
  client.send(update);
  client.send({ type: 'userLeft' });
  const second = await client.connected(first);
  expect(first.end).toEqual({ code: 1000, reason: 'User left' });
  expect(second.frames).toEqual([state(newcomer('stock'), newcomer('watcher'))]);

  await watcher.settle();
  expect(watcher.frames).toEqual([
    state(newcomer('stock'), newcomer('watcher')),
    state({ id: 'stock', name: 'stock', ...presence }, newcomer('watcher')),
    { type: 'userLeftNotification', id: 'stock' },
    state(newcomer('watcher')),
    state(newcomer('stock'), newcomer('watcher')),
  ]);
});

test('[H3] [H5] a cut connection that comes back within the grace is the same participant, and nobody is told', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  const { open, close, pass } = door();
  const client = stock(server, { mayConnect: pass });
  const first = await client.connected();
  client.send(update);
  await client.until(() => first.frames.length === 2);
  await watcher.settle();
  watcher.take();

  close();
  client.cut();
  await connections(server, 1);
  server.clock.advance(7_000);
  await watcher.settle();
  open();
  const second = await client.connected(first);
  expect(second.frames).toEqual([state({ id: 'stock', name: 'stock', ...presence }, newcomer('watcher'))]);
  server.clock.advance(7_000);
  await watcher.settle();
  expect(watcher.frames).toEqual([]);
});

test('[H5] [H9] a cut connection that comes back after the grace has left once, and is a new participant', async () => {
  const server = await startServer({ PERIODIC_STATE_MS: '0' });
  const watcher = await watch(server);
  const { open, close, pass } = door();
  const client = stock(server, { mayConnect: pass });
  const first = await client.connected();
  client.send(update);
  await client.until(() => first.frames.length === 2);
  await watcher.settle();
  watcher.take();

  close();
  client.cut();
  await connections(server, 1);
  server.clock.advance(9_000);
  await watcher.settle();
  expect(watcher.take()).toEqual([{ type: 'userLeftNotification', id: 'stock' }, state(newcomer('watcher'))]);
  open();
  const second = await client.connected(first);
  expect(second.frames).toEqual([state(newcomer('stock'), newcomer('watcher'))]);
  await watcher.settle();
  expect(watcher.frames).toEqual(second.frames);
});

test('[H6] [H9] a page that has fallen silent is told that it left, and comes back as a new participant', async () => {
  const server = await startServer({ PERIODIC_STATE_MS: '0' });
  const watcher = await watch(server);
  const client = stock(server);
  const first = await client.connected();
  await watcher.settle();
  watcher.take();

  server.clock.advance(10_000);
  await watcher.settle();
  server.clock.advance(6_000);
  const second = await client.connected(first);
  await watcher.settle();
  expect(first.end).toEqual({ code: 1011, reason: 'unknown reason' });
  expect(first.frames.slice(1)).toEqual([{ type: 'userLeftNotification', id: 'stock' }]);
  expect(second.frames).toEqual([state(newcomer('stock'), newcomer('watcher'))]);
  expect(watcher.frames).toEqual([
    { type: 'userLeftNotification', id: 'stock' },
    state(newcomer('watcher')),
    state(newcomer('stock'), newcomer('watcher')),
  ]);
});

test('[H2] [H8] [G12] what partysocket has queued before it is open is handled, in order, after the first state', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  const client = stock(server);
  client.send(update);
  for (const n of numbers) client.send(relay(n));
  client.send({ type: 'directMessage', to: 'stock', message: 'to myself' });
  client.send({ type: 'userUpdate', user: { ...presence, raisedHand: false } });
  for (const n of numbers) client.send(relay(100 + n));
  expect(client.attempts).toEqual([]);
  const { frames } = await client.connected();
  await client.until(() => frames.length === 4);
  await watcher.settle();

  const joined = state(newcomer('stock'), newcomer('watcher'));
  const handUp = state({ id: 'stock', name: 'stock', ...presence }, newcomer('watcher'));
  const handDown = state({ id: 'stock', name: 'stock', ...presence, raisedHand: false }, newcomer('watcher'));
  expect(frames).toEqual([
    joined,
    handUp,
    { type: 'directMessage', from: 'stock', message: 'to myself' },
    handDown,
  ]);
  expect(watcher.frames).toEqual([
    joined,
    handUp,
    ...numbers.map((n) => relay(n)),
    handDown,
    ...numbers.map((n) => relay(100 + n)),
  ]);
});

test('[H3] [H8] what partysocket has queued during an outage follows, after a state, from the same participant', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  const { open, close, pass } = door();
  const client = stock(server, { mayConnect: pass });
  const first = await client.connected();
  close();
  client.cut();
  await connections(server, 1);
  for (let beat = 0; beat < 10; beat += 1) client.send({ type: 'heartbeat' });
  client.send(update);
  for (const n of numbers) client.send(relay(n));
  await watcher.settle();
  watcher.take();

  open();
  const second = await client.connected(first);
  await watcher.waitFor(({ n }) => n === numbers.length);
  const updated = state({ id: 'stock', name: 'stock', ...presence }, newcomer('watcher'));
  await client.until(() => second.frames.length === 2);
  expect(second.frames).toEqual([state(newcomer('stock'), newcomer('watcher')), updated]);
  expect(watcher.frames).toEqual([updated, ...numbers.map((n) => relay(n))]);
});

test('[G3] a refused partysocket goes on trying, disturbs nobody, and is let in with a login', async () => {
  const server = await startServer();
  const watcher = await watch(server);
  let cookie: string | undefined;
  const client = stock(server, { cookie: () => cookie });
  await client.until(() => client.attempts.length > 5);
  const refused = {
    error: 'Unexpected server response: 401',
    end: { code: 1000, reason: 'unknown reason' },
    frames: [],
  };
  expect(client.attempts.slice(0, 5).map(({ error, end, frames }) => ({ error, end, frames }))).toEqual([
    refused,
    refused,
    refused,
    refused,
    refused,
  ]);
  expect(server.app.stats()).toEqual({ rooms: 1, connections: 1 });
  await watcher.settle();
  expect(watcher.frames).toEqual([]);

  cookie = loginCookie('stock');
  const { frames } = await client.connected();
  expect(frames).toEqual([state(newcomer('stock'), newcomer('watcher'))]);
});
