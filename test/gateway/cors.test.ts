import { describe, expect, test } from 'vitest';
import { ask, problem, type Answer } from '../support/ask.ts';
import { exchange, head, RawHttp } from '../support/raw-http.ts';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';

const FRIEND = 'https://friend.example';
const EVIL = 'https://evil.example';
const cookie = loginCookie('alice');

/** Every header by which a page elsewhere is let in, or that says that it might have been. */
const CORS = [
  'vary',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-expose-headers',
] as const;

/** That an answer is compressed for some says nothing about origins. */
const COMPRESSED = 'accept-encoding';

const corsOf = ({ headers }: Answer): Record<string, unknown> =>
  Object.fromEntries(
    CORS.filter((name) => headers[name] !== undefined && headers[name] !== COMPRESSED).map((name) => [
      name,
      headers[name],
    ]),
  );

const OPEN = {
  vary: 'Origin',
  'access-control-allow-origin': FRIEND,
  'access-control-allow-credentials': 'true',
};

/** The routes that pages elsewhere may use, and their methods. */
const ROUTES = [
  ['POST', '/partytracks/sessions/new'],
  ['POST', '/partytracks/sessions/s/tracks/new'],
  ['PUT', '/partytracks/sessions/s/renegotiate'],
  ['PUT', '/partytracks/sessions/s/tracks/close'],
  ['PUT', '/partytracks/sessions/s/tracks/update'],
  ['GET', '/partytracks/generate-ice-servers'],
  ['POST', '/api/calls/sessions/new'],
  ['GET', '/api/calls/sessions/s'],
  ['GET', '/api/ice-servers'],
] as const;

/** Those that they may not. */
const CLOSED = [
  ['GET', '/'],
  ['GET', '/room'],
  ['GET', '/set-username'],
  ['POST', '/set-username'],
  ['GET', '/assets/home.js'],
  ['GET', '/livez'],
  ['GET', '/parties/rooms/room'],
  ['GET', '/no/such/page'],
  ['GET', '/partytracks/no/such/route'],
] as const;

const start = async (allowed: string = `https://other.example,${FRIEND}`): Promise<TestServer> =>
  startServer({ ...(await ScriptedSfu.start()).environment, ALLOWED_ORIGINS: allowed });

const preflight = (server: TestServer, path: string, method: string, origin: string): Promise<Answer> =>
  ask(server, path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization, content-type',
    },
  });

