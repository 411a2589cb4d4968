import { expect, test } from 'vitest';
import { PatchedState } from '../support/patched-state.ts';
import { startServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';

const PRESENCE = { joined: true, raisedHand: false, speaking: false, tracks: {} };
const update = (change: object) => ({ type: 'userUpdate', user: { ...PRESENCE, ...change } });
const path = (id: string, features: string): string => `/parties/rooms/room?_pk=${id}&features=${features}`;
const types = ({ frames }: TestClient): string[] => frames.map(({ type }) => type);

test.each(['patch', 'other,patch', 'patch,patch,more'])(
  '[P1] [P2] features=%s: the same states over real sockets, in the same order among other frames',
  async (features) => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const stock = await server.connect({ id: 'b', name: 'bob' });
    const patched = await server.connect({ name: 'carol', path: path('c', features) });
    await patched.settle();
    await stock.settle();
    stock.take();
    const held = new PatchedState();
    for (const frame of patched.take()) held.take(frame);
    expect(held.hasGap).toBe(false);
    for (let n = 0; n < 50; n += 1) {
      alice.send(update({ speaking: n % 2 === 0 }));
      alice.send({ type: 'e2eeMlsMessage', n });
      if (n % 10 === 9) patched.send({ type: 'directMessage', to: 'b', message: n });
    }
    await alice.settle();
    alice.send({ type: 'userLeft' });
    await stock.settle();
    await patched.settle();
    const common = ({ type }: { type: string }): boolean => type !== 'directMessage';
    const seen = patched.frames.map((frame) =>
      held.take(frame) ? { type: 'roomState', state: held.state } : frame,
    );
    expect(held.hasGap).toBe(false);
    expect(seen).toEqual(stock.frames.filter(common));
    expect(types(patched)).not.toContain('roomState');
  },
);

test.each(['', 'patches', 'PATCH', 'other'])(
  '[P1] features=%j is not asking for patches',
  async (features) => {
    const server = await startServer();
    const client = await server.connect({ path: path('a', features) });
    await client.settle();
    client.send(update({ speaking: true }));
    await client.settle();
    expect(client.frames.map((frame) => Object.keys(frame))).toEqual([
      ['type', 'state'],
      ['type', 'state'],
    ]);
  },
);

test('[P4] [P5] a new host of the room begins another epoch', async () => {
  const server = await startServer();
  const client = await server.connect({ path: path('a', 'patch') });
  await client.settle();
  const epoch = client.take()[0]?.['epoch'];
  client.send({ type: 'resync' });
  await client.settle();
  expect(client.take()).toMatchObject([{ type: 'roomState', epoch, seq: 1 }]);
  client.send({ type: 'userLeft' });
  await client.closed;
  server.clock.advance(15_000);
  const again = await server.connect({ path: path('a', 'patch') });
  await again.settle();
  const [next] = again.take();
  expect(next).toMatchObject({ type: 'roomState', seq: 1 });
  expect(next?.['epoch']).not.toBe(epoch);
});
