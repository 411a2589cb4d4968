import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { AiRoom } from '../support/ai-room.ts';
import { cut, openAiError, type OpenAiHandler } from '../support/scripted-openai.ts';
import { answer, sdp, type SfuHandler } from '../support/scripted-sfu.ts';

const FAILED = { enabled: false, connectionPending: false, error: 'Error establishing connection with AI' };
const REFUSED = {
  ...FAILED,
  error: "The AI service refuses this server's account (its key, its quota or its model)",
};
const NOTHING_OPEN = { calls: [], tracks: [], stored: [] };

/** Invites the AI, lets the waits between the attempts pass, and gives what the room is told in the end. */
async function failedInvitation(room: AiRoom, waits: readonly number[] = []): Promise<unknown> {
  await room.clock.through(waits, () => room.alice.send({ type: 'enableAi' }));
  return room.untilAi((ai) => ai.error !== undefined);
}

/** Between attempts at opening a call. */
const CALL_WAITS = [500, 1_000];

const raw =
  (status: number, body: string) =>
  (_: unknown, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body);
  };

/** How any operation of the SFU fails as a whole. */
const WHOLE: readonly (readonly [string, SfuHandler])[] = [
  ['500', answer(500, { errorCode: 'internal_error' })],
  ['403', answer(403, { errorCode: 'unauthorized' })],
  ['not JSON', raw(200, '<html>')],
  ['a list', raw(200, '[]')],
  ['a cut', cut],
];

const offer = (fields: object, description: unknown = { type: 'offer', sdp: sdp('0') }): SfuHandler =>
  answer(200, {
    tracks: [{ trackName: 'ai-generated-voice', ...fields }],
    sessionDescription: description,
  });

const BEFORE_THE_CALL: readonly (readonly [string, string, SfuHandler])[] = [
  ...WHOLE.map(([how, handler]) => ['sessions/new', how, handler] as const),
  ['sessions/new', '201 with errorCode', answer(201, { sessionId: 's', errorCode: 'internal_error' })],
  ['sessions/new', 'no sessionId', answer(201, {})],
  ['sessions/new', 'an empty sessionId', answer(201, { sessionId: '' })],
  ['sessions/new', 'a sessionId that is a path', answer(201, { sessionId: '../x' })],
  ...WHOLE.map(([how, handler]) => ['tracks/new', how, handler] as const),
  ['tracks/new', '200 with errorCode', answer(200, { errorCode: 'session_error' })],
  ['tracks/new', 'an error of its item', offer({ mid: '', errorCode: 'internal_error' })],
  [
    'tracks/new',
    'no item',
    answer(200, { tracks: [], sessionDescription: { type: 'offer', sdp: sdp('0') } }),
  ],
  ['tracks/new', 'no mid', offer({})],
  ['tracks/new', 'no description', offer({ mid: '0' }, null)],
  ['tracks/new', 'an answer for an offer', offer({ mid: '0' }, { type: 'answer', sdp: sdp('0') })],
  [
    'tracks/new',
    'an offer without its line end',
    offer({ mid: '0' }, { type: 'offer', sdp: sdp('0').trim() }),
  ],
  ['tracks/new', 'an offer that is no SDP', offer({ mid: '0' }, { type: 'offer', sdp: 'hello\r\n' })],
];

describe('before there is an offer', () => {
  test.each(BEFORE_THE_CALL)(
    '[V3] %s fails with %s: the room is told, nothing is open',
    async (op, _, fault) => {
      const room = await AiRoom.open();
      room.sfu.next(op, fault);
      expect(await failedInvitation(room)).toEqual(FAILED);
      expect(room.openai.requests).toEqual([]);
      await room.untilBalanced();
      expect(await room.balance()).toEqual(NOTHING_OPEN);
    },
  );
});

