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
