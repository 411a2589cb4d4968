import { UnsecuredJWT, type JWTPayload } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AccessTeam, AUDIENCE } from '../support/access-team.ts';
import { byToken, epochSeconds, invite, WITH_TOKENS } from '../support/invitations.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';

const NOBODY = { status: 401, body: '' };

/** A server behind Access. */
async function start(more: Record<string, string> = {}): Promise<[TestServer, AccessTeam]> {
  const team = await AccessTeam.start();
  return [await startServer({ ...team.environment, ...more }), team];
}

/** What Access says of a person, for a minute from now. */
const claimsOf = ({ clock }: TestServer, team: AccessTeam, more: JWTPayload = {}): JWTPayload => ({
  iss: team.url,
  aud: [AUDIENCE, 'another application'],
  email: 'ann@example.com',
  sub: 'user-1',
  iat: epochSeconds(clock),
  exp: epochSeconds(clock) + 60,
  ...more,
});

const asserting = (assertion: string, more: Record<string, string> = {}) => ({
  headers: { 'cf-access-jwt-assertion': assertion, ...more },
});

/** Loads a page, as a browser does before it opens a socket: from then on the assertion is known. */
async function show(server: TestServer, headers: Record<string, string>): Promise<void> {
  await fetch(server.url, { headers, redirect: 'manual' });
}

/** The name under which a request takes part in a room. */
async function nameOf(server: TestServer, headers: Record<string, string>, id: string): Promise<string> {
  await show(server, headers);
  const client = await server.connect({ id, headers });
  const { state } = await client.waitFor(({ type }) => type === 'roomState');
  const { users } = state as { users: { id: string; name: string }[] };
  return users.find((user) => user.id === id)?.name ?? 'nobody';
}

describe('an assertion of Access', () => {
  test('[I5] names a person by e-mail address, before any cookie', async () => {
    const [server, team] = await start();
    const assertion = await team.sign(claimsOf(server, team));
    const { headers } = asserting(assertion, { cookie: loginCookie('alice') });
    expect(await nameOf(server, headers, 'a')).toBe('ann@example.com');
  });

  test('[I5] names a service by the name of its token', async () => {
    const [server, team] = await start();
    const assertion = await team.sign(
      claimsOf(server, team, { email: undefined, sub: '', common_name: 'bot.access' }),
    );
    expect(await nameOf(server, asserting(assertion).headers, 'a')).toBe('bot.access');
  });

  test('[I5] makes one owner of a person over many assertions', async () => {
    const [server, team] = await start();
    const first = await team.sign(claimsOf(server, team));
    const second = await team.sign(claimsOf(server, team, { iat: 999, nonce: 'x' }));
    const stranger = await team.sign(claimsOf(server, team, { email: 'eve@example.com' }));
    for (const assertion of [first, second, stranger]) await show(server, asserting(assertion).headers);
    await server.connect({ id: 'a', ...asserting(first) });
    await server.connect({ id: 'a', ...asserting(second) });
    expect(await server.refused({ id: 'a', ...asserting(stranger) })).toMatchObject({ status: 403 });
  });

  test('[I5] is checked at the first handshake that shows it, and lets the next one in', async () => {
    const [server, team] = await start();
    const { headers } = asserting(await team.sign(claimsOf(server, team)));
    expect(await server.refused({ id: 'a', headers })).toMatchObject({ status: 503, retryAfter: '5' });
    const client = await server.connect({ id: 'a', headers });
    expect(await client.waitFor(({ type }) => type === 'roomState')).toBeDefined();
  });

  test('[I5] [I1] counts less than a token, and lets no false token through', async () => {
    const [server, team] = await start(WITH_TOKENS);
    const { headers } = asserting(await team.sign(claimsOf(server, team)));
    const genuine = byToken(await invite(server), 'a');
    const client = await server.connect({ ...genuine, headers });
    const { state } = await client.waitFor(({ type }) => type === 'roomState');
    expect(state).toMatchObject({ users: [{ name: 'Ann' }] });
    expect(await server.refused({ ...byToken('false', 'b'), headers })).toMatchObject({ status: 403 });
  });
});

type Forge = (team: AccessTeam, claims: JWTPayload) => string | Promise<string>;

