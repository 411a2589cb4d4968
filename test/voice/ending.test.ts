import { describe, expect, test } from 'vitest';
import { AiRoom } from '../support/ai-room.ts';
import { cut, openAiError, type OpenAiHandler } from '../support/scripted-openai.ts';
import { answer, type SfuHandler } from '../support/scripted-sfu.ts';
import { until } from '../support/until.ts';

const disable = ({ alice }: AiRoom) => alice.send({ type: 'disableAi' });
const attempts = ({ openai, sfu }: AiRoom) => [openai.of('hangup').length, sfu.of('tracks/close').length];

describe('every way out of a room with an AI', () => {
  test.each([
    ['disableAi', disable, { enabled: false }],
    ['the 55th minute', ({ clock }: AiRoom) => clock.advance(55 * 60_000), { enabled: false }],
  ] as const)('[V6] %s: one hang-up, one close, and the room without the AI', async (_, end, told) => {
    const room = await AiRoom.active();
    end(room);
    expect(await room.untilAi(({ enabled }) => !enabled)).toEqual(told);
    expect(room.state.users.map(({ id }) => id)).toEqual(['a']);
    await room.untilBalanced();
    expect(attempts(room)).toEqual([1, 1]);
    expect(room.sfu.of('tracks/close').map(({ path, body }) => [path, JSON.parse(body) as unknown])).toEqual([
      ['/v1/apps/lab-app-id/sessions/session-1/tracks/close', { tracks: [{ mid: '101' }], force: true }],
    ]);
  });

  test('[V6] the last user leaves, and the others do not count', async () => {
    const room = await AiRoom.active();
    const bob = await room.server.connect({ id: 'b', name: 'bob' });
    room.alice.send({ type: 'userLeft' });
    await room.alice.closed;
    await bob.settle();
    expect([room.openai.open.size, attempts(room)]).toEqual([1, [0, 0]]);
    bob.send({ type: 'userLeft' });
    await room.untilBalanced();
    expect(attempts(room)).toEqual([1, 1]);
  });

  test('[V6] one minute before the 55th nothing has ended', async () => {
    const room = await AiRoom.active();
    room.clock.advance(54 * 60_000);
    await room.alice.settle();
    expect([room.state.ai.enabled, attempts(room)]).toEqual([true, [0, 0]]);
  });

  test('[V6] SFU and API are asked in this order, so that what costs most ends first', async () => {
    const room = await AiRoom.active();
    let closedBefore = -1;
    room.openai.next('hangup', (request, response) => {
      closedBefore = room.sfu.of('tracks/close').length;
      room.openai.usualHangUp(request, response);
    });
    disable(room);
    await room.untilBalanced();
    expect(closedBefore).toBe(0);
  });
});

/** What OpenAI says that means that the call is over. */
const OVER: readonly (readonly [string, OpenAiHandler])[] = [
  ['404', openAiError(404, 'call_id_not_found')],
  ['404 without words', (_, response) => void response.writeHead(404).end()],
  ['400 with call_id_not_found', openAiError(400, 'call_id_not_found')],
  ['204', (_, response) => void response.writeHead(204).end()],
];

/** And what does not. */
const NOT_OVER: readonly (readonly [string, OpenAiHandler])[] = [
  ['500', openAiError(500, 'server_error')],
  ['429', openAiError(429, 'rate_limit_exceeded')],
  ['401', openAiError(401, 'invalid_api_key')],
  ['400', openAiError(400, 'bad_request')],
  ['302', (_, response) => void response.writeHead(302, { location: '/' }).end()],
  ['a cut', cut],
];

describe('hanging up', () => {
  test.each(OVER)('[V6] %s: the call is over, and nothing is tried again', async (_, said) => {
    const room = await AiRoom.active();
    room.openai.next('hangup', said);
    disable(room);
    await room.untilStored((calls) => calls.length === 0);
    room.clock.advance(120_000);
    await room.alice.settle();
    expect(attempts(room)).toEqual([1, 1]);
  });

  test.each(NOT_OVER)('[V6] %s: it is tried again after a second, the track is not', async (_, said) => {
    const room = await AiRoom.active();
    room.openai.next('hangup', said);
    await room.clock.through([1_000], () => disable(room));
    await room.untilBalanced();
    expect(attempts(room)).toEqual([2, 1]);
  });

  test('[V6] an answer that was lost: the second attempt finds that the call is over', async () => {
    const room = await AiRoom.active();
    room.openai.next('hangup', room.openai.lostHangUp);
    await room.clock.through([1_000], () => disable(room));
    await room.untilBalanced();
    expect(attempts(room)).toEqual([2, 1]);
  });

  test('[V6] nobody waits for it: the AI can be invited again meanwhile', async () => {
    const room = await AiRoom.active();
    room.openai.next('hangup', openAiError(500, 'server_error'));
    const armed = room.clock.armed(1_000);
    disable(room);
    await armed;
    room.alice.send({ type: 'enableAi' });
    await room.untilAi(({ enabled }) => enabled);
    room.clock.advance(1_000);
    await until(() => !room.openai.open.has('rtc_1'));
    expect([...room.openai.open]).toEqual(['rtc_2']);
  });
});

