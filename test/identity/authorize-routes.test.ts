import { describe, expect, test } from 'vitest';
import type { Policy, Role } from '../../src/identity/authorize.ts';
import { ask } from '../support/ask.ts';
import { bearer, byToken, GRANTS, invite, WITH_TOKENS } from '../support/invitations.ts';
import { answer, ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { announce, outcomes, SfuClient } from '../support/sfu-client.ts';

const ROLES = ['admin', 'member', 'viewer', 'hidden'] as const;

/** What each role is answered, by the columns of {@link ROLES}; the same under both policies. */
const TABLE = [
  ['sessions/new', 201, 201, 201, 201],
  ['tracks/new, push', 200, 200, 403, 403],
  ['tracks/new, pull', 'ok', 'ok', 'ok', 'ok'],
  ['tracks/update', 200, 200, 200, 200],
  ['tracks/close', 200, 200, 200, 200],
  ['session state', 200, 200, 200, 200],
  ['ICE servers', 'turn', 'turn', 'turn', 'turn'],
] as const;

const TURN = { TURN_SERVICE_ID: 'key', TURN_SERVICE_TOKEN: 'token' };
const CREDENTIALS = { iceServers: [{ urls: ['turn:turn.example:3478'], username: 'u', credential: 'c' }] };

/** A room in which Pat sends a microphone by `session-1`. */
async function meeting(policy: Policy): Promise<TestServer> {
  const sfu = await ScriptedSfu.start();
  sfu.next('generate-ice-servers', answer(201, CREDENTIALS));
  const server = await startServer({
    ...WITH_TOKENS,
    ...TURN,
    ...sfu.environment,
    ROOM_POLICY: policy,
  });
  const pat = new SfuClient(server, { cookie: loginCookie('pat') });
  await pat.push(await pat.open(), 'mic');
  await announce(await server.connect({ id: 'pat', name: 'pat' }), 'session-1/mic');
  return server;
}

/** Uses every route as somebody who is in Pat's room. */
async function useAll(server: TestServer, role: Role): Promise<unknown[]> {
  const token = await invite(server, { name: role, ...GRANTS[role] });
  await server.connect(byToken(token, 'me'));
  const client = new SfuClient(server, bearer(token));
  const opened = await client.send('POST', '/partytracks/sessions/new');
  const { sessionId } = opened.body as { sessionId: string };
  const path = `/partytracks/sessions/${sessionId}`;
  const pushed = await client.push(sessionId, 'mine');
  const pulled = await client.pull(sessionId, 'session-1/mic');
  const updated = await client.update(sessionId, 'session-1/mic');
  const closed = await client.send('PUT', `${path}/tracks/close`, { tracks: [{ mid: '0' }], force: true });
  const state = await client.send('GET', `/api/calls/sessions/${sessionId}`);
  const ice = await client.send('GET', '/partytracks/generate-ice-servers');
  return [
    ['sessions/new', opened.status],
    ['tracks/new, push', pushed.status],
    ['tracks/new, pull', outcomes(pulled).join()],
    ['tracks/update', updated.status],
    ['tracks/close', closed.status],
    ['session state', state.status],
    ['ICE servers', JSON.stringify(ice.body) === JSON.stringify(CREDENTIALS) ? 'turn' : 'stun'],
  ];
}

describe.each<Policy>(['open', 'moderated'])('who may use which route: %s', (policy) => {
  test.each(ROLES.map((role, column) => [role, column] as const))('[I6] %s', async (role, column) => {
    expect(await useAll(await meeting(policy), role)).toEqual(
      TABLE.map(([route, ...cells]) => [route, cells[column]]),
    );
  });
});

describe('who may not publish', () => {
  test.each(['viewer', 'hidden'] as const)('[I6] a %s is refused in words', async (role) => {
    const server = await meeting('open');
    const client = new SfuClient(server, bearer(await invite(server, GRANTS[role])));
    expect(await client.push(await client.open(), 'mine')).toEqual({
      status: 403,
      body: { error: { code: 'not_allowed', message: 'You may not do this' } },
    });
  });

  test('[I6] [C5] says so in vain: what a viewer announces does not exist', async () => {
    const server = await meeting('open');
    // By a plain cookie the login that followed the link may push; in its room it is a viewer all the same.
    const login = loginCookie('vera');
    const token = await invite(server, { canPublish: false });
    const vera = new SfuClient(server, { cookie: login });
    const session = await vera.open();
    expect((await vera.push(session, 'mic')).status).toBe(200);
    const room = { id: 'vera', headers: { cookie: `${login}; __join=${token}` } };
    await announce(await server.connect(room), `${session}/mic`);
    const pat = new SfuClient(server, { cookie: loginCookie('pat') });
    expect(outcomes(await pat.pull('session-1', `${session}/mic`))).toEqual(['not_found_track_error']);
  });
});

describe('who has no login', () => {
  test.each([
    ['POST', '/partytracks/sessions/new'],
    ['POST', '/partytracks/sessions/session-1/tracks/new'],
    ['PUT', '/partytracks/sessions/session-1/renegotiate'],
    ['PUT', '/partytracks/sessions/session-1/tracks/close'],
    ['PUT', '/partytracks/sessions/session-1/tracks/update'],
    ['POST', '/api/calls/sessions/new'],
    ['GET', '/api/calls/sessions/session-1'],
  ] as const)('[I6] [C2] %s %s is 401', async (method, path) => {
    const server = await meeting('open');
    expect((await ask(server, path, { method })).status).toBe(401);
  });

  test.each([
    ['half an object', '{'],
    ['a list', '[]'],
    ['another shape', '{"tracks":1}'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('[I6] [C2] is told so before its body is parsed: %s', async (_, body) => {
    const server = await meeting('open');
    const answers = [
      await ask(server, '/partytracks/sessions/new', { method: 'POST', body }),
      await ask(server, '/partytracks/sessions/session-1/renegotiate', { method: 'PUT', body }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });
});
