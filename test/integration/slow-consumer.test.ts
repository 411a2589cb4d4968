import { expect, onTestFinished, test } from 'vitest';
import { RawSocket } from '../support/raw-socket.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { Frame, TestClient } from '../support/test-client.ts';

/** The kernel takes several MB for a client that does not read; only what comes after that waits in the server. */
const MORE_THAN_THE_KERNEL_TAKES_BYTES = 20_000_000;
const LARGE_BYTES = 200_000;
/** uWS gathers frames of this size in its fan-out, where it writes larger ones at once. */
const SMALL_BYTES = 8_000;

const FAST = { MAX_FRAMES_PER_SECOND: '1000000' };
const SMALLEST_LIMIT = { ...FAST, MAX_BUFFERED_BYTES: String(64 * 1024) };

const relayed = (frames: readonly Frame[]): unknown[] =>
  frames.filter(({ type }) => type === 'e2eeMlsMessage').map(({ n }) => n);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function stall(server: TestServer, id: string): Promise<RawSocket> {
  const socket = await RawSocket.open(server.port, 'room', id);
  onTestFinished(() => socket.drop());
  return socket;
}

/** Clients that read, after the first states. */
async function readers<Ids extends string[]>(
  server: TestServer,
  ...ids: [...Ids]
): Promise<{ [K in keyof Ids]: TestClient }> {
  const clients = await Promise.all(ids.map((id) => server.connect({ id, name: id })));
  for (const client of clients) await client.settle();
  return clients as { [K in keyof Ids]: TestClient };
}

/** Relays message after message, each when everybody who reads has the one before, until `enough`; gives how many. */
async function relayUntil(
  enough: () => boolean,
  sender: TestClient,
  readers: readonly TestClient[],
  bytes = LARGE_BYTES,
): Promise<number> {
  const padding = 'x'.repeat(bytes);
  let sent = 0;
  while (!enough() && sent * bytes < MORE_THAN_THE_KERNEL_TAKES_BYTES) {
    sent += 1;
    const n = sent;
    sender.send({ type: 'e2eeMlsMessage', n, padding });
    await Promise.all(readers.map((client) => client.waitFor((frame) => frame.n === n)));
  }
  return sent;
}

const dropped = ({ logLines }: TestServer) =>
  logLines
    .filter(({ msg }) => msg === 'slow consumer dropped')
    .sort((a, b) => (String(a.userId) < String(b.userId) ? -1 : 1));

const droppedLine = (userId: string) => ({
  level: 40,
  time: expect.any(Number),
  connection: expect.any(String),
  userId,
  code: 'slow_consumer',
  bufferedBytes: expect.any(Number),
  msg: 'slow consumer dropped',
});

test.for([
  ['large', LARGE_BYTES],
  ['small', SMALL_BYTES],
] as const)(
  '[G9] [G12] who does not read is dropped, with no %s frame after a gap; the others get all',
  async ([, bytes]) => {
    const server = await startServer(SMALLEST_LIMIT);
    const [sender, near, far] = await readers(server, 'sender', 'near', 'far');
    const stalled = [await stall(server, 'stalled-1'), await stall(server, 'stalled-2')];

    const sent = await relayUntil(() => dropped(server).length === 2, sender, [near, far], bytes);
    expect(dropped(server)).toEqual([droppedLine('stalled-1'), droppedLine('stalled-2')]);
    expect(server.app.stats()).toEqual({ rooms: 1, connections: 3 });
    for (const line of dropped(server)) expect(line.bufferedBytes).toBeGreaterThan(64 * 1024);
    sender.send({ type: 'e2eeMlsMessage', n: sent + 1 });
    await sender.settle();

    for (const client of [near, far]) {
      await client.settle();
      expect(relayed(client.frames)).toEqual(upTo(sent + 1));
    }
    for (const socket of stalled) {
      const frames = await socket.readToEnd();
      expect(relayed(frames)).toEqual(upTo(relayed(frames).length));
      expect(relayed(frames).length).toBeGreaterThan(0);
      expect(relayed(frames).length).toBeLessThan(sent);
      expect(frames[0]).toMatchObject({ type: 'roomState' });
    }
  },
);

test('[G9] [H5] [H9] who was dropped as too slow leaves after the grace, announced once', async () => {
  const server = await startServer({ ...SMALLEST_LIMIT, PERIODIC_STATE_MS: '0' });
  const [sender, near] = await readers(server, 'sender', 'near');
  await stall(server, 'stalled');
  await relayUntil(() => dropped(server).length === 1, sender, [near]);
  expect(server.app.stats()).toEqual({ rooms: 1, connections: 2 });
  near.take();

  server.clock.advance(7_000);
  for (const client of [sender, near]) await client.settle();
  expect(near.take()).toEqual([]);
  server.clock.advance(2_000);
  for (const client of [sender, near]) await client.settle();
  expect(near.take()).toEqual([
    { type: 'userLeftNotification', id: 'stalled' },
    {
      type: 'roomState',
      state: expect.objectContaining({
        users: [expect.objectContaining({ id: 'near' }), expect.objectContaining({ id: 'sender' })],
      }),
    },
  ]);
});

test('[G9] who does not read what is meant for it alone is dropped too', async () => {
  const server = await startServer(SMALLEST_LIMIT);
  const [sender, near] = await readers(server, 'sender', 'near');
  const stalled = await stall(server, 'stalled');
  const message = 'x'.repeat(60_000);
  let sent = 0;
  while (dropped(server).length < 1 && sent * message.length < MORE_THAN_THE_KERNEL_TAKES_BYTES) {
    sent += 1;
    sender.send({ type: 'directMessage', to: 'stalled', message: { n: sent, message } });
    await sender.settle();
  }
  expect(dropped(server)).toEqual([droppedLine('stalled')]);
  expect(server.app.stats()).toEqual({ rooms: 1, connections: 2 });
  await near.settle();
  expect(near.frames.filter(({ type }) => type !== 'roomState')).toEqual([]);
  const got = (await stalled.readToEnd()).filter(({ type }) => type === 'directMessage');
  expect(got.map((frame) => (frame.message as { n: number }).n)).toEqual(upTo(got.length));
  expect(got.length).toBeGreaterThan(0);
});

test('[G9] [G12] who stalls below the limit gets everything once it reads, in order', async () => {
  const server = await startServer({ ...FAST, MAX_BUFFERED_BYTES: String(1024 * 1024 * 1024) });
  const [sender, near] = await readers(server, 'sender', 'near');
  const stalled = await stall(server, 'stalled');
  const sent = await relayUntil(() => false, sender, [near]);
  sender.send({ type: 'directMessage', to: 'stalled', message: 'last' });
  await sender.settle();

  const frames = await stalled.readUntil((got) => got.at(-1)?.type === 'directMessage');
  expect(relayed(frames)).toEqual(upTo(sent));
  expect(frames.at(-1)).toEqual({ type: 'directMessage', from: 'sender', message: 'last' });
  expect(dropped(server)).toEqual([]);
});
