import { describe, expect, test } from 'vitest';
import { ask, CookieJar, setCookies, type Answer } from '../support/ask.ts';
import { byToken, claimsOf, epochSeconds, invite, signToken, WITH_TOKENS } from '../support/invitations.ts';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { SfuClient } from '../support/sfu-client.ts';
import type { TestClient } from '../support/test-client.ts';

const NAMELESS = { status: 401, body: '' };
const BY_INVITATION = { ...WITH_TOKENS, REQUIRE_JOIN_TOKEN: 'true' };

/** Follows an invitation in a browser. */
async function follow(server: TestServer, jar: CookieJar, token: string, room = 'room'): Promise<Answer> {
  const answer = await ask(server, `/${room}?token=${token}`, { headers: jar.header });
  jar.keep(answer);
  return answer;
}

/** Gives the browser's login another name. */
async function nameZoe(server: TestServer, jar: CookieJar): Promise<void> {
  const headers = { ...jar.header, 'content-type': 'application/x-www-form-urlencoded' };
  jar.keep(await ask(server, '/set-username', { method: 'POST', headers, body: 'username=Zoe' }));
}

const came = async (client: TestClient): Promise<unknown> => {
  const { state } = await client.waitFor(({ type }) => type === 'roomState');
  return (state as { users: unknown[] }).users[0];
};

const problemOf = ({ status, body }: Answer): unknown => [
  status,
  (JSON.parse(body) as { error: { code: string } }).error.code,
];

describe('the link of an invitation', () => {
  test('[I3] gives cookies for the time that is left, and leads to the page without the token', async () => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server, { exp: epochSeconds(server.clock) + 90 });
    const answer = await ask(server, `/room?token=${token}&x=1`);
    expect([answer.status, answer.headers['location'], answer.headers['referrer-policy']]).toEqual([
      302,
      '/room',
      'no-referrer',
    ]);
    const [join, session, ...others] = setCookies(answer);
    expect(join).toBe(`__join=${token}; Max-Age=90; Path=/; HttpOnly; SameSite=Lax`);
    expect(session).toMatch(/^__session=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(others).toEqual([]);
  });

  test('[I3] gives them for TLS only where the client came by TLS', async () => {
    const server = await startServer({ ...WITH_TOKENS, TRUSTED_PROXIES: '127.0.0.1' });
    const path = `/room?token=${await invite(server)}`;
    const secure = await ask(server, path, { headers: { 'x-forwarded-proto': 'https' } });
    const plain = await ask(server, path, { headers: { 'x-forwarded-proto': 'https, http' } });
    const marks = [secure, plain].map((answer) => setCookies(answer).map((line) => /; Secure/.test(line)));
    expect(marks).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  test('[I3] leaves the login of a browser that has one', async () => {
    const server = await startServer(WITH_TOKENS);
    const headers = { cookie: loginCookie('alice') };
    const answer = await ask(server, `/room?token=${await invite(server)}`, { headers });
    expect(setCookies(answer)).toEqual([expect.stringMatching(/^__join=/)]);
  });

  test('[I3] works for a token whose end is no whole second', async () => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server, { exp: epochSeconds(server.clock) + 60.5 });
    expect(await follow(server, new CookieJar(), token)).toMatchObject({ status: 302 });
  });

  test('[I3] stands in no log, neither the link nor the socket’s address', async () => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server);
    const jar = new CookieJar();
    await follow(server, jar, token);
    await server.connect({ id: 'a', headers: jar.header });
    await server.connect(byToken(token, 'b'));
    await follow(server, jar, `${token}x`);
    await server.refused(byToken(`${token}x`, 'c'));
    const [, , signature = 'none'] = token.split('.');
    expect(JSON.stringify(server.logLines)).not.toContain(signature.slice(0, 20));
  });

  test.each(['', 'x', 'a.b.c'])('[I1] [I3] is refused with the token %j', async (token) => {
    const server = await startServer(WITH_TOKENS);
    const answer = await ask(server, `/room?token=${token}`, { headers: { cookie: loginCookie('alice') } });
    expect([problemOf(answer), setCookies(answer)]).toEqual([[403, 'token_invalid'], []]);
  });

  test('[I1] [I3] is refused for another room, an expired token and one that is no grant', async () => {
    const server = await startServer(WITH_TOKENS);
    const tokens = [
      await invite(server, { room: 'other' }),
      await invite(server, { exp: epochSeconds(server.clock) }),
      await invite(server, { roomJoin: false }),
      await signToken(claimsOf(server.clock), { secret: 'x'.repeat(40) }),
    ];
    for (const token of tokens) {
      const answer = await ask(server, `/room?token=${token}`);
      expect([problemOf(answer), setCookies(answer)]).toEqual([[403, 'token_invalid'], []]);
    }
  });
});

