/**
 * What a killed process leaves open at the AI's upstreams, and the next one ends. [V7]
 *
 * One thing cannot be ended: a call that was created, and whose id was not in the store when the process died, because the
 * answer that names it was still under way, or its row not yet committed. No later process can name it. It is a call that
 * has never been connected, since the SFU is given a call's answer only after the call is in the store [V2]: without that
 * answer the offer's end never completes DTLS, and OpenAI lets such a call die by itself (openai-realtime.md C.8). The
 * m-line that made the offer is the same on the SFU's side: it has no media path, and the SFU drops a track without packets
 * after 30 s (calls-api.md).
 */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { connect } from '../support/ai-connections.ts';
import { answerAs, CrashStage, type Row } from '../support/crash-stage.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import type { OpenAiRequest } from '../support/scripted-openai.ts';
import type { SfuHandler, SfuRequest } from '../support/scripted-sfu.ts';

/** A moment of death: what leads there, and what is so then. */
type Death = {
  readonly at: string;
  /** Resolves at the moment. */
  readonly lead: (stage: CrashStage) => Promise<void>;
  /** What the process has stored, and which calls the SFU was given. */
  readonly left: unknown;
};

/** The first session is the first AI's: nobody else opens one before. */
const ROW: Row = { callId: 'rtc_first', sessionId: 'session-1' };
const USERS: Row = { callId: '', sessionId: 'session-2' };
const NOTHING = { stored: [], connected: [] };
/** The process may have come further than the upstreams know. */
const EITHER: unknown = expect.any(Object);
const CONNECTED = { stored: [ROW], connected: ['rtc_first'] };

/** Lets a handler answer; resolves when the answer has left. */
function whenSent<R>(
  handler: (request: R, response: ServerResponse) => void,
  script: (handler: (request: R, response: ServerResponse) => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    script((request, response) => {
      response.once('finish', resolve);
      handler(request, response);
    });
  });
}

/** Before an operation of the SFU is done, at its next request. */
const whileSfuHolds = (operation: string, left: unknown, act: 'invite' | 'dismiss'): Death => ({
  at: `while the SFU holds ${operation}`,
  left,
  lead: async (stage) => {
    const { sfu } = stage.upstreams;
    if (act === 'dismiss') await stage.activate();
    else if (operation === 'renegotiate') stage.willCreate();
    const held = stage.held(sfu.usual);
    sfu.next(operation, held.handler);
    stage[act]();
    await held.arrived();
  },
});

/** The call is named, and some time later: before or after its row, before or after the SFU is told. */
const afterCreation = (turns: number): Death => ({
  at: `${turns} turns after answer 3`,
  left: EITHER,
  lead: async (stage) => {
    const { openai } = stage.upstreams;
    const sent = whenSent(stage.created('rtc_first'), (handler) => openai.next('create', handler));
    stage.invite();
    await sent;
    for (let turn = 0; turn < turns; turn += 1) await endOfTurn();
  },
});

const whileOpenAiHoldsTheAnswer: Death = {
  at: 'while OpenAI holds answer 3',
  left: NOTHING,
  lead: async (stage) => {
    const held = stage.held(answerAs('rtc_first'));
    stage.upstreams.openai.next('create', stage.created('rtc_first', held.handler));
    stage.invite();
    await held.arrived();
  },
};

const DEATHS: readonly Death[] = [
  { ...whileSfuHolds('sessions/new', NOTHING, 'invite'), at: 'while the SFU holds request 1' },
  { ...whileSfuHolds('tracks/new', NOTHING, 'invite'), at: 'while the SFU holds request 2' },
  whileOpenAiHoldsTheAnswer,
  ...[0, 20, 300, 1_000].map(afterCreation),
  {
    ...whileSfuHolds('renegotiate', CONNECTED, 'invite'),
    at: 'while the SFU holds request 4',
  },
  {
    at: 'just after answer 4',
    left: CONNECTED,
    lead: async (stage) => {
      const { sfu } = stage.upstreams;
      stage.willCreate();
      const sent = whenSent(sfu.usual, (handler: SfuHandler) => sfu.next('renegotiate', handler));
      stage.invite();
      await sent;
    },
  },
  { at: 'while the AI is in the room', left: CONNECTED, lead: (stage) => stage.activate() },
  {
    at: 'while the SFU holds a control route',
    left: CONNECTED,
    lead: async (stage) => {
      const { alice, upstreams } = stage;
      await stage.activate();
      const track = await stage.publish();
      const held = stage.held(upstreams.sfu.usual);
      upstreams.sfu.next('tracks/new', held.handler);
      alice.send({ type: 'requestAiControl', track });
      await held.arrived();
    },
  },
  {
    at: 'while a user has a connection to it',
    left: { ...CONNECTED, stored: [ROW, USERS] },
    lead: async (stage) => {
      await stage.activate();
      connect(stage.alice);
      await stage.alice.waitFor(({ type }) => type === 'aiSdp');
    },
  },
  {
    at: 'while the SFU holds a user’s offer',
    left: { ...CONNECTED, stored: [ROW, USERS] },
    lead: async (stage) => {
      const { sfu } = stage.upstreams;
      await stage.activate();
      const held = stage.held(sfu.usual);
      sfu.next('tracks/new', held.handler);
      connect(stage.alice);
      await held.arrived();
    },
  },
  {
    at: 'while OpenAI holds the hang-up',
    left: CONNECTED,
    lead: async (stage) => {
      const { openai } = stage.upstreams;
      await stage.activate();
      const held = stage.held(openai.usualHangUp);
      openai.next('hangup', held.handler);
      stage.dismiss();
      await held.arrived();
    },
  },
  {
    at: 'while a stop waits for the hang-up',
    left: CONNECTED,
    lead: async (stage) => {
      const { openai } = stage.upstreams;
      await stage.activate();
      const held = stage.held(openai.usualHangUp);
      openai.next('hangup', held.handler);
      stage.server.kill('SIGTERM');
      await held.arrived();
    },
  },
  {
    at: 'just after the hang-up',
    left: EITHER,
    lead: async (stage) => {
      const { openai } = stage.upstreams;
      await stage.activate();
      const sent = whenSent(openai.usualHangUp, (handler) => openai.next('hangup', handler));
      stage.dismiss();
      await sent;
    },
  },
  {
    ...whileSfuHolds('tracks/close', CONNECTED, 'dismiss'),
    at: 'before the force-close',
  },
  {
    at: 'just after the force-close',
    left: EITHER,
    lead: async (stage) => {
      const { sfu } = stage.upstreams;
      await stage.activate();
      const sent = whenSent(sfu.usual, (handler: SfuHandler) => sfu.next('tracks/close', handler));
      stage.dismiss();
      await sent;
    },
  },
];

