import { expect, test } from 'vitest';
import { AiRoom, Held, stateOf } from '../support/ai-room.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { ANSWER_SDP, type OpenAiRequest } from '../support/scripted-openai.ts';
import { answer, APP_ID, sdp, type SfuRequest } from '../support/scripted-sfu.ts';
import { until } from '../support/until.ts';

const WISHES = { voice: 'cedar', instructions: 'Ton: höflich\r\n  kurz 🍊' };

const sfuPart = ({ method, path, query, headers, body }: SfuRequest) => ({
  method,
  path,
  query,
  authorization: headers.authorization,
  body: body === '' ? undefined : (JSON.parse(body) as unknown),
});

/** The body as the official SDK would write it. */
function multipart({ headers }: OpenAiRequest, offer: string, session: unknown): string {
  const boundary = /^multipart\/form-data; boundary=([\w-]+)$/.exec(headers['content-type'] ?? '')?.[1];
  expect(boundary).toBeDefined();
  return (
    `--${boundary}\r\nContent-Disposition: form-data; name="sdp"\r\nContent-Type: application/sdp\r\n\r\n` +
    `${offer}\r\n--${boundary}\r\nContent-Disposition: form-data; name="session"\r\n` +
    `Content-Type: application/json\r\n\r\n${JSON.stringify(session)}\r\n--${boundary}--\r\n`
  );
}

test('[V1] opening takes four requests and no more, each as the two APIs want them', async () => {
  const room = await AiRoom.open();
  const { meetingId } = room.state;
  room.alice.send({ type: 'enableAi', ...WISHES });
  await room.untilAi(({ enabled }) => enabled);
  const session = `/v1/apps/${APP_ID}/sessions/session-1`;
  const authorization = 'Bearer lab-app-secret';
  expect(room.sfu.requests.map(sfuPart)).toEqual([
    {
      method: 'POST',
      path: `/v1/apps/${APP_ID}/sessions/new`,
      query: `?correlationId=${meetingId}&thirdparty=true`,
      authorization,
      body: undefined,
    },
    {
      method: 'POST',
      path: `${session}/tracks/new`,
      query: `?correlationId=${meetingId}`,
      authorization,
      body: {
        tracks: [
          {
            location: 'local',
            trackName: 'ai-generated-voice',
            bidirectionalMediaStream: true,
            kind: 'audio',
          },
        ],
      },
    },
    {
      method: 'PUT',
      path: `${session}/renegotiate`,
      query: `?correlationId=${meetingId}`,
      authorization,
      body: { sessionDescription: { type: 'answer', sdp: ANSWER_SDP } },
    },
  ]);
  expect(room.openai.requests.map(({ method, path }) => [method, path])).toEqual([
    ['POST', '/v1/realtime/calls'],
  ]);
});

test("[V1] OpenAI gets the SFU's offer byte for byte, and the session in full", async () => {
  const room = await AiRoom.open({ environment: { OPENAI_MODEL_ID: 'gpt-realtime-2.1-mini' } });
  const offer = `${sdp('7').replace('s=-', 's= Grüße ')}a=x-odd: trailing \t\n\r\n`;
  room.sfu.next(
    'tracks/new',
    answer(200, {
      tracks: [{ trackName: 'ai-generated-voice', mid: '7' }],
      sessionDescription: { type: 'offer', sdp: offer },
    }),
  );
  room.alice.send({ type: 'enableAi', ...WISHES });
  const [request] = await room.openai.asked('create', 1);
  if (request === undefined) throw new Error('unreachable');
  const session = {
    type: 'realtime',
    model: 'gpt-realtime-2.1-mini',
    instructions: WISHES.instructions,
    audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'cedar' } },
  };
  const { 'content-type': _, 'openai-safety-identifier': inviter, ...headers } = request.headers;
  expect(request.body.toString('utf8')).toBe(multipart(request, offer, session));
  expect(request.parts.map(({ content }) => content)).toEqual([offer, JSON.stringify(session)]);
  expect(inviter).toMatch(/^[0-9a-f]{64}$/);
  expect(headers).toEqual({
    host: room.openai.url.slice('http://'.length),
    connection: 'keep-alive',
    authorization: 'Bearer sk-test',
    accept: 'application/sdp',
    'content-length': String(request.body.length),
  });
});

test('[V1] without wishes the voice is marin, and there are no instructions', async () => {
  const room = await AiRoom.active();
  expect(JSON.parse(room.openai.requests[0]?.parts[1]?.content ?? '')).toEqual({
    type: 'realtime',
    model: 'gpt-realtime-2.1',
    audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'marin' } },
  });
});

