import { describe, expect, test } from 'vitest';
import { AiRoom, Held } from '../support/ai-room.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { watchProcess } from '../support/process-errors.ts';
import { openAiError } from '../support/scripted-openai.ts';
import { answer } from '../support/scripted-sfu.ts';
import { until } from '../support/until.ts';

const NOTHING_OPEN = { calls: [], tracks: [], stored: [] };
const STEPS = ['sessions/new', 'tracks/new', 'create', 'renegotiate'] as const;
type Step = (typeof STEPS)[number];

/** Holds back one of the four answers; gives the way to let it go. */
function hold({ sfu, openai }: AiRoom, step: Step): { arrived(): Promise<void>; release(): void } {
  if (step === 'create') {
    const held = new Held(openai.accept());
    openai.next(step, held.handler);
    return held;
  }
  const held = new Held(sfu.usual);
  sfu.next(step, held.handler);
  return held;
}

/** What is done, and what the room looks like after it. */
const CANCELS: Readonly<Record<string, (room: AiRoom) => Promise<unknown>>> = {
  disableAi: (room) => {
    room.alice.send({ type: 'disableAi' });
    return room.untilAi((ai) => ai.connectionPending !== true);
  },
  'the leaving of the last user': async (room) => {
    room.alice.send({ type: 'userLeft' });
    await room.alice.closed;
  },
  'the timeout': (room) => {
    room.clock.advance(7_000);
    return room.untilAi((ai) => ai.error === 'Error establishing connection with AI');
  },
};

const CASES = STEPS.flatMap((step) =>
  Object.entries(CANCELS).map(([what, cancel]) => ({ step, what, cancel })),
);

/** What each step, answered too late, must lead to: no further step, and an end to what it opened. */
const ASKED: Readonly<Record<Step, { offers: number; creates: number; answers: number }>> = {
  'sessions/new': { offers: 0, creates: 0, answers: 0 },
  'tracks/new': { offers: 1, creates: 0, answers: 0 },
  create: { offers: 1, creates: 1, answers: 0 },
  renegotiate: { offers: 1, creates: 1, answers: 1 },
};

const asked = ({ sfu, openai }: AiRoom) => ({
  offers: sfu.of('tracks/new').length,
  creates: openai.of('create').length,
  answers: sfu.of('renegotiate').length,
});

describe('an invitation that is taken back', () => {
  test.each(CASES)(
    '[V4] $what while $step is under way: what its answer opened is ended',
    async ({ step, cancel }) => {
      const errors = watchProcess();
      const room = await AiRoom.open({ environment: { AI_CONNECT_TIMEOUT_MS: '7000' } });
      const held = hold(room, step);
      room.alice.send({ type: 'enableAi' });
      await held.arrived();
      await cancel(room);
      held.release();
      await room.untilBalanced();
      await room.server.app.close();
      expect([asked(room), await room.balance(), errors]).toEqual([ASKED[step], NOTHING_OPEN, []]);
    },
  );

  test.each(STEPS)('[V4] disableAi in the turn in which %s is answered, before and after', async (step) => {
    for (const answerFirst of [true, false]) {
      const room = await AiRoom.open();
      const held = hold(room, step);
      room.alice.send({ type: 'enableAi' });
      await held.arrived();
      if (answerFirst) held.release();
      room.alice.send({ type: 'disableAi' });
      if (!answerFirst) held.release();
      await room.alice.settle();
      await room.untilBalanced();
      expect(await room.untilAi(({ enabled }) => !enabled)).toEqual({ enabled: false });
      await room.server.app.close();
      expect(await room.balance()).toEqual(NOTHING_OPEN);
    }
  });

  test('[V4] and made again: the second call stays, the first is hung up', async () => {
    const room = await AiRoom.open();
    const first = hold(room, 'create');
    room.alice.send({ type: 'enableAi' });
    await first.arrived();
    room.alice.send({ type: 'disableAi' });
    room.alice.send({ type: 'enableAi' });
    await room.untilAi(({ enabled }) => enabled);
    first.release();
    await room.openai.asked('hangup', 1);
    await room.sfu.asked('tracks/close', 1);
    await room.untilStored((calls) => calls.length === 1);
    expect(await room.balance()).toMatchObject({
      calls: ['rtc_1'],
      tracks: ['session-2/102'],
      stored: [{ callId: 'rtc_1', sessionId: 'session-2' }],
    });
    expect(room.openai.of('hangup').map(({ path }) => path)).toEqual(['/v1/realtime/calls/rtc_2/hangup']);
  });

  test('[V5] is not asked for again when the API then says that it is overloaded', async () => {
    const room = await AiRoom.open();
    const held = new Held(openAiError(429, 'rate_limit_exceeded', { 'retry-after': '3' }));
    room.openai.next('create', held.handler);
    room.alice.send({ type: 'enableAi' });
    await held.arrived();
    room.alice.send({ type: 'disableAi' });
    await room.untilAi((ai) => ai.connectionPending !== true);
    held.release();
    // Nobody waits any more: the track is closed at once, not after the time that the API names.
    await room.untilBalanced();
    room.clock.advance(3_000);
    await room.alice.settle();
    expect(room.openai.of('create').length).toBe(1);
  });

  test('[V4] is hung up at once when the SFU then does not take the answer', async () => {
    const room = await AiRoom.open();
    const held = new Held(answer(500, { errorCode: 'internal_error' }));
    room.sfu.next('renegotiate', held.handler);
    room.alice.send({ type: 'enableAi' });
    await held.arrived();
    room.alice.send({ type: 'disableAi' });
    await room.untilAi((ai) => ai.connectionPending !== true);
    held.release();
    await room.untilBalanced();
    expect(room.sfu.of('renegotiate').length).toBe(1);
  });
});

describe('a server that stops while a call is being opened', () => {
  test.each(STEPS)('[V4] [V7] waits for the answer to %s, and ends what it opened', async (step) => {
    const room = await AiRoom.open();
    const held = hold(room, step);
    room.alice.send({ type: 'enableAi' });
    await held.arrived();
    const closed = room.server.app.close();
    await room.alice.closed;
    await endOfTurn();
    held.release();
    await closed;
    expect(await room.balance()).toEqual(NOTHING_OPEN);
  });

  test('[V4] [V7] and has given up waiting still hangs up when the answer comes', async () => {
    const room = await AiRoom.open();
    const held = hold(room, 'create');
    room.alice.send({ type: 'enableAi' });
    await held.arrived();
    const stop = { done: false };
    void room.server.app.close().finally(() => (stop.done = true));
    await until(() => {
      room.clock.advance(1_000);
      return stop.done;
    });
    held.release();
    await room.untilBalanced();
    expect(room.openai.of('hangup').length).toBe(1);
  });

  test('[V5] does not wait for an API that is overloaded', async () => {
    const room = await AiRoom.open();
    const held = new Held(openAiError(503, 'server_is_overloaded', {}));
    room.openai.next('create', held.handler);
    room.alice.send({ type: 'enableAi' });
    await held.arrived();
    const closed = room.server.app.close();
    await room.alice.closed;
    await endOfTurn();
    held.release();
    await closed;
    expect([room.openai.of('create').length, await room.balance()]).toEqual([1, NOTHING_OPEN]);
  });
});
