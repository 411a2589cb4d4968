import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';

test('[H2] the first frame is the whole state, and a join sends one to everybody', async () => {
  const server = await startServer();
  const alice = await server.connect({ id: 'a', name: 'alice' });
  await alice.settle();
  const bob = await server.connect({ id: 'b', name: 'bob' });
  await bob.settle();
  await alice.settle();
  expect(bob.frames.map((frame) => frame.type)).toEqual(['roomState']);
  expect(alice.frames.map((frame) => frame.type)).toEqual(['roomState', 'roomState']);
  expect(alice.frames[1]).toEqual(bob.frames[0]);
});

test('[H2] [H8] who comes back between two departures of one tick gets the state first', async () => {
  const server = await startServer({ STATE_TICK_MS: '50' });
  const x = await server.connect({ id: 'x', name: 'x' });
  const y = await server.connect({ id: 'y', name: 'y' });
  const z = await server.connect({ id: 'z', name: 'z' });
  for (const client of [x, y, z]) await client.settle();
  x.close();
  await x.closed;
  y.send({ type: 'userLeft' });
  await y.closed;
  const back = await server.connect({ id: 'x', name: 'x' });
  z.send({ type: 'userLeft' });
  await z.closed;
  await back.settle();
  expect(back.frames.map(({ type }) => type)).toEqual(['roomState', 'userLeftNotification', 'roomState']);
});