test("[V1] the SFU gets OpenAI's answer byte for byte", async () => {
  const room = await AiRoom.open();
  const body = `${sdp('0').replace('s=-', 's=– Ü')}a=x-odd: \t\n\r\n`;
  room.openai.next('create', room.openai.accept({ body }));
  room.alice.send({ type: 'enableAi' });
  const [request] = await room.sfu.asked('renegotiate', 1);
  expect(JSON.parse(request?.body ?? '')).toEqual({ sessionDescription: { type: 'answer', sdp: body } });
});

test('[V1] the room sees the AI coming, and then as its last user', async () => {
  const room = await AiRoom.open();
  const held = new Held(room.openai.accept());
  room.openai.next('create', held.handler);
  const z = await room.server.connect({ id: 'z', name: 'zoe' });
  await z.settle();
  room.alice.send({ type: 'enableAi' });
  await held.arrived();
  await z.settle();
  const before = stateOf(z);
  expect(before.ai).toEqual({ enabled: false, connectionPending: true });
  held.release();
  await until(() => stateOf(z).ai.enabled);
  expect(stateOf(z)).toEqual({
    ai: { enabled: true, connectionPending: false },
    meetingId: before.meetingId,
    users: [
      ...before.users,
      {
        id: 'ai',
        name: 'AI',
        joined: true,
        raisedHand: false,
        transceiverSessionId: 'session-1',
        speaking: false,
        tracks: {
          audioEnabled: true,
          audio: 'session-1/ai-generated-voice',
          audioUnavailable: false,
          videoEnabled: false,
          screenShareEnabled: false,
        },
      },
    ],
  });
  await room.alice.settle();
  expect(room.state).toEqual(stateOf(z));
});

test('[V1] [R16] two invitations at once open one call, a third one none', async () => {
  const room = await AiRoom.open();
  const bob = await room.server.connect({ id: 'b', name: 'bob' });
  room.alice.send({ type: 'enableAi' });
  room.alice.send({ type: 'enableAi' });
  bob.send({ type: 'enableAi' });
  await room.untilAi(({ enabled }) => enabled);
  bob.send({ type: 'enableAi' });
  await bob.settle();
  await endOfTurn();
  expect([room.sfu.of('sessions/new').length, room.openai.of('create').length]).toEqual([1, 1]);
});

test('[V1] every request to the SFU carries API_EXTRA_PARAMS', async () => {
  const room = await AiRoom.active({ environment: { API_EXTRA_PARAMS: 'lab=1' } });
  const { meetingId } = room.state;
  room.alice.send({ type: 'disableAi' });
  await room.untilBalanced();
  expect(room.sfu.requests.map(({ query }) => Object.fromEntries(new URLSearchParams(query)))).toEqual([
    { lab: '1', correlationId: meetingId, thirdparty: 'true' },
    { lab: '1', correlationId: meetingId },
    { lab: '1', correlationId: meetingId },
    { lab: '1', correlationId: meetingId },
  ]);
});

test('[V11] OpenAI tells inviters apart by a keyed hash, over calls and rooms, and learns no name', async () => {
  const room = await AiRoom.open();
  const visits = [
    { room: 'one', id: 'a', name: 'alice' },
    { room: 'two', id: 'b', name: 'alice' },
    { room: 'three', id: 'c', name: 'bob' },
    { room: 'four', id: 'd', name: 'alice', sid: 'another login' },
  ];
  for (const [index, visit] of visits.entries()) {
    const client = await room.server.connect(visit);
    client.send({ type: 'enableAi' });
    await room.openai.asked('create', index + 1);
  }
  const [first, again, bob, namesake] = room.openai
    .of('create')
    .map(({ headers }) => headers['openai-safety-identifier']);
  expect(again).toBe(first);
  expect(new Set([first, bob, namesake]).size).toBe(3);
  for (const { headers, body } of room.openai.requests) {
    expect(JSON.stringify(headers) + body.toString('utf8')).not.toMatch(/alice|bob|another login/);
  }
});

test('[V11] another server, with another secret, has another hash for the same inviter', async () => {
  const hashes: unknown[] = [];
  for (const secret of ['x'.repeat(32), 'y'.repeat(32)]) {
    const { openai, server } = await AiRoom.active({
      environment: { SESSION_SECRETS: `${secret},a secret for tests that is long enough for the rule` },
    });
    hashes.push(openai.requests[0]?.headers['openai-safety-identifier']);
    await server.app.close();
  }
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).not.toBe(hashes[0]);
});
