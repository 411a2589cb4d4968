import { describe, expect, onTestFinished, test } from 'vitest';
import { App, type WebSocket } from 'uWebSockets.js';
import { listen } from '../../src/gateway/listen.ts';
import { RateLimit } from '../../src/gateway/rate-limit.ts';
import { UwsConnection, type SocketData } from '../../src/gateway/uws-connection.ts';
import { startServer } from '../support/server.ts';
import { TestClient } from '../support/test-client.ts';

const error = (code: string, text: string) => ({ type: 'error', error: text, code });

/** Exposed by `execArgv` in vitest.config.ts. */
function collectGarbage(): void {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run with --expose-gc');
  // Twice, because the first pass may leave what only finalisers release.
  gc();
  gc();
}

describe('bad frames', () => {
  test('[G5] [H11] get their error; connection and room go on', async () => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const bob = await server.connect({ id: 'b', name: 'bob' });
    await bob.settle();
    await alice.settle();
    alice.take();
    bob.take();
    alice.sendRaw('{not json');
    alice.sendRaw('');
    alice.send({ type: 'xstate.stop' });
    alice.send({ type: 'xstate.error.actor.openVoice' });
    alice.send({ type: 5 });
    alice.sendRaw('{"__proto__":{"type":"heartbeat"}}');
    alice.send({ type: 'userUpdate', user: null });
    alice.send({ type: 'directMessage', to: 'b', message: 'still here' });
    await alice.settle();
    await bob.settle();
    const unknown = error('unknown_message_type', 'The message type is not known');
    expect(alice.frames).toEqual([
      error('invalid_json', 'The message is not valid JSON'),
      error('invalid_json', 'The message is not valid JSON'),
      unknown,
      unknown,
      unknown,
      unknown,
      error('invalid_message', 'The message does not have the expected shape'),
    ]);
    expect(bob.frames).toEqual([{ type: 'directMessage', from: 'alice', message: 'still here' }]);
  });

  test('[G5] unknown types leave nothing behind', async () => {
    const server = await startServer({ MAX_FRAMES_PER_SECOND: '1000000' });
    const alice = await server.connect({ id: 'a' });
    const flood = async (prefix: string): Promise<void> => {
      for (let n = 0; n < 20_000; n += 1) alice.sendRaw(`{"type":"${prefix}${n}"}`);
      await alice.settle();
      alice.take();
      collectGarbage();
    };
    await flood('warm-up-');
    const before = process.memoryUsage().heapUsed;
    await flood('first-');
    await flood('second-');
    // XState's cache of unknown event types would hold 230 bytes for each of the 40,000.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000);
  });

  test('[G6] a frame of the limit is handled, one byte more closes with 1009', async () => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const bob = await server.connect({ id: 'b', name: 'bob' });
    const frame = (bytes: number): string => {
      const empty = '{"type":"e2eeMlsMessage","payload":""}';
      return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
    };
    bob.sendRaw(frame(1_048_576));
    const relayed = await alice.waitFor(({ type }) => type === 'e2eeMlsMessage');
    expect(JSON.stringify(relayed)).toHaveLength(1_048_576);
    bob.sendRaw(frame(1_048_577));
    expect(await bob.closed).toEqual({ code: 1009, reason: 'The message is too large' });
    await alice.settle();
    expect(alice.isOpen).toBe(true);
  });

  test('[G7] binary frames are ignored, whatever they hold', async () => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a' });
    await alice.settle();
    alice.take();
    alice.sendRaw(Buffer.from([0, 1, 2]));
    alice.sendRaw(Buffer.from('{"type":"userLeft"}'));
    await alice.settle();
    expect(alice.frames).toEqual([]);
    expect(alice.isOpen).toBe(true);
  });

  test('[G8] a flood is told so and closed with 4029; the room goes on', async () => {
    const server = await startServer({ MAX_FRAMES_PER_SECOND: '5' });
    const alice = await server.connect({ id: 'a', name: 'alice' });
    const bob = await server.connect({ id: 'b', name: 'bob' });
    await bob.settle();
    await alice.settle();
    alice.take();
    for (let n = 0; n < 60; n += 1) alice.send({ type: 'heartbeat' });
    expect(await alice.closed).toEqual({ code: 4029, reason: 'Too many messages' });
    expect(alice.frames).toEqual([error('rate_limited', 'Too many messages')]);
    await bob.settle();
    expect(bob.isOpen).toBe(true);
  });
});

describe('the rate limit', () => {
  test('[G8] allows a burst of ten seconds, then the rate', () => {
    const limit = new RateLimit(10, 0);
    const allowed = (now: number): number => {
      let count = 0;
      while (limit.take(now, 1)) count += 1;
      return count;
    };
    expect(allowed(0)).toBe(100);
    expect(new RateLimit(10, 0).take(0, 99 * 16 * 1024)).toBe(true);
    expect(new RateLimit(10, 0).take(0, 100 * 16 * 1024)).toBe(false);
  });

  test('[G8] gives back what a quiet time earned, up to the burst', () => {
    const limit = new RateLimit(10, 0);
    for (let n = 0; n < 100; n += 1) limit.take(0, 1);
    expect(limit.take(100, 1)).toBe(true);
    expect(limit.take(100, 1)).toBe(false);
  });
});

test('[G12] send and publish keep their order on one socket, small frames and large', async () => {
  const app = App();
  const sockets: UwsConnection[] = [];
  app.ws<SocketData>('/*', {
    upgrade: (res, req, context) => {
      const claim = { userId: 'a', name: '', owner: '', role: 'member' } as const;
      const data = {
        connectionId: 'c',
        roomName: 'r',
        claim,
        address: '',
        takesPatches: false,
        rateLimit: new RateLimit(1, 0),
      };
      res.upgrade<SocketData>(data, req.getHeader('sec-websocket-key'), '', '', context);
    },
    open: (ws: WebSocket<SocketData>) => {
      const connection = new UwsConnection(ws, () => {});
      connection.subscribe('t');
      sockets.push(connection);
    },
  });
  const listening = await listen(app, '127.0.0.1', 0);
  onTestFinished(() => void app.close());
  const client = new TestClient(`ws://127.0.0.1:${listening.port}/`, {});
  const other = new TestClient(`ws://127.0.0.1:${listening.port}/`, {});
  await Promise.all([client.opened, other.opened]);
  const [first, second] = sockets;
  const expected: number[] = [];
  for (let n = 0; n < 400; n += 1) {
    const pad = n % 7 === 0 ? 'x'.repeat(40_000) : '';
    const frame = JSON.stringify({ type: 'n', n, pad });
    expected.push(n);
    if (n % 3 === 0) app.publish('t', n % 2 === 0 ? frame : Buffer.from(frame));
    else if (n % 3 === 1) for (const socket of sockets) socket.send(frame);
    else {
      first?.publishToOthers('t', frame);
      second?.publishToOthers('t', frame);
    }
  }
  for (const socket of sockets) socket.close({ code: 1000, reason: 'done' });
  expect(await client.closed).toEqual({ code: 1000, reason: 'done' });
  await other.closed;
  expect(client.frames.map((frame) => frame['n'])).toEqual(expected);
  expect(other.frames.map((frame) => frame['n'])).toEqual(expected);
});
