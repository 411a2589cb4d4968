import { expect, test } from 'vitest';
import { AI_VOICES } from '../../src/protocol/messages.ts';
import { AiRoom, environmentOf, startUpstreams, stateOf } from '../support/ai-room.ts';
import { ask } from '../support/ask.ts';
import { bearer, byToken, GRANTS, invite, WITH_TOKENS } from '../support/invitations.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar'];
const WEBCAM = { maxBitrate: 2_500_000, maxFramerate: 24, maxLines: 1_080 };
const member = { cookie: loginCookie('alice') };

async function config(server: TestServer, headers: Record<string, string> = {}): Promise<unknown> {
  const { status, body } = await ask(server, '/api/config', { headers });
  expect(status).toBe(200);
  return JSON.parse(body);
}

const ai = (available: boolean, configured: boolean) => ({
  available,
  configured,
  standIn: false,
  voices: VOICES,
});

test('[V10] without an SFU there is neither media nor AI', async () => {
  const server = await startServer({ OPENAI_API_TOKEN: 'sk-test' });
  expect(await config(server, member)).toEqual({
    media: false,
    ai: ai(false, false),
    feedback: false,
    apiExtraParams: '',
    webcam: WEBCAM,
  });
});

test('[V10] with an SFU and no key there is media and no AI', async () => {
  const { sfu } = await startUpstreams();
  expect(await config(await startServer(sfu.environment), member)).toEqual({
    media: true,
    ai: ai(false, false),
    feedback: false,
    apiExtraParams: '',
    webcam: WEBCAM,
  });
});

test('[V10] with a key a login may invite the AI; who has none is told that there is one', async () => {
  const environment = {
    ...environmentOf(await startUpstreams()),
    API_EXTRA_PARAMS: 'lab=1',
    MAX_WEBCAM_QUALITY_LEVEL: '480',
  };
  const server = await startServer({ ...environment, FEEDBACK_URL: 'https://chat.example/secret-hook' });
  const answer = {
    media: true,
    feedback: true,
    apiExtraParams: 'lab=1',
    webcam: { ...WEBCAM, maxLines: 480 },
  };
  expect(await config(server, member)).toEqual({ ...answer, ai: ai(true, true) });
  expect(await config(server)).toEqual({ ...answer, ai: ai(false, true) });
  expect(await config(server, { cookie: '__session=forged' })).toEqual({ ...answer, ai: ai(false, true) });
});

test.each([
  ['open', { admin: true, member: true, viewer: true, hidden: false }],
  ['moderated', { admin: true, member: false, viewer: false, hidden: false }],
] as const)('[V10] under the policy %s who may invite is who is told so', async (policy, expected) => {
  const upstreams = await startUpstreams();
  const server = await startServer({ ...environmentOf(upstreams), ...WITH_TOKENS, ROOM_POLICY: policy });
  const available: Record<string, unknown> = {};
  for (const [role, grant] of Object.entries(GRANTS)) {
    const token = await invite(server, { ...grant, room: '*' });
    const answer = (await config(server, bearer(token))) as { ai: { available: boolean } };
    const { ai: byQuery } = JSON.parse(
      (await ask(server, `/api/config?token=${token}`)).body,
    ) as typeof answer;
    expect(byQuery).toEqual(answer.ai);
    available[role] = answer.ai.available;
  }
  expect(available).toEqual(expected);
});

test('[V10] the admin of one room, who may invite the AI there, is told so', async () => {
  const upstreams = await startUpstreams();
  const server = await startServer({ ...environmentOf(upstreams), ...WITH_TOKENS, ROOM_POLICY: 'moderated' });
  const token = await invite(server, { roomAdmin: true });
  const admin = await server.connect(byToken(token, 'a'));
  admin.send({ type: 'enableAi' });
  await until(() => admin.frames.length > 0 && stateOf(admin).ai.enabled);
  const { body } = await ask(server, `/api/config?room=room&token=${token}`);
  expect(JSON.parse(body)).toMatchObject({ ai: { available: true, configured: true } });
});

test('[V10] nothing in it is secret', async () => {
  const upstreams = await startUpstreams();
  const server = await startServer({
    ...environmentOf(upstreams),
    FEEDBACK_URL: 'https://chat.example/secret-hook',
  });
  const { body, headers } = await ask(server, '/api/config', { headers: member });
  expect(body).not.toMatch(/sk-test|lab-app|secret|127\.0\.0\.1/);
  expect(headers['cache-control']).toBe('no-store');
});

test('[V10] [G14] it is read only', async () => {
  const { status, headers } = await ask(await startServer(), '/api/config', {
    method: 'POST',
    headers: member,
  });
  expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
});

test('[V10] [G15] pages of ALLOWED_ORIGINS may read it', async () => {
  const origin = 'https://friend.example';
  const server = await startServer({ ALLOWED_ORIGINS: origin });
  const { headers } = await ask(server, '/api/config', { headers: { ...member, origin } });
  expect(headers['access-control-allow-origin']).toBe(origin);
});

test('[V10] each voice in it is taken, and another one is refused before anybody is asked', async () => {
  expect([...AI_VOICES]).toEqual(VOICES);
  const room = await AiRoom.open();
  for (const voice of ['nova', '', 'ALLOY', 7, null]) {
    room.alice.take();
    room.alice.send({ type: 'enableAi', voice });
    await room.alice.settle();
    expect(room.alice.frames).toEqual([
      { type: 'error', error: 'The message does not have the expected shape', code: 'invalid_message' },
    ]);
  }
  expect(room.sfu.requests).toEqual([]);
  for (const [index, voice] of VOICES.entries()) {
    const client = await room.server.connect({ room: `room-${voice}`, id: 'a', name: 'alice' });
    client.send({ type: 'enableAi', voice });
    const requests = await room.openai.asked('create', index + 1);
    expect(JSON.parse(requests[index]?.parts[1]?.content ?? '')).toMatchObject({
      audio: { output: { voice } },
    });
  }
});
