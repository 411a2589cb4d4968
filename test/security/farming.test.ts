import { describe, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { answer, ScriptedSfu, type SfuHandler } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { SfuClient } from '../support/sfu-client.ts';

const STUN = { iceServers: [{ urls: ['stun:stun.cloudflare.com:3478'] }] };
const ICE = ['/partytracks/generate-ice-servers', '/api/ice-servers'] as const;

const credentials = (n: number) => ({
  iceServers: [{ urls: ['turn:turn.example:3478'], username: `user-${n}`, credential: `secret-${n}` }],
});

/** A server with a TURN key, whose upstream answers so, or with other credentials each time. */
async function start(
  scripted: readonly SfuHandler[] = [],
  environment: Record<string, string> = {},
): Promise<[TestServer, ScriptedSfu]> {
  const sfu = await ScriptedSfu.start();
  const fresh = Array.from({ length: 100 }, (_, n) => answer(201, credentials(n + 1)));
  sfu.next('generate-ice-servers', ...scripted, ...fresh);
  const server = await startServer({
    CALLS_API_URL: `${sfu.url}/v1`,
    TURN_SERVICE_ID: 'turn-key',
    TURN_SERVICE_TOKEN: 'turn-token',
    ...environment,
  });
  return [server, sfu];
}

/** The ICE servers of a login; of nobody without a name. */
async function iceOf(server: TestServer, name?: string, path: string = ICE[0]): Promise<unknown> {
  const headers = name === undefined ? {} : { cookie: loginCookie(name) };
  const { status, body } = await ask(server, path, { headers });
  return status === 200 ? JSON.parse(body) : status;
}

describe('TURN credentials', () => {
  test('[C15] come from the key, for the time that is set, and say nothing of the key', async () => {
    const [server, sfu] = await start([], { TURN_TTL_SECONDS: '1200' });
    expect(await iceOf(server, 'alice')).toEqual(credentials(1));
    const [request, ...others] = sfu.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/v1/turn/keys/turn-key/credentials/generate-ice-servers',
      query: '',
      headers: { authorization: 'Bearer turn-token', 'content-type': 'application/json' },
      body: '{"ttl":1200}',
    });
    expect(others).toEqual([]);
  });

  test('[C15] are the same for a login until half of their life is over, by either path', async () => {
    const [server, sfu] = await start();
    expect(await iceOf(server, 'alice')).toEqual(credentials(1));
    server.clock.advance(299_999);
    expect(await iceOf(server, 'alice', ICE[1])).toEqual(credentials(1));
    server.clock.advance(1);
    expect(await iceOf(server, 'alice')).toEqual(credentials(2));
    expect(await iceOf(server, 'bob')).toEqual(credentials(3));
    expect(sfu.requests).toHaveLength(3);
  });

  test('[C15] are asked for once, however often they are asked for at once', async () => {
    const [server, sfu] = await start();
    const many = await Promise.all(Array.from({ length: 20 }, () => iceOf(server, 'alice')));
    expect(new Set(many.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(credentials(1))]),
    );
    expect(sfu.requests).toHaveLength(1);
  });

  test('[C15] are for logins; nobody else costs the account anything', async () => {
    const [server, sfu] = await start();
    const all = await Promise.all(ICE.map((path) => iceOf(server, undefined, path)));
    const forged = await ask(server, ICE[0], { headers: { cookie: '__session=forged' } });
    expect([...all, JSON.parse(forged.body)]).toEqual([STUN, STUN, STUN]);
    expect(sfu.requests).toEqual([]);
  });

  test('[C15] cannot be farmed with logins made for it: an address has its rate', async () => {
    const [server, sfu] = await start();
    const got: unknown[] = [];
    for (let n = 1; n <= 62; n += 1) got.push(await iceOf(server, `fresh-${n}`));
    expect(got).toEqual([...Array.from({ length: 60 }, (_, n) => credentials(n + 1)), STUN, STUN]);
    expect(await iceOf(server, 'fresh-1')).toEqual(credentials(1));
    server.clock.advance(10_000);
    expect([await iceOf(server, 'late-1'), await iceOf(server, 'late-2')]).toEqual([credentials(61), STUN]);
    expect(sfu.requests).toHaveLength(61);
  });

  test('[C15] cannot be farmed by a made-up address', async () => {
    const [server, sfu] = await start();
    for (let n = 1; n <= 70; n += 1) {
      const headers = { cookie: loginCookie(`fresh-${n}`), 'x-forwarded-for': `203.0.113.${n}` };
      await ask(server, ICE[0], { headers });
    }
    expect(sfu.requests).toHaveLength(60);
  });

  const block = (...urls: string[]) => ({ urls, username: 'u', credential: 'c' });

  test('[C15] leave out port 53, and servers that have no other', async () => {
    const upstream = {
      iceServers: [
        { urls: ['stun:stun.example:3478', 'stun:stun.example:53'] },
        block('turn:turn.example:53?transport=udp', 'turn:turn.example:5349?transport=tcp'),
        block('turn:turn.example:53'),
      ],
    };
    const [server] = await start([answer(201, upstream)]);
    expect(await iceOf(server, 'alice')).toEqual({
      iceServers: [{ urls: ['stun:stun.example:3478'] }, block('turn:turn.example:5349?transport=tcp')],
    });
  });

  test('[C15] are read from the older form of the answer, and nothing else of it is passed on', async () => {
    const upstream = { iceServers: { ...block('turn:turn.example:3478'), secret: 'x' }, account: 'y' };
    const [server] = await start([answer(200, upstream)]);
    expect(await iceOf(server, 'alice')).toEqual({ iceServers: [block('turn:turn.example:3478')] });
  });

  const cut: SfuHandler = (_, response) => void response.destroy();
  const garbage: SfuHandler = (_, response) => void response.writeHead(201).end('<h1>');
  test.each<[string, SfuHandler]>([
    ['refuses the key', answer(403, { error: 'no' })],
    ['fails', answer(500, {})],
    ['sends elsewhere', answer(302, credentials(9), { location: 'http://127.0.0.1:9/' })],
    ['answers with garbage', garbage],
    ['answers with another shape', answer(201, { iceServers: 'none' })],
    ['answers with nothing', answer(201, { iceServers: [] })],
    ['answers with port 53 alone', answer(201, { iceServers: [block('turn:turn.example:53')] })],
    ['cuts the connection', cut],
    ['answers without an end', answer(201, { iceServers: [], pad: 'x'.repeat(100_000) })],
  ])('[C15] give way to STUN alone when the upstream %s, until it works again', async (_, handler) => {
    const [server] = await start([handler]);
    expect(await iceOf(server, 'alice')).toEqual(STUN);
    expect(await iceOf(server, 'alice')).toEqual(credentials(1));
  });

  test('[C15] appear in no log', async () => {
    const [server] = await start([answer(500, credentials(9))]);
    await iceOf(server, 'alice');
    await iceOf(server, 'alice');
    const log = JSON.stringify(server.logLines);
    expect(log).not.toMatch(/turn-token|secret-|user-\d/);
  });
});

