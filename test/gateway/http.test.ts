import { connect } from 'node:net';
import { request, type Dispatcher } from 'undici';
import { describe, expect, test } from 'vitest';
import { addressGroup, TrustedProxies } from '../../src/gateway/trusted-proxies.ts';
import { createApp, loadConfig, MemoryStore } from '../../src/app.ts';
import { verifySession } from '../../src/identity/session-cookie.ts';
import { loginCookie, SECRET, startServer, type TestServer } from '../support/server.ts';

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };
type Options = Partial<Dispatcher.RequestOptions>;

async function ask(server: TestServer, path: string, options: Options = {}): Promise<Answer> {
  const { statusCode, headers, body } = await request(`${server.url}${path}`, { method: 'GET', ...options });
  return { status: statusCode, headers, body: await body.text() };
}

const form = (body: string, headers: Record<string, string> = {}): Options => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
});
/** The first line of the answer to a handshake without its key. */
function halfUpgrade(port: number, path: string, cookie: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (data) => {
      resolve(data.toString('latin1').split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Cookie: ${cookie}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

const problem = (code: string, message: string): string => JSON.stringify({ error: { code, message } });
const named = { headers: { cookie: loginCookie('alice') } };

describe('routes', () => {
  test.each(['/x/y', '/favicon.ico', '/parties', '/parties/rooms', '/assets/nothing.js', '/a%2Fb', '/%zz'])(
    '[G14] %s is not there',
    async (path) => {
      const answer = await ask(await startServer(), path, named);
      expect([answer.status, answer.body]).toEqual([404, problem('not_found', 'Not found')]);
    },
  );

  test.each([
    ['POST', '/', 'GET, HEAD'],
    ['DELETE', '/daily', 'GET, HEAD'],
    ['PUT', '/set-username', 'GET, HEAD, POST'],
    ['POST', '/parties/rooms/x', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ] as const)('[G14] %s %s is not allowed', async (method, path, allow) => {
    const answer = await ask(await startServer(), path, { method });
    expect([answer.status, answer.headers['allow'], answer.body]).toEqual([
      405,
      allow,
      problem('method_not_allowed', 'This method is not allowed here'),
    ]);
  });

  test('[G14] HEAD answers as GET without the body, OPTIONS says what is allowed', async () => {
    const server = await startServer();
    const get = await ask(server, '/set-username');
    const length = String(Buffer.byteLength(get.body));
    const head = await ask(server, '/set-username', { method: 'HEAD' });
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', length]);
    const options = await ask(server, '/set-username', { method: 'OPTIONS' });
    expect([options.status, options.headers['allow']]).toEqual([204, 'GET, HEAD, POST']);
  });

  test('[G3] [G14] a room without an upgrade: 401 without a name, 404 with one, 400 half upgraded', async () => {
    const server = await startServer();
    const path = '/parties/rooms/x';
    const nobody = await ask(server, path);
    expect([nobody.status, nobody.body]).toEqual([401, '']);
    const somebody = await ask(server, path, named);
    expect([somebody.status, somebody.body]).toEqual([404, 'Not implemented']);
    // undici sends no upgrade, and uWS takes no half one for a WebSocket.
    const half = await halfUpgrade(server.port, path, loginCookie('alice'));
    expect(half).toMatch(/^HTTP\/1.1 400 /);
  });

  test('[G14] health is told on both ports', async () => {
    const server = await startServer();
    for (const port of [server.port, server.adminPort]) {
      for (const path of ['/livez', '/readyz']) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
      }
    }
    expect((await fetch(`http://127.0.0.1:${server.adminPort}/nothing`)).status).toBe(404);
  });
});

describe('pages', () => {
  test.each(['/', '/daily', '/a%20b'])(
    '[G14] %s asks a stranger for a name and brings it back',
    async (path) => {
      const answer = await ask(await startServer(), path);
      expect([answer.status, answer.headers['location']]).toEqual([
        302,
        `/set-username?return-url=${encodeURIComponent(path)}`,
      ]);
    },
  );

  test.each(['/', '/daily', '/set-username', '/assets/home.js', '/assets/style.css'])(
    '[G14] %s is served, safe to embed nowhere, and not sent twice',
    async (path) => {
      const server = await startServer();
      const answer = await ask(server, path, named);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
      });
      const etag = String(answer.headers['etag']);
      const again = await ask(server, path, { headers: { ...named.headers, 'if-none-match': etag } });
      expect([again.status, again.body]).toEqual([304, '']);
    },
  );
});

describe('the login', () => {
  const sessionOf = (answer: Answer): unknown => {
    const match = /^__session=([^;]+); Path=\/; HttpOnly; SameSite=Lax$/.exec(
      String(answer.headers['set-cookie']),
    );
    return verifySession(decodeURIComponent(match?.[1] ?? ''), [SECRET]);
  };
  const sid = expect.any(String) as string;

  test('[G11] a name gives a signed cookie and the way back', async () => {
    const server = await startServer();
    const answer = await ask(
      server,
      '/set-username?return-url=%2Fdaily',
      form('username=Zo%C3%AB+%F0%9F%8D%8A'),
    );
    expect([answer.status, answer.headers['location']]).toEqual([302, '/daily']);
    expect(sessionOf(answer)).toEqual({ username: 'Zoë 🍊', sid });
  });

  test('[G11] a changed name is still the same login, another login is another', async () => {
    const server = await startServer();
    const first = sessionOf(await ask(server, '/set-username', form('username=alice'))) as { sid: string };
    const cookie = loginCookie('alice', first.sid);
    const renamed = sessionOf(await ask(server, '/set-username', form('username=bob', { cookie })));
    expect(renamed).toEqual({ username: 'bob', sid: first.sid });
    const other = sessionOf(await ask(server, '/set-username', form('username=alice'))) as { sid: string };
    expect(other.sid).not.toBe(first.sid);
  });

  test('[G11] a multipart form will do', async () => {
    const server = await startServer();
    const body = '--XX\r\nContent-Disposition: form-data; name="username"\r\n\r\nalice\r\n--XX--\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=XX' };
    const answer = await ask(server, '/set-username', { method: 'POST', body, headers });
    expect(sessionOf(answer)).toEqual({ username: 'alice', sid });
  });

  test.each([
    ['an empty name', form('username='), 400, 'bad_request'],
    ['no name', form(''), 400, 'bad_request'],
    ['a name too long', form(`username=${'n'.repeat(5_000)}`), 400, 'bad_request'],
    ['a JSON body', form('{}', { 'content-type': 'application/json' }), 415, 'unsupported_media_type'],
    ['no content type', { method: 'POST', body: 'username=a' }, 415, 'unsupported_media_type'],
    ['a huge body', form('x'.repeat(70_000)), 413, 'body_too_large'],
    ['a broken multipart', form('--', { 'content-type': 'multipart/form-data' }), 400, 'bad_request'],
    ['a foreign page', form('username=a', { origin: 'https://evil.example' }), 403, 'forbidden_origin'],
  ] as const)('[G4] [G11] %s is refused', async (_, options, status, code) => {
    const answer = await ask(await startServer(), '/set-username', options);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('[G11] behind a proxy with TLS the cookie is for TLS only', async () => {
    const server = await startServer({ TRUSTED_PROXIES: '127.0.0.1' });
    const answer = await ask(server, '/set-username', form('username=a', { 'x-forwarded-proto': 'https' }));
    expect(String(answer.headers['set-cookie'])).toContain('; Secure');
  });
});

test.each([
  [[], '192.0.2.7', '', '192.0.2.7'],
  [[], '192.0.2.7', '203.0.113.1', '192.0.2.7'],
  [['192.0.2.7'], '192.0.2.7', '203.0.113.1', '203.0.113.1'],
  [['192.0.2.0/24'], '192.0.2.7', '10.9.9.9, 203.0.113.1, 192.0.2.8', '203.0.113.1'],
  [['192.0.2.0/24'], '192.0.2.7', '192.0.2.9', '192.0.2.9'],
  [['192.0.2.0/24'], '192.0.2.7', '', '192.0.2.7'],
  [['192.0.2.7'], '::ffff:192.0.2.7', '203.0.113.1', '203.0.113.1'],
  [['192.0.2.7'], '0000:0000:0000:0000:0000:ffff:c000:0207', '203.0.113.1', '203.0.113.1'],
  [['2001:db8::/32'], '2001:0db8:0000:0000:0000:0000:0000:0001', '203.0.113.1', '203.0.113.1'],
] as const)('[G10] trusting %j, from %s with %j, the client is %s', (trusted, peer, forwarded, client) => {
  const header = (name: string): string => (name === 'x-forwarded-for' ? forwarded : '');
  expect(new TrustedProxies([...trusted]).read(peer, header).address).toBe(client);
});

test('[G13] a port in use is a clear error, and then nothing listens', async () => {
  const server = await startServer();
  const config = loadConfig({
    EMBEDDED_SFU: 'false',
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: String(server.adminPort),
    SESSION_SECRETS: SECRET,
    LOG_LEVEL: 'silent',
  });
  await expect(createApp(config, { store: new MemoryStore() }).listen()).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${server.adminPort}: the address is not this machine's, or the port is in use`,
  );
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002:ffff:0:0:1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::', 'fe80:0:0:0::/64'],
])('[G10] a limit for %s is one for %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