describe('a false assertion makes the request nobody’s, also with a genuine cookie', () => {
  const signed =
    (more: Record<string, unknown>): Forge =>
    (team, claims) =>
      team.sign({ ...claims, ...more });

  test.each<[string, Forge]>([
    ['for another application', signed({ aud: ['another application'] })],
    ['for no application', signed({ aud: undefined })],
    ['of another team', signed({ iss: 'https://evil.cloudflareaccess.com' })],
    ['of no team', signed({ iss: undefined })],
    ['expired', signed({ exp: 1_000 })],
    ['that never expires', signed({ exp: undefined })],
    ['not valid yet', signed({ nbf: 1_001 })],
    ['that names nobody', signed({ email: undefined })],
    ['with an empty address', signed({ email: '' })],
    ['with several addresses', signed({ email: ['ann@example.com'] })],
    [
      'by a key that nobody has published',
      async (team, claims) => {
        await team.addKey('k2', false);
        return team.sign(claims, { kid: 'k2' });
      },
    ],
    [
      'by a stranger, in the name of a genuine key',
      async (team, claims) => {
        await team.addKey('stranger', false);
        return team.sign(claims, { kid: 'k1', by: 'stranger' });
      },
    ],
    [
      'HS256 with the public key as secret',
      (team, claims) => team.sign(claims, { alg: 'HS256', secret: team.publicKeyText }),
    ],
    ['unsigned', (_, claims) => new UnsecuredJWT(claims).encode()],
    ['that is no JWT', () => 'assertion'],
  ])('[I5] %s', async (_, forge) => {
    const [server, team] = await start();
    const assertion = await forge(team, claimsOf(server, team));
    const both = asserting(assertion, { cookie: loginCookie('alice') });
    expect(await server.refused({ id: 'a', ...both })).toEqual(NOBODY);
    expect(await server.refused({ id: 'a', ...asserting(assertion) })).toEqual(NOBODY);
  });

  test('[I5] the e-mail header alone is nobody, where it is not trusted', async () => {
    const [server] = await start();
    const headers = { 'cf-access-authenticated-user-email': 'ann@example.com' };
    expect(await server.refused({ id: 'a', headers })).toEqual(NOBODY);
  });

  test('[I5] the e-mail header saves no false assertion, where it is trusted', async () => {
    const [server] = await start({ TRUST_ACCESS_EMAIL_HEADER: 'true' });
    const email = { 'cf-access-authenticated-user-email': 'ann@example.com' };
    expect(await server.refused({ id: 'a', ...asserting('false', email) })).toEqual(NOBODY);
  });
});

describe('the keys of the team', () => {
  const COOLDOWN_MS = 31_000;
  const warnings = ({ logLines }: TestServer): unknown[] =>
    logLines.filter(({ level }) => level === 40).map(({ msg }) => msg);

  afterEach(() => void vi.useRealTimers());

  test('[I5] are fetched once for many requests', async () => {
    const [server, team] = await start();
    const { headers } = asserting(await team.sign(claimsOf(server, team)));
    const ids = Array.from({ length: 10 }, (_, n) => `id-${n}`);
    const names = await Promise.all(ids.map((id) => nameOf(server, headers, id)));
    await nameOf(server, headers, 'late');
    expect([new Set(names), team.fetches]).toEqual([new Set(['ann@example.com']), 1]);
  });

  test('[I5] are fetched again for a key that is new', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const [server, team] = await start();
    const by = async (kid: string) => asserting(await team.sign(claimsOf(server, team), { kid })).headers;
    await nameOf(server, await by('k1'), 'a');
    await team.addKey('k2');
    vi.setSystemTime(Date.now() + COOLDOWN_MS);
    expect(await nameOf(server, await by('k2'), 'b')).toBe('ann@example.com');
    expect(await nameOf(server, await by('k1'), 'c')).toBe('ann@example.com');
    expect(team.fetches).toBe(2);
  });

  test('[I5] are not asked for again and again by whoever makes up keys', async () => {
    const [server, team] = await start();
    for (const kid of ['x1', 'x2', 'x3', 'x4']) {
      await team.addKey(kid, false);
      const assertion = await team.sign(claimsOf(server, team), { kid });
      expect(await server.refused({ id: 'a', ...asserting(assertion) })).toEqual(NOBODY);
    }
    expect([team.fetches, warnings(server)]).toEqual([1, []]);
  });

  test('[I5] that cannot be had let nobody in, and the operator hears of it', async () => {
    const [server, team] = await start();
    const both = asserting(await team.sign(claimsOf(server, team)), { cookie: loginCookie('alice') });
    await team.stop();
    expect(await server.refused({ id: 'a', ...both })).toEqual(NOBODY);
    expect(warnings(server)).toEqual(['Access keys cannot be had']);
  });

  test.each([
    ['an error', 500, '{}'],
    ['a redirect', 302, ''],
    ['no JSON', 200, '<h1>Login</h1>'],
    ['no keys', 200, '{"keys":"none"}'],
  ])('[I5] that are %s let nobody in, and the operator hears of it', async (_, status, body) => {
    const [server, team] = await start();
    team.reply = { status, body };
    const both = asserting(await team.sign(claimsOf(server, team)), { cookie: loginCookie('alice') });
    expect(await server.refused({ id: 'a', ...both })).toEqual(NOBODY);
    expect(warnings(server)).toEqual(['Access keys cannot be had']);
  });
});
