import { describe, expect, test } from 'vitest';
import { AiRoom } from '../support/ai-room.ts';
import { cut, openAiError } from '../support/scripted-openai.ts';
import { answer, sdp, type SfuHandler } from '../support/scripted-sfu.ts';

const FAILED = { enabled: false, connectionPending: false, error: 'Error establishing connection with AI' };

/** Invites the AI, lets the waits between the attempts pass, and gives what the room is told in the end. */
async function failedInvitation(room: AiRoom, waits: readonly number[] = []): Promise<unknown> {
  await room.clock.through(waits, () => room.alice.send({ type: 'enableAi' }));
  return room.untilAi((ai) => ai.error !== undefined);
}

/** Between attempts at giving the SFU its answer. */
const ANSWER_WAITS = [100, 400, 1_600, 3_200];

describe('when the call is open and of no use', () => {
  test.each([
    ['JSON in place of SDP', { body: '{"id":"rtc"}', contentType: 'application/json' }],
    ['no body', { body: '' }],
    ['SDP without its line end', { body: sdp('0').trim() }],
    ['SDP without media', { body: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' }],
  ])('[V3] %s: the call is hung up, its track closed, the SFU given nothing', async (_, how) => {
    const room = await AiRoom.open();
    room.openai.next('create', room.openai.accept(how));
    expect(await failedInvitation(room)).toEqual(FAILED);
    await room.untilBalanced();
    expect(room.sfu.of('renegotiate')).toEqual([]);
    expect(room.openai.of('hangup').map(({ path }) => path)).toEqual(['/v1/realtime/calls/rtc_1/hangup']);
  });

  test.each([
    ['no Location', () => undefined],
    ['an empty Location', () => ''],
    ['a Location that names no call', () => '/v1/realtime/calls/%2e%2e%2fx'],
  ])('[V3] with %s nobody can end it: it is not used, and its track is closed', async (_, location) => {
    const room = await AiRoom.open();
    room.openai.next('create', room.openai.accept({ location }));
    expect(await failedInvitation(room)).toEqual(FAILED);
    room.openai.open.clear();
    await room.untilBalanced();
    expect([room.sfu.of('renegotiate'), room.openai.of('hangup')]).toEqual([[], []]);
  });

  test('[V3] the head of the answer came and its body did not: the call that it names is hung up', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', (_, response) => {
      room.openai.open.add('rtc_cut');
      response.writeHead(201, {
        'content-type': 'application/sdp',
        'content-length': '5000',
        location: '/v1/realtime/calls/rtc_cut',
      });
      response.write('v=0\r\n', () => response.destroy());
    });
    expect(await failedInvitation(room)).toEqual(FAILED);
    await room.untilBalanced();
  });

  const passing = Array.from({ length: 5 }, () => answer(500, { errorCode: 'internal_error' }));
  test.each([
    ['500 five times', passing],
    ['425 five times', passing.map(() => answer(425, { errorCode: 'session_error' }))],
    ['200 with errorCode', [answer(200, { errorCode: 'invalid_session_description' })]],
    ['406', [answer(406, { errorCode: 'invalid_session_description' })]],
    ['410', [answer(410, { errorCode: 'session_error' })]],
    ['five cuts', passing.map(() => cut as SfuHandler)],
  ] as const)('[V3] renegotiate fails with %s: the call is hung up, its track closed', async (_, faults) => {
    const room = await AiRoom.open();
    room.sfu.next('renegotiate', ...faults);
    expect(await failedInvitation(room, ANSWER_WAITS.slice(0, faults.length - 1))).toEqual(FAILED);
    await room.untilBalanced();
    expect([room.sfu.of('renegotiate').length, room.openai.of('hangup').length]).toEqual([faults.length, 1]);
  });
});

describe('what is not a failure', () => {
  test.each([
    ['relative, with a query', (id: string) => `/v1/realtime/calls/${id}?x=1`],
    ['absolute', (id: string) => `https://eu.api.openai.com/v1/realtime/calls/${id}`],
    ['relative to where it was asked', (id: string) => `calls/${id}`],
  ])(
    '[V1] a Location that is %s names the call, which is hung up at the configured API',
    async (_, location) => {
      const room = await AiRoom.open();
      room.openai.next('create', room.openai.accept({ location }));
      room.alice.send({ type: 'enableAi' });
      await room.untilAi(({ enabled }) => enabled);
      room.alice.send({ type: 'disableAi' });
      await room.untilBalanced();
      expect(room.openai.of('hangup').map(({ path, headers, body }) => [path, headers, body.length])).toEqual(
        [
          [
            '/v1/realtime/calls/rtc_1/hangup',
            expect.objectContaining({
              authorization: 'Bearer sk-test',
              accept: '*/*',
              'content-length': '0',
            }),
            0,
          ],
        ],
      );
    },
  );

  test('[V1] 200 in place of 201 is a call too', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', room.openai.accept({ status: 200 }));
    room.alice.send({ type: 'enableAi' });
    expect(await room.untilAi(({ enabled }) => enabled)).toEqual({ enabled: true, connectionPending: false });
  });

  test('[V3] an answer that the SFU takes at the second attempt is taken', async () => {
    const room = await AiRoom.open();
    room.sfu.next('renegotiate', answer(425, { errorCode: 'session_error' }));
    await room.clock.through([100], () => room.alice.send({ type: 'enableAi' }));
    await room.untilAi(({ enabled }) => enabled);
    expect([room.sfu.of('renegotiate').length, room.openai.open.size]).toEqual([2, 1]);
  });

  test('[V3] after a failure the next invitation opens a call', async () => {
    const room = await AiRoom.open();
    room.openai.next('create', openAiError(400, 'invalid_offer'));
    await failedInvitation(room);
    room.alice.send({ type: 'enableAi' });
    expect(await room.untilAi(({ enabled }) => enabled)).toEqual({ enabled: true, connectionPending: false });
    await room.untilStored((calls) => calls.length === 1);
    expect(await room.balance()).toMatchObject({ calls: ['rtc_1'], tracks: ['session-2/102'] });
  });
});
