import { describe, expect, test } from 'vitest';
import { endOfTurn } from '../support/fake-clock.ts';
import { loginCookie, startServer } from '../support/server.ts';

const refusal = (status: number, code: string, message: string) => ({
  status,
  body: JSON.stringify({ error: { code, message } }),
  ...((status === 429 || status === 503) && { retryAfter: '5' }),
});

describe('the way to a room', () => {
  test('[G1] names that decode to the same are the same room, further segments are ignored', async () => {
    const server = await startServer();
    const paths = [
      '/parties/rooms/a%20b?_pk=1',
      '/parties/rooms/%61%20b?_pk=2',
      '/parties/rooms/a%20b/more/x?_pk=3',
    ];
    const clients = await Promise.all(paths.map((path) => server.connect({ path })));
    await server.connect({ room: 'a+b', id: '4' });
    for (const client of clients) await client.settle();
    expect(server.app.stats()).toEqual({ rooms: 2, connections: 4 });
    const users = clients.map((client) => client.frames.at(-1)?.['state']);
    expect(users).toEqual([users[0], users[0], users[0]]);
  });

  test.each([
    '/parties/rooms/a%2Fb',
    '/parties/rooms/%zz',
    '/parties/rooms/',
    '/parties/other/x',
    '/parties/rooms',
  ])('[G1] %s is no room', async (path) => {
    const server = await startServer();
    expect(await server.refused({ path })).toEqual(refusal(404, 'not_found', 'Not found'));
  });

  test('[G2] the id is used verbatim, and made when there is none', async () => {
    const server = await startServer();
    const odd = await server.connect({ id: 'ä/ %?+' });
    const made = await server.connect({ path: '/parties/rooms/other' });
    const empty = await server.connect({ path: '/parties/rooms/third?_pk=' });
    const idOf = async (client: typeof odd): Promise<unknown> => {
      const frame = await client.waitFor(({ type }) => type === 'roomState');
      return (frame['state'] as { users: { id: string }[] }).users[0]?.id;
    };
    expect(await idOf(odd)).toBe('ä/ %?+');
    expect(await idOf(made)).toMatch(/^[\w-]{21}$/);
    expect(await idOf(empty)).toMatch(/^[\w-]{21}$/);
  });

  test.each(['ai', '__proto__', 'constructor', 'a\u0000b', 'x'.repeat(129)])(
    '[G2] the id %j is refused',
    async (id) => {
      const server = await startServer();
      expect(await server.refused({ id })).toEqual(
        refusal(403, 'id_reserved', 'This connection id is reserved or malformed'),
      );
    },
  );

  test('[H1] an id of somebody else is refused before the upgrade, its own login is not', async () => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a', name: 'alice', sid: 's1' });
    await alice.settle();
    expect(await server.refused({ id: 'a', name: 'alice', sid: 's2' })).toEqual(
      refusal(403, 'id_taken', 'This connection id belongs to somebody else'),
    );
    const again = await server.connect({ id: 'a', name: 'alice', sid: 's1' });
    await again.settle();
    expect(await alice.closed).toEqual({ code: 4500, reason: 'Replaced by a newer connection' });
    expect(again.isOpen).toBe(true);
  });
});