describe('who came by an invitation', () => {
  const inRoom = (server: TestServer, jar: CookieJar, id: string, room = 'room') =>
    server.connect({ id, room, headers: jar.header });

  test('[I3] has its name and role in its room alone', async () => {
    const server = await startServer({ ...WITH_TOKENS, ROOM_POLICY: 'moderated' });
    const jar = new CookieJar();
    await follow(server, jar, await invite(server, { name: 'Chair', roomAdmin: true }));
    await nameZoe(server, jar);
    const here = await inRoom(server, jar, 'a');
    const there = await inRoom(server, jar, 'a', 'other');
    expect(await came(here)).toMatchObject({ name: 'Chair' });
    expect(await came(there)).toMatchObject({ name: 'Zoe' });
    for (const client of [here, there]) {
      client.send({ type: 'disableAi' });
      await client.settle();
    }
    const refused = { type: 'error', error: 'You may not do this', code: 'not_allowed' };
    expect([here.frames.slice(1), there.frames.slice(1)]).toEqual([[], [refused]]);
  });

  test('[I3] is an ordinary login again when it has expired', async () => {
    const server = await startServer(WITH_TOKENS);
    const jar = new CookieJar();
    await nameZoe(server, jar);
    await follow(server, jar, await invite(server));
    server.clock.advance(60_000);
    expect(await came(await inRoom(server, jar, 'a'))).toMatchObject({ name: 'Zoe' });
  });

  test('[I3] as a viewer publishes in rooms for which the invitation is not', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer({ ...WITH_TOKENS, ...sfu.environment });
    const jar = new CookieJar();
    await follow(server, jar, await invite(server, { canPublish: false }));
    await inRoom(server, jar, 'a', 'other');
    const client = new SfuClient(server, jar.header);
    expect(await client.push(await client.open(), 'mic')).toMatchObject({ status: 200 });
  });

  test('[I3] [I4] keeps a room when a second invitation comes', async () => {
    const server = await startServer(BY_INVITATION);
    const jar = new CookieJar();
    await follow(server, jar, await invite(server));
    await follow(server, jar, await invite(server, { room: 'other' }), 'other');
    const pages = [await ask(server, '/other', { headers: jar.header })];
    pages.push(await ask(server, '/room', { headers: jar.header }));
    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('with REQUIRE_JOIN_TOKEN', () => {
  const login = { headers: { cookie: loginCookie('alice') } };

  test.each(['/', '/room'])('[I4] a login sees at %s that it needs an invitation', async (path) => {
    const server = await startServer(BY_INVITATION);
    for (const options of [login, {}]) {
      const answer = await ask(server, path, options);
      expect([answer.status, answer.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8']);
      expect(answer.body).toContain('By invitation only');
    }
  });

  test('[I4] a login opens no room and no SFU session, and gets no TURN credentials', async () => {
    const sfu = await ScriptedSfu.start();
    const turn = { TURN_SERVICE_ID: 'key', TURN_SERVICE_TOKEN: 'token' };
    const server = await startServer({ ...BY_INVITATION, ...sfu.environment, ...turn });
    const client = new SfuClient(server, login.headers);
    expect(await server.refused({ ...login, id: 'a' })).toEqual(NAMELESS);
    expect(await client.send('POST', '/partytracks/sessions/new')).toEqual({
      status: 401,
      body: 'unauthorized',
    });
    expect(await client.send('GET', '/partytracks/generate-ice-servers')).toEqual({
      status: 200,
      body: { iceServers: [{ urls: ['stun:stun.cloudflare.com:3478'] }] },
    });
    expect(sfu.requests).toEqual([]);
  });

  test('[I4] [I3] who followed a link comes in, to its room alone, until the invitation ends', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer({ ...BY_INVITATION, ...sfu.environment });
    const jar = new CookieJar();
    await follow(server, jar, await invite(server));
    expect((await ask(server, '/room', { headers: jar.header })).status).toBe(200);
    expect((await ask(server, '/other', { headers: jar.header })).status).toBe(401);
    expect(await server.refused({ id: 'a', room: 'other', headers: jar.header })).toEqual(NAMELESS);
    const client = new SfuClient(server, jar.header);
    expect(await client.send('POST', '/partytracks/sessions/new')).toMatchObject({ status: 201 });
    await server.connect({ id: 'a', headers: jar.header });
    server.clock.advance(60_000);
    expect((await ask(server, '/room', { headers: jar.header })).status).toBe(401);
    expect(await server.refused({ id: 'b', headers: jar.header })).toEqual(NAMELESS);
    expect(await client.send('POST', '/partytracks/sessions/new')).toMatchObject({ status: 401 });
  });

  test('[I4] the cookie of an invitation is nothing without a login, a login nothing without it', async () => {
    const server = await startServer(BY_INVITATION);
    const token = await invite(server);
    expect(await server.refused({ id: 'a', headers: { cookie: `__join=${token}` } })).toEqual(NAMELESS);
    const both = `__join=${token}; ${loginCookie('alice')}`;
    expect(await came(await server.connect({ id: 'a', headers: { cookie: both } }))).toMatchObject({
      name: 'Ann',
    });
    await server.connect(byToken(token, 'b'));
  });
});
