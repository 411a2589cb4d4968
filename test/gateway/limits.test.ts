import { describe, expect, test } from 'vitest';
import { MAX_HEADER_BYTES } from '../../src/gateway/header-limit.ts';
import { RequestLimits } from '../../src/request-limits.ts';
import { ask } from '../support/ask.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { exchange, head, RawHttp, rawRequest, type RawAnswer } from '../support/raw-http.ts';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const COOKIE = `Cookie: ${loginCookie('alice')}`;
const FORM = 'Content-Type: application/x-www-form-urlencoded';

const post = (path: string, ...lines: readonly string[]): string =>
  head(`POST ${path} HTTP/1.1`, 'Host: meet.example', COOKIE, ...lines);

const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

const codeOf = (answer: RawAnswer | 'ended'): unknown =>
  answer === 'ended' ? answer : [answer.status, /[a-z]+_[a-z_]+/.exec(answer.body)?.[0]];

/** Routes, each with the body that it takes at most, and what it says to one byte more. */
const LIMITS = [
  ['/set-username', 65_536, [413, 'body_too_large']],
  ['/partytracks/sessions/new', 1_048_576, [413, 'body_too_large']],
  ['/partytracks/sessions/s/tracks/new', 1_048_576, [413, 'body_too_large']],
  ['/api/calls/sessions/s/tracks/new', 1_048_576, [413, 'body_too_large']],
] as const;

async function startWithSfu(): Promise<TestServer> {
  return startServer((await ScriptedSfu.start()).environment);
}

describe('the size of a body', () => {
  test.each(LIMITS)('[G16] %s: %d bytes are read', async (path, limit) => {
    const server = await startWithSfu();
    for (const bytes of [
      `${post(path, FORM, `Content-Length: ${limit}`)}${'x'.repeat(limit)}`,
      `${post(path, FORM, 'Transfer-Encoding: chunked')}${chunk(limit)}0\r\n\r\n`,
    ]) {
      const raw = new RawHttp(server.port);
      await raw.write(bytes);
      expect(await raw.answer()).toMatchObject({ status: expect.toSatisfy((n) => n !== 413) });
      await raw.write(head('GET /livez HTTP/1.1', 'Host: meet.example'));
      expect(await raw.answer()).toMatchObject({ status: 200 });
    }
  });

  test.each(LIMITS)('[G16] %s: more than %d ends the connection with %j', async (path, limit, refusal) => {
    const server = await startWithSfu();
    const half = limit / 2;
    for (const bytes of [
      `${post(path, FORM, `Content-Length: ${limit + 1}`)}${'x'.repeat(limit + 1)}`,
      `${post(path, FORM, 'Transfer-Encoding: chunked')}${chunk(half)}${chunk(half)}${chunk(1)}`,
    ]) {
      const raw = new RawHttp(server.port);
      await raw.write(bytes);
      expect(codeOf(await raw.answer())).toEqual(refusal);
      expect(await raw.ended).toBe('ended');
    }
    expect(server.clock.timerCount).toBe((await startWithSfu()).clock.timerCount);
  });

  test('[G16] a route that is not there reads no endless body into memory', async () => {
    const server = await startServer();
    const raw = new RawHttp(server.port);
    await raw.write(post('/no/such/route', 'Transfer-Encoding: chunked') + chunk(1_000));
    expect(await raw.answer()).toMatchObject({ status: 404 });
  });

  test('[G16] a body that is announced for a GET is nobody’s request', async () => {
    const server = await startServer();
    const hidden = head('POST /set-username HTTP/1.1', 'Host: meet.example', FORM, 'Content-Length: 0');
    const raw = new RawHttp(server.port);
    const lines = head('GET /livez HTTP/1.1', 'Host: meet.example', `Content-Length: ${hidden.length}`);
    await raw.write(lines + hidden + head('GET /readyz HTTP/1.1', 'Host: meet.example'));
    expect([await raw.answer(), await raw.answer()]).toMatchObject([
      { status: 200, body: '{"status":"ok"}' },
      { status: 200, body: '{"status":"ok"}' },
    ]);
  });
});