describe('who may come', () => {
  test.each([
    {},
    { cookie: '__session=garbage' },
    { cookie: '__session=eyJ1c2VybmFtZSI6ImFsaWNlIn0=' },
    { cookie: 'other=1' },
    { 'cf-access-authenticated-user-email': 'eve@example.com' },
  ] as Record<string, string>[])(
    '[G3] without a genuine login: 401 with an empty body: %j',
    async (headers) => {
      const server = await startServer();
      expect(await server.refused({ headers })).toEqual({ status: 401, body: '' });
    },
  );

  test('[G4] a foreign page may not use the login; this site, and those allowed, may', async () => {
    const server = await startServer({ ALLOWED_ORIGINS: 'https://allowed.example' });
    const cookie = loginCookie('alice');
    const at = (origin: string, id: string) => ({ id, headers: { cookie, origin } });
    const refused = refusal(403, 'forbidden_origin', 'This origin may not use this server');
    expect(await server.refused(at('https://evil.example', 'a'))).toEqual(refused);
    expect(await server.refused(at('null', 'a'))).toEqual(refused);
    await server.connect(at(server.url, 'a'));
    await server.connect(at('https://allowed.example', 'b'));
    expect(server.app.stats().connections).toBe(2);
  });

  test('[G4] headers about the way here count only from trusted proxies', async () => {
    const cookie = loginCookie('alice');
    const proxied = {
      headers: { cookie, origin: 'https://meet.example', 'x-forwarded-host': 'meet.example' },
    };
    const open = await startServer();
    expect(await open.refused(proxied)).toMatchObject({ status: 403 });
    const behind = await startServer({ TRUSTED_PROXIES: '127.0.0.1' });
    await behind.connect(proxied);
    expect(behind.app.stats().connections).toBe(1);
  });

  test('[G10] connections per address are bounded, and free again when one ends', async () => {
    const server = await startServer({ MAX_CONNECTIONS_PER_ADDRESS: '2', TRUSTED_PROXIES: '127.0.0.0/8' });
    const from = (address: string, id: string) => ({
      id,
      headers: { cookie: loginCookie('alice'), 'x-forwarded-for': address },
    });
    await server.connect(from('192.0.2.1', 'a'));
    const second = await server.connect(from('192.0.2.1', 'b'));
    expect(await server.refused(from('192.0.2.1', 'c'))).toEqual(
      refusal(429, 'too_many_connections', 'Too many connections from this address'),
    );
    await server.connect(from('192.0.2.2', 'd'));
    second.send({ type: 'userLeft' });
    await second.closed;
    await server.connect(from('192.0.2.1', 'e'));
    expect(server.app.stats().connections).toBe(3);
  });

  test('[G10] a forged line before the one that the proxy appended does not hide the client', async () => {
    const server = await startServer({ MAX_CONNECTIONS_PER_ADDRESS: '1', TRUSTED_PROXIES: '127.0.0.0/8' });
    const forged = (line: string, id: string) => ({
      id,
      headers: { cookie: loginCookie('alice'), 'x-forwarded-for': [line, '192.0.2.1'] },
    });
    await server.connect(forged('203.0.113.1', 'a'));
    expect(await server.refused(forged('203.0.113.2', 'b'))).toMatchObject({ status: 429 });
  });

  test('[G10] users per room and rooms are bounded', async () => {
    const server = await startServer({ MAX_USERS_PER_ROOM: '1', MAX_ROOMS: '2' });
    await server.connect({ room: 'one', id: 'a' });
    expect(await server.refused({ room: 'one', id: 'b' })).toEqual(
      refusal(503, 'room_full', 'The room is full'),
    );
    await server.connect({ room: 'two', id: 'a' });
    expect(await server.refused({ room: 'three', id: 'a' })).toEqual(
      refusal(503, 'too_many_rooms', 'The server has no place for another room'),
    );
  });

  test('[G13] a server that drains refuses, and lets those go on who are there', async () => {
    const server = await startServer();
    const alice = await server.connect({ id: 'a' });
    const drained = server.app.drain();
    expect(await server.refused({ id: 'b' })).toEqual(refusal(503, 'draining', 'The server is restarting'));
    await alice.settle();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    alice.drop();
    await drained;
  });

  test('[G13] a stop closes every connection with 1012, and a second one does nothing', async () => {
    const server = await startServer();
    const clients = [await server.connect({ id: 'a' }), await server.connect({ room: 'other', id: 'b' })];
    for (const client of clients) await client.settle();
    await Promise.all([server.app.close(), server.app.close()]);
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1012, reason: 'The server is restarting' });
    }
    await endOfTurn();
    expect(server.app.stats()).toEqual({ rooms: 0, connections: 0 });
    expect(server.clock.timerCount).toBe(0);
  });
});
