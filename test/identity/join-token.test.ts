import { createHmac } from 'node:crypto';
import { generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import type { JoinGrant } from '../../src/identity/join-token.ts';
import { JoinTokens } from '../../src/identity/join-token.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bearer, byToken, claimsOf, epochSeconds, invite, signToken } from '../support/invitations.ts';
import { TOKEN_SECRET, WITH_TOKENS } from '../support/invitations.ts';
import { ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { SfuClient } from '../support/sfu-client.ts';

const REFUSED = {
  status: 403,
  body: '{"error":{"code":"token_invalid","message":"The invitation is not valid, or not for this room"}}',
};

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const without = (claims: JWTPayload, name: string): JWTPayload =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const RSA = await generateKeyPair('RS256');

/** A token by hand: any header, any payload, and an HMAC, with the server's own secret unless told otherwise. */
function byHand(header: unknown, payload: unknown, hash = 'sha256', secret = TOKEN_SECRET): string {
  const text = `${base64(header)}.${base64(payload)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

type Forge = (genuine: JWTPayload) => string | Promise<string>;

const FORGERIES: readonly (readonly [string, Forge])[] = [
  ['signed with another secret', (claims) => signToken(claims, { secret: `${TOKEN_SECRET}!` })],
  ['signed with no secret', (claims) => signToken(claims, { secret: '\0' })],
  ['unsigned, alg none', (claims) => new UnsecuredJWT(claims).encode()],
  ['unsigned, alg nOnE', (claims) => `${base64({ alg: 'nOnE' })}.${base64(claims)}.`],
  ['alg none over a genuine signature', (claims) => byHand({ alg: 'none' }, claims)],
  ['without alg', (claims) => byHand({ typ: 'JWT' }, claims)],
  ['alg HS512 with the secret', (claims) => signToken(claims, { header: { alg: 'HS512' } })],
  ['alg HS384 with the secret', (claims) => signToken(claims, { header: { alg: 'HS384' } })],
  [
    'alg RS256 by a stranger',
    (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(RSA.privateKey),
  ],
  ['alg RS256 with the secret as key', (claims) => byHand({ alg: 'RS256' }, claims)],
  [
    'a key of its own in the header',
    (claims) => byHand({ alg: 'HS256', jwk: { kty: 'oct', k: 'bWluZQ' } }, claims, 'sha256', 'mine'),
  ],
  ['an unknown critical header', (claims) => byHand({ alg: 'HS256', crit: ['x'], x: 1 }, claims)],
  ['without exp', (claims) => signToken(without(claims, 'exp'))],
  ['exp in words', (claims) => byHand({ alg: 'HS256' }, { ...claims, exp: '9999999999' })],
  ['expired this second', (claims) => signToken({ ...claims, exp: 1_000 })],
  ['not valid yet', (claims) => signToken({ ...claims, nbf: 1_001 })],
  ['without sub', (claims) => signToken(without(claims, 'sub'))],
  ['without name', (claims) => signToken(without(claims, 'name'))],
  ['without room', (claims) => signToken(without(claims, 'room'))],
  ['an empty sub', (claims) => signToken({ ...claims, sub: '' })],
  ['a name of nothing visible', (claims) => signToken({ ...claims, name: ' \u202e ' })],
  ['a name too long', (claims) => signToken({ ...claims, name: 'n'.repeat(101) })],
  ['several rooms', (claims) => signToken({ ...claims, room: ['room'] })],
  ['a grant in words', (claims) => signToken({ ...claims, roomAdmin: 'true' })],
  ['roomJoin false', (claims) => signToken({ ...claims, roomJoin: false })],
  ['a payload that is no object', () => byHand({ alg: 'HS256' }, ['room'])],
  ['the signature cut off', async (claims) => (await signToken(claims)).replace(/[^.]*$/, '')],
  ['the signature cut short', async (claims) => (await signToken(claims)).slice(0, -2)],
  ['something behind the signature', async (claims) => `${await signToken(claims)}.x`],
  ['another payload', async (claims) => otherPayload(await signToken(claims), claims)],
  ['nothing but a word', () => 'token'],
  ['dots', () => '..'],
  ['five parts', () => 'a.b.c.d.e'],
  ['very long', () => `${'a'.repeat(4_000)}.${'b'.repeat(4_000)}.${'c'.repeat(4_000)}`],
];

const otherPayload = (token: string, claims: JWTPayload): string => {
  const [header, , signature] = token.split('.');
  return `${header}.${base64({ ...claims, roomAdmin: true })}.${signature}`;
};

const startMeeting = async (): Promise<[TestServer, ScriptedSfu]> => {
  const sfu = await ScriptedSfu.start();
  return [await startServer({ ...WITH_TOKENS, ...sfu.environment }), sfu];
};

test('[I1] a genuine token opens its room and the SFU, and counts before the cookie beside it', async () => {
  const [server] = await startMeeting();
  const token = await invite(server);
  const headers = { cookie: loginCookie('alice') };
  const ann = await server.connect({ ...byToken(token, 'a'), headers });
  const state = await ann.waitFor(({ type }) => type === 'roomState');
  expect(state['state']).toMatchObject({ users: [{ id: 'a', name: 'Ann' }] });
  const sfu = new SfuClient(server, { ...headers, ...bearer(token) });
  expect(await sfu.send('POST', '/partytracks/sessions/new')).toEqual({
    status: 201,
    body: { sessionId: 'session-1' },
  });
});

describe('no other login is tried for a token', () => {
  test.each(FORGERIES)('[I1] %s', async (_, forge) => {
    const [server, sfu] = await startMeeting();
    const token = await forge(claimsOf(server.clock));
    const headers = { cookie: loginCookie('alice') };
    expect(await server.refused({ ...byToken(token, 'a'), headers })).toEqual(REFUSED);
    const client = new SfuClient(server, { ...headers, ...bearer(token) });
    const refused = { status: 403, body: 'token_invalid' };
    expect(await client.send('POST', '/partytracks/sessions/new')).toEqual(refused);
    expect([server.app.stats(), sfu.requests]).toEqual([{ rooms: 0, connections: 0 }, []]);
  });

  test.each(['Bearer a b', 'Bearer a, Bearer b'])(
    '[I1] an Authorization header of another form: %s',
    async (authorization) => {
      const [server] = await startMeeting();
      const client = new SfuClient(server, { cookie: loginCookie('alice'), authorization });
      expect(await client.send('POST', '/partytracks/sessions/new')).toMatchObject({ status: 403 });
    },
  );

  test('[I1] where there are no invitations at all', async () => {
    const server = await startServer();
    const headers = { cookie: loginCookie('alice') };
    expect(await server.refused({ ...byToken(await invite(server), 'a'), headers })).toEqual(REFUSED);
  });

  test('[I1] [I2] for another room than the one it names; `*` names all', async () => {
    const [server] = await startMeeting();
    const cookie = loginCookie('alice');
    const into = (token: string, room: string) => ({ ...byToken(token, 'a', room), headers: { cookie } });
    const one = await invite(server, { room: 'a b' });
    expect(await server.refused(into(one, 'a'))).toEqual(REFUSED);
    expect(await server.refused(into(one, 'a+b'))).toEqual(REFUSED);
    await server.connect(into(one, '%61%20b'));
    const all = await invite(server, { room: '*' });
    await server.connect(into(all, 'anything'));
    expect(server.app.stats()).toEqual({ rooms: 2, connections: 2 });
  });

  test('[I1] once its time is over', async () => {
    const [server] = await startMeeting();
    const token = await invite(server);
    server.clock.advance(59_000);
    const last = await server.connect(byToken(token, 'a'));
    server.clock.advance(1_000);
    expect(await server.refused(byToken(token, 'b'))).toEqual(REFUSED);
    await last.settle();
    expect(last.isOpen).toBe(true);
  });
});

describe('what a token says', () => {
  const clock = new FakeClock();
  const tokens = new JoinTokens(TOKEN_SECRET, clock);
  const granted = async (grants: JWTPayload): Promise<JoinGrant | undefined> =>
    tokens.verify(await signToken(claimsOf(clock, grants)));

  test.each([
    [{}, 'member'],
    [{ roomJoin: true, canPublish: true }, 'member'],
    [{ canPublish: false }, 'viewer'],
    [{ roomAdmin: true }, 'admin'],
    [{ roomAdmin: true, canPublish: false }, 'admin'],
    [{ hidden: true }, 'hidden'],
    [{ hidden: true, roomAdmin: true }, 'hidden'],
    [{ hidden: true, canPublish: false }, 'hidden'],
    [{ hidden: true, roomAdmin: true, canPublish: false }, 'hidden'],
  ])('[I2] %j makes a %s', async (grants, role) => {
    expect(await granted(grants)).toEqual({
      subject: 'ann',
      name: 'Ann',
      room: 'room',
      role,
      secondsLeft: 60,
    });
  });

  test('[I2] is what was signed here or elsewhere, grant by grant', async () => {
    const claims = { sub: 's', name: 'N', room: '*', roomAdmin: true };
    const own = await tokens.sign(claims, 90);
    const other = await signToken({ ...claims, exp: epochSeconds(clock) + 90 });
    const expected = { subject: 's', name: 'N', room: '*', role: 'admin', secondsLeft: 90 };
    expect([tokens.verify(own), tokens.verify(other)]).toEqual([expected, expected]);
  });

  test('[I7] is worth nothing where another secret is set', async () => {
    const token = await tokens.sign({ sub: 's', name: 'N', room: 'r' }, 90);
    const others = new JoinTokens('another secret that is long enough for the rule', clock);
    expect(others.verify(token)).toBeUndefined();
  });
});
