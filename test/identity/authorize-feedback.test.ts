import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Policy, Role } from '../../src/identity/authorize.ts';
import { ask, setCookies } from '../support/ask.ts';
import { bearer, byToken, GRANTS, invite, WITH_TOKENS } from '../support/invitations.ts';
import { ScriptedWebhook } from '../support/scripted-webhook.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';

const ROLES = ['admin', 'member', 'viewer', 'hidden'] as const;

/** What each role is answered, by the columns of {@link ROLES}; the same under both policies. */
const TABLE = [
  ['POST /api/bugReport', 200, 200, 200, 200],
  ['POST /api/deadTrack', 200, 200, 200, 200],
  ['POST /api/reportRefresh', 201, 201, 201, 201],
  ['POST /call-quality-feedback', 302, 302, 302, 302],
  ['GET /api/debugInfo, one’s own', 200, 200, 200, 200],
  ['GET /api/debugInfo, another’s', 200, 404, 404, 404],
] as const;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const INFO = JSON.stringify({ roomName: 'room', url: 'http://meet.example/room', roomHistory: [] });
const BODIES = {
  '/api/bugReport': new URLSearchParams({ description: 'x', info: INFO }).toString(),
  '/api/deadTrack': 'trackId=t',
  '/api/reportRefresh': '',
  '/call-quality-feedback': '',
} as const;
type Path = keyof typeof BODIES;

const report = (id: string, owner: string) => ({ id, owner, createdAt: 0, historyJson: '[]' });

/** A server with feedback, a report of Ann's, who has the token, and one of Vic's. */
async function start(policy: Policy): Promise<[TestServer, ScriptedWebhook]> {
  const store = new MemoryStore();
  await store.addFeedback({ id: 'm1', createdAt: 0, cardJson: '{}' }, report('ann', 'token:ann'), 10);
  await store.addFeedback({ id: 'm2', createdAt: 0, cardJson: '{}' }, report('vic', 'sid:vic'), 10);
  const webhook = await ScriptedWebhook.start({ now: () => 0 });
  const environment = { ...WITH_TOKENS, ROOM_POLICY: policy, FEEDBACK_URL: webhook.url };
  return [await startServer(environment, { store }), webhook];
}

const post = async (server: TestServer, path: Path, headers: object, body: string = BODIES[path]) =>
  ask(server, path, { method: 'POST', headers: { ...FORM, ...headers }, body });

/** Uses every route as somebody who is in a meeting. */
async function useAll(server: TestServer, role: Role): Promise<unknown[]> {
  // Reports are of no room: only the admin of all of them is their admin.
  const token = await invite(server, { ...GRANTS[role], room: '*' });
  const other = await server.connect({ id: 'other', name: 'other' });
  const { state } = await other.waitFor(({ type }) => type === 'roomState');
  await server.connect(byToken(token, 'me'));
  server.clock.advance(50);
  const { meetingId } = state as { meetingId: string };
  const answers = [
    await post(server, '/api/bugReport', bearer(token)),
    await post(server, '/api/deadTrack', bearer(token)),
    await post(server, '/api/reportRefresh', bearer(token)),
    await post(server, '/call-quality-feedback', bearer(token), `meetingId=${meetingId}`),
    await ask(server, '/api/debugInfo?id=ann', { headers: bearer(token) }),
    await ask(server, '/api/debugInfo?id=vic', { headers: bearer(token) }),
  ];
  return answers.map(({ status }, row) => [TABLE[row]?.[0], status]);
}

describe.each<Policy>(['open', 'moderated'])('who may give feedback, and read it: %s', (policy) => {
  test.each(ROLES.map((role, column) => [role, column] as const))('[I6] %s', async (role, column) => {
    const [server] = await start(policy);
    const expected = TABLE.map(([route, ...cells]) => [route, cells[column]]);
    expect(await useAll(server, role)).toEqual(expected);
  });
});

describe('who may not', () => {
  const PATHS = Object.keys(BODIES) as Path[];

  test.each(PATHS)('[I6] POST %s: nobody without a login', async (path) => {
    const [server] = await start('open');
    const forged = { cookie: '__session=forged' };
    for (const headers of [{}, forged]) expect((await post(server, path, headers)).status).toBe(401);
  });

  test.each(PATHS)('[I1] POST %s: nobody with a false token, whatever else it brings', async (path) => {
    const [server] = await start('open');
    const headers = { ...bearer('a.b.c'), cookie: loginCookie('vic') };
    expect((await post(server, path, headers)).status).toBe(403);
  });

  test.each(PATHS)('[G4] POST %s: no page elsewhere', async (path) => {
    const [server, webhook] = await start('open');
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await post(server, path, { origin, cookie: loginCookie('vic') });
      expect([answer.status, setCookies(answer)]).toEqual([403, []]);
    }
    expect(webhook.posts.flatMap(({ body }) => JSON.stringify(body)).join()).not.toContain('vic');
  });

  test('[I6] GET /api/debugInfo: neither a name like the reporter’s, nor a guess', async () => {
    const [server] = await start('open');
    const asks = [
      ['ann', { cookie: loginCookie('ann') }],
      ['vic', { cookie: loginCookie('vic', 'another') }],
      ['__proto__', { cookie: loginCookie('vic') }],
      ['vic%00', { cookie: loginCookie('vic') }],
    ] as const;
    const answers = await Promise.all(
      asks.map(([id, headers]) => ask(server, `/api/debugInfo?id=${id}`, { headers })),
    );
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      asks.map(() => [404, '404: Report not found']),
    );
  });
});

test('[I6] the admin of one room reads no reports of the others', async () => {
  const [server] = await start('open');
  const token = await invite(server, { ...GRANTS.admin, room: 'room' });
  const statuses = await Promise.all(
    ['ann', 'vic'].map(
      async (id) => (await ask(server, `/api/debugInfo?id=${id}`, { headers: bearer(token) })).status,
    ),
  );
  expect(statuses).toEqual([200, 404]);
});
