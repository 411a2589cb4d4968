import { describe, expect, test } from 'vitest';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { ask, call, openSession, seen, SESSION, startWithSession, type Seen } from './proxy-client.ts';

const NOT_FOUND: Seen = {
  status: 404,
  type: 'application/json',
  body: { error: { code: 'not_found', message: 'Not found' } },
};
const NOT_ALLOWED: Seen = {
  status: 405,
  type: 'application/json',
  body: { error: { code: 'method_not_allowed', message: 'This method is not allowed here' } },
};

/** Behind each of the two prefixes. */
const PATHS = {
  '/sessions/new': 'POST',
  [`/sessions/${SESSION}/tracks/new`]: 'POST',
  [`/sessions/${SESSION}/renegotiate`]: 'PUT',
  [`/sessions/${SESSION}/tracks/close`]: 'PUT',
  [`/sessions/${SESSION}/tracks/update`]: 'PUT',
} as const;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const cells = ['/partytracks', '/api/calls'].flatMap((prefix) =>
  Object.entries(PATHS).flatMap(([path, allowed]) =>
    METHODS.filter((method) => method !== allowed).map((method) => [method, prefix + path] as const),
  ),
);

describe('paths and methods', () => {
  test.each(cells)('[C1] %s %s is not allowed, and goes nowhere', async (method, path) => {
    const { server, sfu } = await startWithSession();
    expect(seen(await ask(server, path, { method }))).toEqual(NOT_ALLOWED);
    expect(sfu.requests).toEqual([]);
  });

  test.each([
    '/partytracks/',
    '/partytracks/sessions',
    '/partytracks/sessions/',
    '/partytracks/sessions/new/',
    '/partytracks/sessions//tracks/new',
    '/partytracks//sessions/new',
    '/partytracksXYZ/sessions/new',
    '/Partytracks/sessions/new',
    '/partytracks/sessions/%6eew',
    '/partytracks/apps/other',
    '/partytracks/ice-servers',
    `/partytracks/sessions/${SESSION}`,
    `/partytracks/sessions/${SESSION}/`,
    `/partytracks/sessions/${SESSION}/tracks`,
    `/partytracks/sessions/${SESSION}/tracks/new/`,
    `/partytracks/sessions/${SESSION}/tracks/new/x`,
    `/partytracks/sessions/${SESSION}/tracks%2Fnew`,
    `/partytracks/sessions/${SESSION}/datachannels/new`,
    `/partytracks/sessions/${SESSION}/..%2f..%2fother`,
    `/partytracks/sessions/${SESSION}%2Ftracks%2Fnew`,
    '/partytracks/sessions/a.b/tracks/new',
    '/partytracks/sessions/../tracks/new',
    `/partytracks/sessions/${'x'.repeat(129)}/tracks/new`,
    '/partytracks/adapters/websocket/new',
    `/api/calls/sessions/${SESSION}/`,
    '/api/calls',
    '/api/calls/generate-ice-servers',
    '/api/sessions/new',
    '/api/ice-servers/sessions/new',
  ])('[C1] %s is not there, by any method', async (path) => {
    const { server, sfu } = await startWithSession();
    for (const method of METHODS) {
      expect([method, seen(await ask(server, path, { method }))]).toEqual([method, NOT_FOUND]);
    }
    expect(sfu.requests).toEqual([]);
  });

  test('[C1] the older prefix leads to the same, by paths made anew', async () => {
    const { server, sfu } = await startWithSession();
    for (const prefix of ['/partytracks', '/api/calls']) {
      for (const [path, method] of Object.entries(PATHS)) await ask(server, prefix + path, { method });
    }
    await ask(server, '/api/calls/sessions/new', { method: 'POST' });
    expect(sfu.requests.map(({ path }) => path)).toEqual(
      Array.from({ length: 3 }, () => '/v1/apps/lab-app-id/sessions/new'),
    );
  });
});

describe('whose a session is', () => {
  const operations = ['push', 'pull', 'renegotiate', 'close', 'update', 'state'] as const;

  test.each(operations)('[C3] to others it is as one that does not exist: %s', async (operation) => {
    const { server, sfu } = await startWithSession();
    const nobodys = await call(server, operation, 'session-of-nobody', { as: 'mallory' });
    const others = await call(server, operation, SESSION, { as: 'mallory' });
    expect(others.status).toBe(401);
    expect(JSON.stringify(seen(others)).replaceAll(SESSION, 'session-of-nobody')).toEqual(
      JSON.stringify(seen(nobodys)),
    );
    expect(sfu.requests).toEqual([]);
  });

  test('[C2] it is of the login that opened it, whatever name that has by now', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer(sfu.environment);
    const mine = await openSession(server);
    const theirs = await openSession(server, 'mallory');
    expect((await call(server, 'push', mine)).status).toBe(200);
    expect((await call(server, 'push', theirs)).status).toBe(401);
    expect((await call(server, 'push', mine, { as: 'mallory' })).status).toBe(401);
  });
});

describe('how often', () => {
  const times = async (server: TestServer, count: number, as = 'alice'): Promise<number[]> => {
    const statuses: number[] = [];
    for (let n = 0; n < count; n += 1) statuses.push((await call(server, 'openSession', '', { as })).status);
    return statuses;
  };
  const same = (status: number, count: number): number[] => Array.from({ length: count }, () => status);
  const TOO_MANY = { status: 429, type: 'text/plain', body: 'too_many_requests' };

  test('[C14] [C7] a login opens twenty sessions, and then one in three seconds', async () => {
    const { server, sfu } = await startWithSession();
    expect(await times(server, 20)).toEqual(same(201, 20));
    expect(seen(await call(server, 'openSession', ''))).toEqual(TOO_MANY);
    expect(await times(server, 1, 'bob')).toEqual([201]);
    server.clock.advance(2_999);
    expect(await times(server, 1)).toEqual([429]);
    server.clock.advance(1);
    expect(await times(server, 2)).toEqual([201, 429]);
    expect(sfu.of('sessions/new')).toHaveLength(22);
  });

  test('[C14] [C7] an address opens two hundred, whoever asks there', async () => {
    const { server } = await startWithSession();
    for (let login = 0; login < 10; login += 1) {
      expect(await times(server, 20, `login-${login}`)).toEqual(same(201, 20));
    }
    expect(seen(await call(server, 'openSession', '', { as: 'late' }))).toEqual(TOO_MANY);
    server.clock.advance(300);
    expect(await times(server, 1, 'late')).toEqual([201]);
  });

  test('[C14] [C8] [C9] [C10] a login calls three hundred times, and is then told in a form that it survives', async () => {
    const { server, sfu } = await startWithSession();
    for (let n = 0; n < 300; n += 1) await call(server, 'state', SESSION);
    const error = { code: 'too_many_requests', message: 'Too many requests' };
    const failed = (trackName: string): object => ({
      sessionId: SESSION,
      trackName,
      errorCode: 'too_many_requests',
      errorDescription: 'The track cannot be had at the moment',
    });
    const type = 'application/json';
    for (const operation of ['push', 'renegotiate', 'close', 'update', 'state'] as const) {
      const told = seen(await call(server, operation, SESSION));
      expect([operation, told]).toEqual([operation, { status: 429, type, body: { error } }]);
    }
    expect(seen(await call(server, 'pull', SESSION))).toEqual({
      status: 429,
      type,
      body: { requiresImmediateRenegotiation: false, tracks: [failed('mic'), failed('cam')] },
    });
    expect(sfu.requests).toHaveLength(300);
    server.clock.advance(50);
    expect((await call(server, 'pull', SESSION)).status).toBe(200);
  });
});
