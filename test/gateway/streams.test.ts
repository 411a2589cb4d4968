import { expect, onTestFinished, test } from 'vitest';
import { serveHttp, RequestsUnderWay } from '../../src/gateway/http.ts';
import { listen } from '../../src/gateway/listen.ts';
import type { OpenStream } from '../../src/gateway/request.ts';
import { TrustedProxies } from '../../src/gateway/trusted-proxies.ts';
import { App } from '../../src/gateway/uws.ts';
import { createLog } from '../../src/log.ts';
import { EventStream } from '../support/event-stream.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** More than the buffers of both sockets hold. */
const LARGE = 'x'.repeat(16 * 1024 * 1024);

async function serve(open: OpenStream): Promise<number> {
  const app = App();
  const headers = { 'content-type': 'text/event-stream' };
  serveHttp(app, () => ({ GET: { handle: () => ({ status: 200, headers, body: open }) } }), {
    proxies: new TrustedProxies([]),
    clock: new FakeClock(),
    log: createLog('silent'),
    allowedOrigins: [],
    underWay: new RequestsUnderWay(),
  });
  const { port } = await listen(app, '127.0.0.1', 0);
  onTestFinished(() => void app.close());
  return port;
}

test('[L3] what waits for a slow reader goes out as it reads, and only then is there more', async () => {
  const resumed: number[] = [];
  let received = 0;
  const port = await serve((sink) => {
    expect(sink.write(`event: large\ndata: "${LARGE}"\n\n`)).toBe(false);
    return {
      resume: () => {
        resumed.push(received);
        sink.write('event: rest\ndata: 1\n\n');
      },
      stop: () => {},
    };
  });
  const stream = await EventStream.open(port, '/');
  stream.pause();
  stream.resume();
  await stream.until((events) => {
    received = events.length;
    return events.some(({ event }) => event === 'rest');
  });
  expect(stream.events[0]?.data).toBe(LARGE);
  expect(stream.events.map(({ event }) => event).slice(0, 2)).toEqual(['large', 'rest']);
});

test('[L3] a reader that goes is told once, and nothing is written after', async () => {
  let stops = 0;
  const writes: boolean[] = [];
  let write = (): void => {};
  const port = await serve((sink) => {
    write = () => void writes.push(sink.write('event: one\ndata: 1\n\n'));
    write();
    return { resume: () => {}, stop: () => void (stops += 1) };
  });
  const stream = await EventStream.open(port, '/');
  await stream.until((events) => events.length === 1);
  stream.close();
  await stream.until(() => stops > 0);
  write();
  expect([stops, writes]).toEqual([1, [true, false]]);
});
