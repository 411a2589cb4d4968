import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpCalls, type CallsTimeouts } from '../../src/calls/calls.http.ts';
import type { CallsRequest } from '../../src/calls/calls.ts';
import { AppError } from '../../src/errors.ts';
import { answer, APP_ID, APP_SECRET, ScriptedSfu, type SfuHandler } from '../support/scripted-sfu.ts';
import { NO_ANSWERS, reset, SLOW_ANSWERS } from '../contract/faults.ts';

const NEVER_MS = 60_000;
const PATIENT: CallsTimeouts = {
  connectMs: NEVER_MS,
  headersMs: NEVER_MS,
  bodyMs: NEVER_MS,
  totalMs: NEVER_MS,
};

async function start(
  timeouts: Partial<CallsTimeouts> = {},
  path = '/v1',
): Promise<{ calls: HttpCalls; sfu: ScriptedSfu }> {
  const sfu = await ScriptedSfu.start();
  const apiUrl = `${sfu.url}${path}`;
  const calls = new HttpCalls({
    apiUrl,
    appId: APP_ID,
    appSecret: APP_SECRET,
    timeouts: { ...PATIENT, ...timeouts },
  });
  onTestFinished(() => calls.close());
  return { calls, sfu };
}

const request = (operation: CallsRequest['operation'], rest: Partial<CallsRequest> = {}): CallsRequest => ({
  operation,
  sessionId: 's',
  query: new URLSearchParams(),
  ...rest,
});
const UPDATE = request('tracks/update', { body: { tracks: [] } });

describe('a request', () => {
  test.each([
    [request('sessions/new', { sessionId: '' }), 'POST', '/v1/apps/lab-app-id/sessions/new', ''],
    [request('session'), 'GET', '/v1/apps/lab-app-id/sessions/s', ''],
    [
      request('tracks/new', { body: { a: 1 } }),
      'POST',
      '/v1/apps/lab-app-id/sessions/s/tracks/new',
      '{"a":1}',
    ],
    [request('renegotiate', { body: {} }), 'PUT', '/v1/apps/lab-app-id/sessions/s/renegotiate', '{}'],
    [request('tracks/close', { body: {} }), 'PUT', '/v1/apps/lab-app-id/sessions/s/tracks/close', '{}'],
    [request('tracks/update', { body: {} }), 'PUT', '/v1/apps/lab-app-id/sessions/s/tracks/update', '{}'],
  ] as const)('[C1] [C4] is the one of the API: %j', async (asked, method, path, body) => {
    const { calls, sfu } = await start();
    await calls.send(asked);
    const { host } = new URL(sfu.url);
    const type = body === '' ? {} : { 'content-type': 'application/json' };
    const length = method === 'GET' ? {} : { 'content-length': String(body.length) };
    expect(sfu.requests).toEqual([
      {
        method,
        path,
        query: '',
        headers: {
          host,
          connection: 'keep-alive',
          authorization: `Bearer ${APP_SECRET}`,
          accept: 'application/json',
          ...type,
          ...length,
        },
        body,
      },
    ]);
  });

  test.each(['../../other', 'a/b', 'a?b', 'a#b', 'a%2fb', 'ü'])(
    '[C1] cannot leave its place by its session: %s',
    async (sessionId) => {
      const { calls, sfu } = await start();
      await calls.send(request('session', { sessionId }));
      expect(sfu.requests.map(({ path, query }) => [path, query])).toEqual([
        [`/v1/apps/lab-app-id/sessions/${encodeURIComponent(sessionId)}`, ''],
      ]);
    },
  );

  test('[C4] has its parameters encoded', async () => {
    const { calls, sfu } = await start();
    const query = new URLSearchParams([
      ['a', '1&b=2'],
      ['a', 'ü #'],
    ]);
    await calls.send(request('session', { query }));
    expect(sfu.requests.map((got) => got.query)).toEqual(['?a=1%26b%3D2&a=%C3%BC+%23']);
  });

  test.each(['/v1', '/v1/', '/deep/v1', ''])('[C1] stands behind the path of the API: %j', async (path) => {
    const { calls, sfu } = await start({}, path);
    await calls.send(request('session'));
    expect(sfu.requests.map((got) => got.path)).toEqual([
      `${path.replace(/\/$/, '')}/apps/lab-app-id/sessions/s`,
    ]);
  });
});

describe('an answer', () => {
  test.each([200, 201, 400, 404, 410, 425, 429, 500, 503])(
    '[C12] is whatever JSON object came, with its status: %i',
    async (status) => {
      const { calls, sfu } = await start();
      const body = { sdp: 'v=0\r\n ü 🍊\r\n', deep: [{ errorCode: 'x' }] };
      sfu.next('tracks/update', answer(status, body));
      expect(await calls.send(UPDATE)).toEqual({ status, body });
    },
  );

  const expectNone = async (handler: SfuHandler, timeouts: Partial<CallsTimeouts> = {}): Promise<void> => {
    const { calls, sfu } = await start(timeouts);
    sfu.next('tracks/update', handler);
    const error: unknown = await calls.send(UPDATE).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'sfu_unavailable', retryable: true });
    // Not even for the log: whoever prints a cause prints all of it.
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(APP_SECRET);
    expect(sfu.requests, 'not sent again behind our back').toHaveLength(1);
    sfu.next('tracks/update', answer(200, { next: true }));
    expect((await calls.send(UPDATE)).body, 'the next one works').toEqual({ next: true });
  };

  test.each(Object.entries(NO_ANSWERS))('[C12] is none: %s', async (_, handler) => {
    await expectNone(handler);
  });

  test('[C12] of a megabyte is one', async () => {
    const { calls, sfu } = await start();
    const empty = JSON.stringify({ padding: '' }).length;
    const body = { padding: 'x'.repeat(1024 * 1024 - empty) };
    sfu.next('tracks/update', answer(200, body));
    expect(await calls.send(UPDATE)).toEqual({ status: 200, body });
    sfu.next('tracks/update', answer(200, { padding: `${body.padding}x` }));
    await expect(calls.send(UPDATE)).rejects.toMatchObject({ code: 'sfu_unavailable' });
  });

  // One after the other with the others out of reach: each of them alone must end the wait.
  test.each([
    ['headers', 'silence', { headersMs: 40 }],
    ['a body', 'a body that stops', { bodyMs: 40 }],
    ['the whole', 'silence', { totalMs: 40 }],
    ['the whole of a body', 'a body that trickles', { totalMs: 40 }],
  ] as const)('[C12] is waited for only so long: %s, %s', async (_, name, timeouts) => {
    const { calls, sfu } = await start(timeouts);
    const handler = SLOW_ANSWERS[name] ?? reset;
    sfu.next('tracks/update', handler);
    await expect(calls.send(UPDATE)).rejects.toMatchObject({ code: 'sfu_unavailable' });
  });

  test('[C12] does not come once all is closed', async () => {
    const { calls, sfu } = await start();
    sfu.next('tracks/update', () => {});
    const waiting = calls.send(UPDATE).catch((error: unknown) => error);
    await sfu.asked('tracks/update', 1);
    await calls.close();
    expect(await waiting).toMatchObject({ code: 'sfu_unavailable' });
    await expect(calls.send(UPDATE)).rejects.toMatchObject({ code: 'sfu_unavailable' });
  });
});