describe('sessions', () => {
  const TOO_MANY = { status: 429, body: 'too_many_requests' };
  const open = (server: TestServer, name: string) =>
    new SfuClient(server, { cookie: loginCookie(name) }).send('POST', '/partytracks/sessions/new');

  /** How many of so many attempts, each with the login of its turn, were successful; what the last was told. */
  async function farm(
    server: TestServer,
    attempts: number,
    nameOf: (n: number) => string,
  ): Promise<[opened: number, last: unknown]> {
    let opened = 0;
    let last: unknown;
    for (let n = 0; n < attempts; n += 1) {
      const answered = await open(server, nameOf(n));
      if (answered.status === 201) opened += 1;
      last = answered;
    }
    return [opened, last];
  }

  test('[C14] of one login are twenty at once, then one in three seconds, in words for the client', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer(sfu.environment);
    expect(await farm(server, 22, () => 'mallory')).toEqual([20, TOO_MANY]);
    expect((await open(server, 'alice')).status).toBe(201);
    server.clock.advance(2_999);
    expect(await open(server, 'mallory')).toEqual(TOO_MANY);
    server.clock.advance(1);
    expect((await open(server, 'mallory')).status).toBe(201);
    expect(sfu.requests).toHaveLength(22);
  });

  test('[C14] of one address are two hundred at once, whoever asks', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer(sfu.environment);
    expect(await farm(server, 203, (n) => `fresh-${n}`)).toEqual([200, TOO_MANY]);
    server.clock.advance(300);
    expect(await farm(server, 2, (n) => `late-${n}`)).toEqual([1, TOO_MANY]);
    expect(sfu.requests).toHaveLength(201);
  });

  test('[C14] cost an address nothing that were refused to a login', async () => {
    const sfu = await ScriptedSfu.start();
    const server = await startServer(sfu.environment);
    await farm(server, 250, () => 'mallory');
    expect((await open(server, 'alice')).status).toBe(201);
  });

  test('[C14] [C7] are opened by nobody where there is no SFU', async () => {
    const server = await startServer();
    expect(await open(server, 'alice')).toEqual({ status: 503, body: 'sfu_not_configured' });
  });
});
