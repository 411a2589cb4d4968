import { expect, test } from 'vitest';
import { AiRoom, Held } from '../support/ai-room.ts';
import { cut } from '../support/scripted-openai.ts';
import { answer, type SfuHandler } from '../support/scripted-sfu.ts';

const LOOK_MS = 30_000;
const gone = answer(410, { errorCode: 'session_error' });

/** Lets the time of a look come, and waits until the server waits for the next. */
async function look(room: AiRoom): Promise<void> {
  const armed = room.clock.armed(LOOK_MS);
  room.clock.advance(LOOK_MS);
  await armed;
}

test.each([
  ['410', gone],
  ['404', answer(404, { errorCode: 'session_error' })],
])(
  '[V9] the SFU says %s at the look of the 30th second: the room is told, the call ended',
  async (_, said) => {
    const room = await AiRoom.active();
    room.sfu.next('session', said);
    room.clock.advance(LOOK_MS - 1);
    await room.alice.settle();
    expect(room.sfu.of('session')).toEqual([]);
    room.clock.advance(1);
    expect(await room.untilAi(({ enabled }) => !enabled)).toEqual({
      enabled: false,
      connectionPending: false,
      error: 'The connection with the AI was lost',
    });
    expect(room.state.users.map(({ id }) => id)).toEqual(['a']);
    await room.untilBalanced();
    expect(room.sfu.of('session').map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', '/v1/apps/lab-app-id/sessions/session-1', `?correlationId=${room.state.meetingId}`],
    ]);
  },
);

const UNCLEAR: readonly (readonly [string, SfuHandler])[] = [
  ['200', answer(200, { tracks: [] })],
  ['500', answer(500, { errorCode: 'internal_error' })],
  ['425', answer(425, { errorCode: 'session_error' })],
  ['429', answer(429, {})],
  ['403', answer(403, { errorCode: 'unauthorized' })],
  ['a cut', cut],
];

test.each(UNCLEAR)('[V9] %s says nothing of the AI: it stays, and is looked for again', async (_, said) => {
  const room = await AiRoom.active();
  room.sfu.next('session', said, said, gone);
  await look(room);
  await look(room);
  await room.alice.settle();
  expect([room.state.ai, room.openai.of('hangup')]).toEqual([
    { enabled: true, connectionPending: false },
    [],
  ]);
  room.clock.advance(LOOK_MS);
  await room.untilAi(({ enabled }) => !enabled);
  await room.untilBalanced();
});

test('[V9] an SFU that is gone altogether takes nothing away', async () => {
  const room = await AiRoom.active();
  await room.sfu.stop();
  await look(room);
  await room.alice.settle();
  expect(room.state.ai).toEqual({ enabled: true, connectionPending: false });
});

test('[V9] after its end an AI is not looked for any more', async () => {
  const room = await AiRoom.active();
  await look(room);
  room.alice.send({ type: 'disableAi' });
  await room.untilBalanced();
  room.clock.advance(10 * LOOK_MS);
  await room.alice.settle();
  expect(room.sfu.of('session').length).toBe(1);
});

test('[V9] a look that is answered after its AI says nothing about the next one', async () => {
  const room = await AiRoom.active();
  const held = new Held(gone);
  room.sfu.next('session', held.handler);
  room.clock.advance(LOOK_MS);
  await held.arrived();
  room.alice.send({ type: 'disableAi' });
  room.alice.send({ type: 'enableAi' });
  await room.untilAi(({ enabled, connectionPending }) => enabled && connectionPending === false);
  await room.sfu.asked('renegotiate', 2);
  await room.untilAi(({ enabled }) => enabled);
  held.release();
  await look(room);
  await room.alice.settle();
  expect([room.state.ai, [...room.openai.open]]).toEqual([
    { enabled: true, connectionPending: false },
    ['rtc_2'],
  ]);
});