describe('a page of an allowed origin', () => {
  test.each(ROUTES)('[G15] may ask whether it may %s %s, and may', async (method, path) => {
    const server = await start();
    const answer = await preflight(server, path, method, FRIEND);
    expect([answer.status, answer.body, corsOf(answer)]).toEqual([
      204,
      '',
      {
        ...OPEN,
        'access-control-allow-methods': method,
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '600',
      },
    ]);
  });

  test.each(ROUTES)('[G15] may %s %s and read the answer, refusals too', async (method, path) => {
    const server = await start();
    for (const headers of [{ origin: FRIEND, cookie }, { origin: FRIEND }]) {
      const answer = await ask(server, path, { method, headers });
      expect([answer.status === 403, corsOf(answer)]).toEqual([false, OPEN]);
    }
  });

  test('[G15] may read that it asked for too much', async () => {
    const server = await start();
    const path = '/partytracks/sessions/s/tracks/new';
    const headers = { origin: FRIEND, cookie };
    const body = 'x'.repeat(1024 * 1024 + 1);
    const answer = await ask(server, path, { method: 'POST', headers, body });
    expect([answer.status, corsOf(answer)]).toEqual([413, OPEN]);
    const wrong = await ask(server, path, { method: 'DELETE', headers });
    expect([wrong.status, corsOf(wrong)]).toEqual([405, OPEN]);
  });

  test('[G15] is told its origin as it said it; case makes no difference', async () => {
    const server = await start('https://Friend.Example');
    for (const origin of [FRIEND, 'https://FRIEND.example']) {
      const answer = await ask(server, '/api/ice-servers', { headers: { origin } });
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
    }
  });

  test.each(CLOSED)('[G15] is told nothing of %s %s', async (method, path) => {
    const server = await start();
    const headers = { origin: FRIEND, cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(server, path, { method, headers });
    const asked = await preflight(server, path, method, FRIEND);
    expect([corsOf(answer), corsOf(asked)]).toEqual([{}, {}]);
  });
});

describe('a page of another origin', () => {
  const STRANGERS = [
    EVIL,
    'null',
    `${FRIEND}.evil.example`,
    'https://friend.example:444',
    'http://friend.example',
  ];

  test.each(ROUTES)('[G15] [G4] is told nothing of %s %s and changes nothing', async (method, path) => {
    const server = await start();
    for (const origin of STRANGERS) {
      const answer = await ask(server, path, { method, headers: { origin, cookie } });
      expect(corsOf(answer)).toEqual({ vary: 'Origin' });
      expect(answer.status === 403).toBe(method !== 'GET');
      const asked = await preflight(server, path, method, origin);
      expect([asked.status, corsOf(asked)]).toEqual([204, { vary: 'Origin' }]);
    }
  });

  test('[G15] is not let in by two origins at once, one of them good', async () => {
    const server = await start();
    const lines = (path: string): string =>
      head(`GET ${path} HTTP/1.1`, 'Host: meet.example', `Origin: ${FRIEND}`, `Origin: ${EVIL}`);
    const answer = await exchange(server.port, lines('/api/ice-servers'));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer === 'ended' ? undefined : answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('without ALLOWED_ORIGINS', () => {
  test.each(ROUTES)(
    '[G15] %s %s knows no other origin, and its answers may be kept for all',
    async (method, path) => {
      const server = await startServer((await ScriptedSfu.start()).environment);
      const answer = await ask(server, path, { method, headers: { origin: FRIEND, cookie } });
      const own = await ask(server, path, { method, headers: { origin: server.url, cookie } });
      const asked = await preflight(server, path, method, FRIEND);
      expect([corsOf(answer), corsOf(own), corsOf(asked)]).toEqual([{}, {}, {}]);
      expect([answer.status === 403, own.status === 403]).toEqual([method !== 'GET', false]);
    },
  );
});

describe('what every answer says', () => {
  const CONTENT_SECURITY =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

  test.each([
    ['GET', '/', 302],
    ['GET', '/room', 302],
    ['GET', '/set-username', 200],
    ['POST', '/set-username', 415],
    ['GET', '/assets/style.css', 200],
    ['GET', '/livez', 200],
    ['GET', '/no/such/page', 404],
    ['DELETE', '/livez', 405],
    ['OPTIONS', '/livez', 204],
    ['HEAD', '/set-username', 200],
    ['GET', '/parties/rooms/room', 401],
    ...ROUTES.map(([method, path]) => [method, path, path.includes('ice') ? 200 : 401] as const),
  ] as const)('[G17] %s %s, %d: not to be guessed at', async (method, path, status) => {
    const answer = await ask(await start(), path, { method });
    expect([answer.status, answer.headers['x-content-type-options']]).toEqual([status, 'nosniff']);
  });

  test.each(['/', '/room', '/set-username', '/assets/home.js', '/assets/style.css', '/assets/icon.svg'])(
    '[G17] %s runs its own scripts only, stands in no frame and gives no path away',
    async (path) => {
      const { status, headers } = await ask(await startServer(), path, { headers: { cookie } });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-security-policy': CONTENT_SECURITY,
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      });
    },
  );

  test('[G17] the page for those without an invitation says the same', async () => {
    const tokens = { JOIN_TOKEN_SECRET: 'x'.repeat(32), REQUIRE_JOIN_TOKEN: 'true' };
    const { status, headers } = await ask(await startServer(tokens), '/room');
    expect([status, headers['content-security-policy']]).toEqual([401, CONTENT_SECURITY]);
  });

  test.each(ROUTES)('[G17] the answer to %s %s is kept by nobody', async (method, path) => {
    const answer = await ask(await start(), path, { method, headers: { cookie } });
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});

describe('HEAD and OPTIONS on the way to the SFU', () => {
  test('[G14] HEAD is GET without the body where there is a GET, and nothing elsewhere', async () => {
    const server = await start();
    const get = await ask(server, '/api/ice-servers');
    const raw = new RawHttp(server.port);
    await raw.write(head('HEAD /api/ice-servers HTTP/1.1', 'Host: meet.example'));
    const answer = await raw.answer(true);
    expect(answer).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': [String(get.body.length)] },
    });
    const refused = await ask(server, '/partytracks/sessions/new', { method: 'HEAD' });
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'POST']);
  });

  test.each(ROUTES)('[G14] OPTIONS says that %s is what %s takes', async (method, path) => {
    const answer = await ask(await start(), path, { method: 'OPTIONS' });
    const allow = method === 'GET' ? 'GET, HEAD' : method;
    expect([answer.status, answer.headers['allow']]).toEqual([204, allow]);
  });

  test('[G14] another method is refused in the one form', async () => {
    const answer = await ask(await start(), '/partytracks/sessions/new', { method: 'PATCH' });
    const message = 'This method is not allowed here';
    expect([answer.status, JSON.parse(answer.body)]).toEqual([405, problem('method_not_allowed', message)]);
  });
});
