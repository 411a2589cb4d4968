import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signSession } from '../../src/identity/session-cookie.ts';
import { ask, setCookies, type Answer } from '../support/ask.ts';
import { byToken, invite, WITH_TOKENS } from '../support/invitations.ts';
import { exchange, rawRequest } from '../support/raw-http.ts';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, SECRET, startServer, type TestServer } from '../support/server.ts';

const NEW_SECRET = 'another secret for tests that is long enough for the rule';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const NOBODY = { status: 401, body: '' };

const rename = (server: TestServer, query: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(server, `/set-username${query}`, {
    method: 'POST',
    headers: { ...FORM, ...headers },
    body: 'username=mallory',
  });

describe('a login after the secrets were changed', () => {
  test('[I7] is worth nothing when its secret is not listed any more', async () => {
    const before = await startServer();
    const { headers } = await rename(before, '');
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    await before.connect({ id: 'a', headers: { cookie } });
    const after = await startServer({ SESSION_SECRETS: NEW_SECRET });
    expect(await after.refused({ id: 'a', headers: { cookie } })).toEqual(NOBODY);
    expect((await ask(after, '/room', { headers: { cookie } })).status).toBe(302);
  });

  test('[I7] counts while its secret is listed second, and is signed anew with the first', async () => {
    const after = await startServer({ SESSION_SECRETS: `${NEW_SECRET},${SECRET}` });
    const cookie = loginCookie('alice', 's1');
    await after.connect({ id: 'a', headers: { cookie } });
    const renamed = await rename(after, '', { cookie });
    const [line = ''] = setCookies(renamed);
    expect(decodeURIComponent(line.split(';')[0] ?? '')).toBe(
      `__session=${signSession({ username: 'mallory', sid: 's1' }, NEW_SECRET)}`,
    );
  });

  test('[I7] an invitation is worth nothing where its secret is another', async () => {
    const after = await startServer({ JOIN_TOKEN_SECRET: NEW_SECRET });
    const token = await invite(after);
    expect(await after.refused(byToken(token, 'a'))).toMatchObject({ status: 403 });
    const cookie = `${loginCookie('alice')}; __join=${token}`;
    const client = await after.connect({ id: 'a', headers: { cookie } });
    const { state } = await client.waitFor(({ type }) => type === 'roomState');
    expect(state).toMatchObject({ users: [{ name: 'alice' }] });
  });
});

describe('a cookie by hand', () => {
  const payload = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const mac = (text: string, secret: string): string =>
    createHmac('sha256', secret).update(text).digest('base64').replace(/=+$/, '');
  const eve = payload({ username: 'eve', sid: 'vic' });
  const genuine = signSession({ username: 'mallory', sid: 'm' }, SECRET);

  test.each([
    ['signed with the original’s public secret', `${eve}.${mac(eve, 'oooOOooOOoOOoOOOOoo')}`],
    ['signed with nothing', `${eve}.${mac(eve, '')}`],
    ['unsigned', eve],
    ['with an empty signature', `${eve}.`],
    ['with the signature of another', `${eve}.${genuine.split('.')[1]}`],
    ['with something before', `${eve}.${genuine}`],
    ['as a token', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${eve}.`],
    ['as an invitation', `${eve}.${mac(eve, WITH_TOKENS.JOIN_TOKEN_SECRET)}`],
  ])('[G3] [I7] %s is nobody', async (_, value) => {
    const server = await startServer(WITH_TOKENS);
    for (const cookie of [`__session=${encodeURIComponent(value)}`, `__session=${value}`]) {
      expect(await server.refused({ id: 'a', headers: { cookie } })).toEqual(NOBODY);
    }
  });

  test('[I1] a login’s cookie is no token, and a token no login', async () => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server);
    expect(await server.refused(byToken(genuine, 'a'))).toMatchObject({ status: 403 });
    expect(await server.refused({ id: 'a', headers: { cookie: `__session=${token}` } })).toEqual(NOBODY);
  });
});

/** What a browser makes of the way back, seen from the page of the login. */
const leadsTo = (location: unknown): string => new URL(String(location), 'https://meet.example/x').href;

describe('the way back from the login', () => {
  test.each([
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\\\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['\n//evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/..//evil.example', '/'],
    ['/x/../..//evil.example', '/'],
    ['https:evil.example', '/'],
    ['https://evil.example', '/'],
    ['https:\\\\evil.example', '/'],
    ['http://meet.example@evil.example/', '/'],
    ['http://meet.example.evil.example/', '/'],
    ['http://meet.example:81/', '/'],
    ['http://evil.example#@meet.example/', '/'],
    ['http://evil.example\\@meet.example/', '/'],
    ['javascript:alert(1)', '/'],
    ['JaVaScRiPt:alert(1)', '/'],
    ['java\nscript:alert(1)', '/'],
    ['data:text/html,x', '/'],
    ['vbscript:x', '/'],
    ['blob:http://meet.example/x', '/'],
    ['file:///etc/passwd', '/'],
    ['http:evil.example', '/evil.example'],
    ['evil.example', '/evil.example'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/%5Cevil.example', '/%5Cevil.example'],
    ['/x\r\nSet-Cookie: a=b', '/xSet-Cookie:%20a=b'],
    ['/x\r\n\r\n<script>', '/x%3Cscript%3E'],
    ['/room?a=//evil.example#//evil.example', '/room?a=//evil.example#//evil.example'],
  ])('[G11] from %j is %j', async (value, path) => {
    const server = await startServer();
    const query = `?return-url=${encodeURIComponent(value)}`;
    const answer = await rename(server, query, { host: 'meet.example' });
    expect(answer.headers['location']).toBe(path);
    expect(leadsTo(answer.headers['location'])).toMatch(/^https:\/\/meet\.example\//);
    expect(setCookies(answer)).toEqual([expect.stringMatching(/^__session=/)]);
  });

  test.each(['evil.example/x', 'a b', '', 'meet.example, evil.example', '[::1'])(
    '[G11] is this site’s first page where the host is %j',
    async (host) => {
      const server = await startServer();
      const headers = { 'X-Forwarded-Host': 'evil.example', ...FORM };
      const target = '/set-username?return-url=https%3A%2F%2Fevil.example%2F';
      const bytes = rawRequest('POST', target, headers, 'username=m').replace('meet.example', host);
      const answer = await exchange(server.port, bytes);
      const location = answer === 'ended' ? [] : (answer.headers['location'] ?? []);
      expect([[], ['/']]).toContainEqual(location);
    },
  );

  test.each([
    '/%5Cevil.example',
    '/\\evil.example',
    '/%09evil.example',
    '//evil.example',
    '/.%2Fevil.example',
  ])('[I3] from an invitation to %j does not leave this site', async (path) => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server, { room: '*' });
    const answer = await exchange(server.port, rawRequest('GET', `${path}?token=${token}`));
    const [location = '/'] = answer === 'ended' ? [] : (answer.headers['location'] ?? []);
    expect(leadsTo(location)).toMatch(/^https:\/\/meet\.example\//);
  });
});

describe('a page elsewhere', () => {
  const ROUTES = [
    ['POST', '/set-username'],
    ['POST', '/partytracks/sessions/new'],
    ['POST', '/partytracks/sessions/session-1/tracks/new'],
    ['PUT', '/partytracks/sessions/session-1/renegotiate'],
    ['PUT', '/partytracks/sessions/session-1/tracks/close'],
    ['PUT', '/partytracks/sessions/session-1/tracks/update'],
    ['POST', '/api/calls/sessions/new'],
    ['PUT', '/api/calls/sessions/session-1/tracks/close'],
  ] as const;
  const ORIGINS = [
    'https://evil.example',
    'null',
    'http://127.0.0.1',
    'http://meet.example.evil.example',
    'file://',
  ];

  test.each(ROUTES)('[G4] cannot %s %s in the name of a login', async (method, path) => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer({ ...sfu.environment, ALLOWED_ORIGINS: 'https://friend.example' });
    const cookie = loginCookie('vic');
    for (const origin of ORIGINS) {
      const headers = { ...FORM, cookie, origin };
      const answer = await ask(server, path, { method, headers, body: 'username=mallory' });
      expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('forbidden_origin')]);
      expect(setCookies(answer)).toEqual([]);
    }
    expect(sfu.requests).toEqual([]);
  });

  test.each(ORIGINS)('[G4] at %s cannot open a socket, with a cookie or a token', async (origin) => {
    const server = await startServer(WITH_TOKENS);
    const refused = { status: 403, body: expect.stringContaining('forbidden_origin') };
    const headers = { cookie: loginCookie('vic'), origin };
    expect(await server.refused({ id: 'a', headers })).toEqual(refused);
    const token = await invite(server);
    expect(await server.refused({ ...byToken(token, 'a'), headers: { origin } })).toEqual(refused);
  });
});