/** How OpenAI says no, how often it is asked, and what the room is told. */
const CALL_FAULTS: readonly (readonly [string, readonly OpenAiHandler[], object])[] = [
  ['400 invalid_offer', [openAiError(400, 'invalid_offer')], FAILED],
  ['400 beta_api_shape_disabled', [openAiError(400, 'beta_api_shape_disabled')], FAILED],
  ['401 invalid_api_key', [openAiError(401, 'invalid_api_key')], REFUSED],
  ['403 unsupported_country_region_territory', [openAiError(403, 'unsupported_country')], REFUSED],
  ['404 model_not_found', [openAiError(404, 'model_not_found')], REFUSED],
  ['429 insufficient_quota', [openAiError(429, 'insufficient_quota')], REFUSED],
  ['429 credit_balance_exhausted', [openAiError(429, 'credit_balance_exhausted')], REFUSED],
  ['429 three times', Array.from({ length: 3 }, () => openAiError(429, 'rate_limit_exceeded')), FAILED],
  ['503 three times', Array.from({ length: 3 }, () => openAiError(503, 'server_is_overloaded')), FAILED],
  ['500 that is no JSON', Array.from({ length: 3 }, () => raw(500, '<html>')), FAILED],
  [
    '302',
    [(_, response) => void response.writeHead(302, { location: '/v1/realtime/calls/rtc_9' }).end()],
    FAILED,
  ],
  ['a cut', [cut], FAILED],
];

describe('when OpenAI opens no call', () => {
  test.each(CALL_FAULTS)('[V3] [V5] %s: the room is told, the track is closed', async (_, faults, told) => {
    const room = await AiRoom.open();
    room.openai.next('create', ...faults);
    expect(await failedInvitation(room, CALL_WAITS.slice(0, faults.length - 1))).toEqual(told);
    await room.untilBalanced();
    expect([room.openai.of('create').length, room.openai.of('hangup').length]).toEqual([faults.length, 0]);
    expect(room.sfu.of('tracks/close').map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { tracks: [{ mid: '101' }], force: true },
    ]);
  });

  test('[V5] [H11] the words of the API stay in the log', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', openAiError(401, 'invalid_api_key'));
    await failedInvitation(room);
    expect(JSON.stringify(room.alice.frames)).not.toMatch(/secret words|invalid_api_key|401/);
    const line = room.server.logLines.find(({ msg }) => msg === 'AI voice could not be opened');
    expect(JSON.stringify(line)).toContain('HTTP 401 invalid_api_key');
  });
});

describe('an API that is overloaded', () => {
  test('[V5] is asked again after the time that it names, and not before', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', openAiError(429, 'rate_limit_exceeded', { 'retry-after': '7' }));
    const armed = room.clock.armed(7_000);
    room.alice.send({ type: 'enableAi' });
    await armed;
    room.clock.advance(6_999);
    await room.alice.settle();
    expect(room.openai.of('create').length).toBe(1);
    room.clock.advance(1);
    await room.untilAi(({ enabled }) => enabled);
    expect(room.openai.of('create').length).toBe(2);
  });

  test('[V5] is asked again with the same offer after 500 ms, then 1 s, where it names no time', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', openAiError(500, 'server_error'), openAiError(503, 'server_is_overloaded'));
    await room.clock.through(CALL_WAITS, () => room.alice.send({ type: 'enableAi' }));
    await room.untilAi(({ enabled }) => enabled);
    const offers = room.openai.of('create').map(({ parts }) => parts[0]?.content);
    expect([offers.length, new Set(offers).size]).toEqual([3, 1]);
    expect([room.sfu.of('sessions/new').length, room.openai.open.size]).toEqual([1, 1]);
  });

  test('[V5] is not asked again when it names a time after which nobody waits any more', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', openAiError(429, 'rate_limit_exceeded', { 'retry-after': '3600' }));
    const armed = room.clock.armed(3_600_000);
    room.alice.send({ type: 'enableAi' });
    await armed;
    room.clock.advance(20_000);
    expect(await room.untilAi((ai) => ai.error !== undefined)).toEqual(FAILED);
    await room.untilBalanced();
    room.clock.advance(3_600_000);
    await room.alice.settle();
    expect(room.openai.of('create').length).toBe(1);
  });
});