const item = (fields: object): SfuHandler => answer(200, { tracks: [{ mid: '101', ...fields }] });

const CLOSED: readonly (readonly [string, SfuHandler])[] = [
  ['close_track_error', item({ errorCode: 'close_track_error' })],
  ['404', answer(404, { errorCode: 'session_error' })],
  ['410', answer(410, { errorCode: 'session_error' })],
  ['425', answer(425, { errorCode: 'session_error' })],
];

const NOT_CLOSED: readonly (readonly [string, SfuHandler])[] = [
  ['an error of the track', item({ errorCode: 'internal_error' })],
  ['an answer without the track', answer(200, { tracks: [] })],
  ['another track', answer(200, { tracks: [{ mid: '1' }] })],
  ['200 with errorCode', answer(200, { errorCode: 'backend_error' })],
  ['200 with errorCode and the track', answer(200, { errorCode: 'backend_error', tracks: [{ mid: '101' }] })],
  ['500', answer(500, { errorCode: 'internal_error' })],
  ['500 with the track', answer(500, { tracks: [{ mid: '101' }] })],
  ['a cut', cut],
  ['not JSON', (_, response) => void response.writeHead(200).end('<html>')],
];

describe('closing the track', () => {
  test.each(CLOSED)('[V6] %s: it is closed, and nothing is tried again', async (_, said) => {
    const room = await AiRoom.active();
    room.sfu.next('tracks/close', said);
    disable(room);
    await room.untilStored((calls) => calls.length === 0);
    room.clock.advance(120_000);
    await room.alice.settle();
    expect(attempts(room)).toEqual([1, 1]);
  });

  test.each(NOT_CLOSED)('[V6] %s: it is tried again after a second, the hang-up is not', async (_, said) => {
    const room = await AiRoom.active();
    room.sfu.next('tracks/close', said);
    await room.clock.through([1_000], () => disable(room));
    await room.untilBalanced();
    expect(attempts(room)).toEqual([1, 2]);
  });

  test('[V6] internal_error, then close_track_error: the row is gone only after the second', async () => {
    const room = await AiRoom.active();
    const said = ['internal_error', 'close_track_error'].map((errorCode) => item({ errorCode }));
    room.sfu.next('tracks/close', ...said);
    const armed = room.clock.armed(1_000);
    disable(room);
    await armed;
    expect((await room.store.listAiCalls()).length).toBe(1);
    room.clock.advance(1_000);
    await room.untilStored((calls) => calls.length === 0);
  });
});

describe('what cannot be ended', () => {
  const FIRST = [1, 2, 4, 8, 16, 32].map((seconds) => seconds * 1_000);
  /** 63 s of growing waits, and minutes up to two hours. */
  const MINUTES = Array.from({ length: 119 }, () => 60_000);

  const neverOver = (room: AiRoom, times: number): void =>
    room.openai.next('hangup', ...Array.from({ length: times }, () => openAiError(500, 'server_error')));

  test('[V6] is tried after 1, 2, 4, 8, 16, 32 and 60 s, and then every minute', async () => {
    const room = await AiRoom.active();
    neverOver(room, 9);
    await room.clock.through([...FIRST, 60_000, 60_000, 60_000], () => disable(room));
    await room.untilBalanced();
    expect([attempts(room), room.clock.now()]).toEqual([[10, 1], 1_000_000 + 243_000]);
  });

  test('[V6] is given up two hours after its opening, with an error in the log', async () => {
    const room = await AiRoom.active();
    neverOver(room, 1_000);
    await room.clock.through([...FIRST, ...MINUTES], () => disable(room));
    await room.untilStored((calls) => calls.length === 0);
    expect(attempts(room)).toEqual([126, 1]);
    expect(
      room.server.logLines.filter(({ level }) => level === 'error' || Number(level) >= 50),
    ).toMatchObject([{ msg: 'AI call not ended, but dead by now', callId: 'rtc_1', session: 'session-1' }]);
  });
});