/** The calls and sessions of rows, as they are to be ended. */
const endingsOf = (rows: readonly Row[]) => ({
  calls: rows.map(({ callId }) => callId).filter((callId) => callId !== ''),
  sessions: rows.map(({ sessionId }) => sessionId),
});

const BALANCED = { calls: [], tracks: [] };

test.each(DEATHS)(
  '[V2] [V7] [V14] [S6] [S9] killed $at: the next process ends what was connected, and the room takes another AI',
  async ({ lead, left }) => {
    const stage = await CrashStage.open();
    const { meetingId, users } = stage.state;
    await lead(stage);
    await stage.kill();
    const stored = stage.stored();
    expect({ stored, connected: stage.connected }).toEqual(left);
    expect(endingsOf(stored).calls).toEqual(expect.arrayContaining([...stage.costs.calls]));

    const endings = stage.listen();
    await stage.start();
    expect(await endings.asked(stored)).toEqual(endingsOf(stored));
    expect(stage.costs).toEqual(BALANCED);
    await stage.join();
    expect(stage.state).toEqual({ ai: { enabled: false }, meetingId, users });

    await stage.activate('rtc_second');
    expect(stage.costs.calls).toEqual(['rtc_second']);
    expect(stage.state.meetingId).toBe(meetingId);
    expect(await stage.stop()).toEqual([]);
    expect(stage.costs).toEqual(BALANCED);
    const named = new Set([...endingsOf(stored).calls, ...stage.connected]);
    expect([...stage.upstreams.openai.open].filter((callId) => named.has(callId))).toEqual([]);
  },
);

test('[V2] [V7] a call whose id dies with its process is out of reach, and has never been connected', async () => {
  const stage = await CrashStage.open();
  await whileOpenAiHoldsTheAnswer.lead(stage);
  await stage.kill();
  await stage.start();
  await stage.stop();
  const { openai, sfu } = stage.upstreams;
  expect({
    open: [...openai.open],
    hangups: openai.of('hangup'),
    answers: sfu.of('renegotiate'),
    closes: sfu.of('tracks/close'),
  }).toEqual({ open: ['rtc_first'], hangups: [], answers: [], closes: [] });
});

describe('[V6] [V7] [S6] killed again while it ends what the first has left', () => {
  test('before the hang-up: the third process does both', async () => {
    const stage = await CrashStage.open();
    await stage.activate();
    await stage.kill();
    const lost = stage.lost<OpenAiRequest>();
    stage.upstreams.openai.next('hangup', lost.handler);
    await stage.start();
    await lost.arrived();
    await stage.kill();
    expect(stage.stored()).toEqual([ROW]);
    await expectEndedByNext(stage);
  });

  test('before the force-close: the third process is told that there is no such call, and closes', async () => {
    const stage = await CrashStage.open();
    await stage.activate();
    await stage.kill();
    const lost = stage.lost<SfuRequest>();
    stage.upstreams.sfu.next('tracks/close', lost.handler);
    await stage.start();
    await lost.arrived();
    await stage.kill();
    expect([stage.stored(), [...stage.upstreams.openai.open]]).toEqual([[ROW], []]);
    await expectEndedByNext(stage);
  });

  test('with an AI of its own in the room: the third process ends both', async () => {
    const stage = await CrashStage.open();
    await stage.activate();
    await stage.kill();
    const lost = stage.lost<OpenAiRequest>();
    stage.upstreams.openai.next('hangup', lost.handler);
    await stage.start();
    await lost.arrived();
    await stage.join();
    await stage.activate('rtc_second');
    await stage.kill();
    const second: Row = { callId: 'rtc_second', sessionId: 'session-2' };
    expect(stage.stored()).toEqual([ROW, second]);
    await expectEndedByNext(stage, [ROW, second]);
  });
});

/** The next process asks for the end of all that is stored, once, and then nothing is left anywhere. */
async function expectEndedByNext(stage: CrashStage, rows: readonly Row[] = [ROW]): Promise<void> {
  const endings = stage.listen();
  await stage.start();
  expect(await endings.asked(rows)).toEqual(endingsOf(rows));
  expect(await stage.stop()).toEqual([]);
  expect([[...stage.upstreams.openai.open], [...stage.upstreams.sfu.open]]).toEqual([[], []]);
}