describe('the time of a body', () => {
  test.each([
    ['stated', 'Content-Length: 1000', 'x'],
    ['in chunks', 'Transfer-Encoding: chunked', chunk(1)],
  ])('[G16] one that trickles, %s, is given up after 30 s', async (_, line, trickle) => {
    const server = await startWithSfu();
    const idle = server.clock.timerCount;
    for (const path of ['/set-username', '/partytracks/sessions/new', '/partytracks/sessions/s/tracks/new']) {
      const raw = new RawHttp(server.port);
      await raw.write(post(path, FORM, line) + trickle);
      await until(() => server.clock.timerCount > idle);
      server.clock.advance(29_999);
      await raw.write(trickle);
      expect(server.clock.timerCount).toBe(idle + 1);
      server.clock.advance(1);
      expect(codeOf(await raw.answer())).toEqual([408, 'request_timeout']);
      expect([await raw.ended, server.clock.timerCount]).toEqual(['ended', idle]);
    }
  });

  test('[G16] one whose sender is gone is forgotten', async () => {
    const server = await startServer();
    const idle = server.clock.timerCount;
    const raw = new RawHttp(server.port);
    await raw.write(post('/set-username', FORM, 'Content-Length: 1000') + 'x');
    await until(() => server.clock.timerCount > idle);
    raw.drop();
    // The end arrives before what comes after it.
    expect([await raw.ended, (await ask(server, '/livez')).status]).toEqual(['ended', 200]);
    expect(server.clock.timerCount).toBe(idle);
    expect(server.logLines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});

describe('the size of headers', () => {
  const withHeaders = (...lines: readonly string[]): string =>
    head('GET /livez HTTP/1.1', 'Host: meet.example', ...lines);

  test('[G16] 10 kB, as with Access, are read', async () => {
    const server = await startServer();
    const big = `X-Big: ${'x'.repeat(10_000)}`;
    expect(await exchange(server.port, withHeaders(big))).toMatchObject({ status: 200 });
    const cookies = `${'a=1; '.repeat(2_000)}${loginCookie('alice')}`;
    expect(await ask(server, '/', { headers: { cookie: cookies } })).toMatchObject({ status: 200 });
  });

  test.each([
    ['one header', [`X-Big: ${'x'.repeat(MAX_HEADER_BYTES)}`]],
    ['many headers', Array.from({ length: 90 }, (_, n) => `X-${n}: ${'x'.repeat(200)}`)],
    ['more headers than anybody sends', Array.from({ length: 500 }, (_, n) => `X-${n}: x`)],
    ['a path', []],
  ])('[G16] more than 16 kB in %s are 431 and the end of the connection', async (what, lines) => {
    const server = await startServer();
    const raw = new RawHttp(server.port);
    const path = what === 'a path' ? rawRequest('GET', `/${'x'.repeat(MAX_HEADER_BYTES)}`) : undefined;
    await raw.write(path ?? withHeaders(...lines));
    expect(await raw.answer()).toMatchObject({ status: 431 });
    expect(await raw.ended).toBe('ended');
  });

  test('[G16] headers that never end are given up at the same size', async () => {
    const server = await startServer();
    const raw = new RawHttp(server.port);
    await raw.write('GET /livez HTTP/1.1\r\nHost: meet.example\r\n');
    for (let n = 0; n < 20; n += 1) await raw.write(`X-${n}: ${'x'.repeat(1_000)}\r\n`);
    expect(await raw.answer()).toMatchObject({ status: 431 });
  });
});

describe('token buckets', () => {
  const limit = { burst: 3, refillMs: 1_000 };
  const takes = (limits: RequestLimits, key: string): number => {
    let taken = 0;
    while (taken < 100 && limits.take(key)) taken += 1;
    return taken;
  };

  test('[C14] [C15] allow a burst, then one for each interval, up to the burst', () => {
    const clock = new FakeClock();
    const limits = new RequestLimits(limit, clock);
    expect(takes(limits, 'a')).toBe(3);
    clock.advance(999);
    expect(takes(limits, 'a')).toBe(0);
    clock.advance(1);
    expect(takes(limits, 'a')).toBe(1);
    clock.advance(1_000_000);
    expect(takes(limits, 'a')).toBe(3);
  });

  test('[C14] are one for each key', () => {
    const limits = new RequestLimits(limit, new FakeClock());
    expect([takes(limits, 'a'), takes(limits, 'b'), takes(limits, '__proto__')]).toEqual([3, 3, 3]);
  });

  test('[C14] punish nobody for a clock that was set back', () => {
    let now = 10_000_000;
    const limits = new RequestLimits(limit, { now: () => now });
    takes(limits, 'a');
    now -= 3_600_000;
    expect(takes(limits, 'a')).toBe(0);
    now += 1_000;
    expect(takes(limits, 'a')).toBe(1);
  });

  test('[C14] forget whoever was silent longest, past a hundred thousand', () => {
    const limits = new RequestLimits(limit, new FakeClock());
    takes(limits, 'first');
    takes(limits, 'second');
    for (let n = 0; n < 99_999; n += 1) limits.take(`key-${n}`);
    expect([takes(limits, 'second'), takes(limits, 'first')]).toEqual([0, 3]);
  });
});
