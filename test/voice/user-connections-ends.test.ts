import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { StoredAiCall } from '../../src/store/store.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { ANSWER, connect, connected, error, FAILED, NO_AI, told, withAi } from '../support/ai-connections.ts';
import { environmentOf, Held, stateOf, type AiRoom } from '../support/ai-room.ts';
import { cut } from '../support/scripted-openai.ts';
import { answer, type SfuHandler } from '../support/scripted-sfu.ts';
import { startServer } from '../support/server.ts';
import type { TestClient } from '../support/test-client.ts';
import { until } from '../support/until.ts';

const NOTHING_OPEN = { calls: [], tracks: [], stored: [] };

describe('its end', () => {
  const ENDS: Readonly<Record<string, (room: AiRoom) => unknown>> = {
    'the dismissal of the AI': ({ alice }) => alice.send({ type: 'disableAi' }),
    'the leaving of everybody': ({ alice }) => alice.send({ type: 'userLeft' }),
    'the limit of the AI’s session': ({ clock }) => clock.advance(55 * 60_000),
    'the loss of the AI': (room) => {
      room.sfu.next('session', answer(404, {}));
      room.clock.advance(30_000);
    },
  };

  test.each(Object.entries(ENDS))('[V14] comes with %s', async (_, end) => {
    const room = await withAi();
    await connected(room, room.alice);
    expect([...room.sfu.open.values()]).toEqual(['ai-generated-voice', 'microphone']);
    end(room);
    await room.untilBalanced();
    expect(await room.balance()).toEqual(NOTHING_OPEN);
  });

  test('[V14] [H17] comes with its user, and the AI stays', async () => {
    const room = await withAi();
    const bob = await room.server.connect({ id: 'b', name: 'bob' });
    await connected(room, room.alice);
    await connected(room, bob);
    bob.send({ type: 'userLeft' });
    await until(async () => (await room.store.listAiCalls()).length === 2);
    expect([...room.sfu.open.values()]).toEqual(['ai-generated-voice', 'microphone']);
    expect(room.sfu.open.has('session-3/0')).toBe(false);
    expect(stateOf(room.alice).ai.enabled).toBe(true);
  });

  test('[V14] comes with the next offer of the same user', async () => {
    const room = await withAi();
    await connected(room, room.alice);
    await connected(room, room.alice);
    await until(() => !room.sfu.open.has('session-2/0'));
    expect(room.sfu.open.has('session-3/0')).toBe(true);
    expect(told(room.alice)).toEqual([
      { type: 'aiSdp', sdp: ANSWER },
      { type: 'aiSdp', sdp: ANSWER },
    ]);
    await room.untilStored((rows) => rows.length === 2);
    room.alice.send({ type: 'requestAiControl' });
    await room.untilAi(({ controllingUser }) => controllingUser === 'a');
    expect(room.sfu.of('tracks/new').at(-1)?.body).toContain('"session-3"');
  });

  test('[V14] a second offer while the first is under way is refused, and the first one stands', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('sessions/new', held.handler);
    connect(room.alice);
    await held.arrived();
    connect(room.alice);
    await until(() => told(room.alice).length > 0);
    held.release();
    await until(() => told(room.alice).length > 1);
    expect(told(room.alice)).toEqual([
      error('ai_connection_pending', 'Your connection to the AI is being opened'),
      { type: 'aiSdp', sdp: ANSWER },
    ]);
    expect(room.sfu.of('sessions/new').length).toBe(2);
  });

  test('[V14] a page that was loaded again while the voice was waited for is not told of its predecessor', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('tracks/new', room.sfu.usual, held.handler);
    connect(room.alice);
    await held.arrived();
    await connected(room, room.alice);
    held.release();
    await until(() => !room.sfu.open.has('session-2/0'));
    await room.alice.settle();
    expect(told(room.alice)).toEqual([
      { type: 'aiSdp', sdp: ANSWER },
      { type: 'aiSdp', sdp: ANSWER },
    ]);
  });

  test('[H17] the answer goes to the WebSocket that asked, not to the one that took its place', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('tracks/new', held.handler);
    connect(room.alice);
    await held.arrived();
    const newer = await room.server.connect({ id: 'a', name: 'alice' });
    await newer.settle();
    held.release();
    await room.sfu.asked('tracks/new', 3);
    await newer.settle();
    expect([told(room.alice), told(newer)]).toEqual([[], []]);
  });

  const STEPS = [
    ['the session', 'sessions/new', []],
    ['the offer', 'tracks/new', []],
    ['the voice', 'tracks/new', ['usual']],
  ] as const;
  const CANCELS: Readonly<Record<string, (room: AiRoom, bob: TestClient) => Promise<unknown>>> = {
    'the AI goes': (room) => {
      room.alice.send({ type: 'disableAi' });
      return room.untilAi(({ enabled }) => !enabled);
    },
    'its user goes': (_, bob) => {
      bob.send({ type: 'userLeft' });
      return bob.closed;
    },
  };
  const CASES = STEPS.flatMap(([what, step, before]) =>
    Object.entries(CANCELS).map(([cancel, go]) => ({ what, step, before, cancel, go })),
  );

  test.each(CASES)(
    '[V14] what has ended while $what was waited for is closed too: $cancel',
    async ({ step, before, go }) => {
      const room = await withAi();
      const bob = await room.server.connect({ id: 'b', name: 'bob' });
      const held = new Held(room.sfu.usual);
      room.sfu.next(step, ...before.map(() => room.sfu.usual), held.handler);
      connect(bob);
      await held.arrived();
      await go(room, bob);
      held.release();
      room.alice.send({ type: 'disableAi' });
      await room.untilBalanced();
      expect(await room.balance()).toEqual(NOTHING_OPEN);
    },
  );

  test('[V14] of two offers it is the newer one whose end is told', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('sessions/new', held.handler);
    connect(room.alice);
    await held.arrived();
    room.alice.send({ type: 'disableAi' });
    await room.untilAi(({ enabled }) => !enabled);
    room.alice.send({ type: 'enableAi' });
    await room.untilAi(({ enabled }) => enabled);
    await connected(room, room.alice);
    held.release();
    await until(() => room.server.logLines.some(({ msg }) => msg === 'no connection to the AI'));
    await room.alice.settle();
    expect(told(room.alice)).toEqual([{ type: 'aiSdp', sdp: ANSWER }]);
  });

  test('[V14] a user opens ten in a row, and then one in ten seconds', async () => {
    const room = await withAi();
    for (let n = 0; n < 10; n += 1) await connected(room, room.alice);
    connect(room.alice);
    await until(() => told(room.alice).length > 10);
    expect(told(room.alice).at(-1)).toEqual(error('rate_limited', 'Too many messages'));
    room.clock.advance(10_000);
    await connected(room, room.alice);
    expect(told(room.alice).at(-1)).toEqual({ type: 'aiSdp', sdp: ANSWER });
  });

  test('[V14] who waits when the AI goes is told so', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('tracks/new', held.handler);
    connect(room.alice);
    await held.arrived();
    room.alice.send({ type: 'disableAi' });
    await room.alice.settle();
    held.release();
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([NO_AI]);
  });

  test('[V14] [V7] one that a process has left is closed by the next', async () => {
    const room = await withAi();
    await connected(room, room.alice);
    const store = new MemoryStore();
    for (const row of await room.store.listAiCalls()) await store.noteAiCall(row);
    await startServer(environmentOf(room), { store, clock: room.clock });
    await until(async () => (await store.listAiCalls()).length === 0);
    expect([...room.sfu.open.keys()]).toEqual([]);
  });
});

describe('its failure', () => {
  const noMedia = { type: 'answer', sdp: 'v=0\r\ns=-\r\n' };
  const oneWay = { type: 'answer', sdp: ANSWER.replace('a=sendrecv', 'a=recvonly') };
  const FAULTS: readonly (readonly [string, string, SfuHandler])[] = [
    ['no session', 'sessions/new', answer(500, {})],
    ['a session without a name', 'sessions/new', answer(201, { sessionId: '' })],
    ['a lost answer about the session', 'sessions/new', cut],
    ['an offer refused', 'tracks/new', answer(400, { errorCode: 'invalid_params' })],
    ['an error inside a success', 'tracks/new', answer(200, { errorCode: 'session_error' })],
    ['a track refused', 'tracks/new', answer(200, { tracks: [{ errorCode: 'internal_error' }] })],
    ['no answer to the offer', 'tracks/new', answer(200, { tracks: [{ mid: '0' }] })],
    [
      'an answer that is no SDP',
      'tracks/new',
      answer(200, { tracks: [{ mid: '0' }], sessionDescription: noMedia }),
    ],
    [
      'an answer by which nothing comes back',
      'tracks/new',
      answer(200, { tracks: [{ mid: '0' }], sessionDescription: oneWay }),
    ],
    ['a lost answer to the offer', 'tracks/new', cut],
  ];

  test.each(FAULTS)('[V15] %s: the user is told, and nothing stays open', async (_, step, fault) => {
    const room = await withAi();
    room.sfu.next(step, fault);
    connect(room.alice);
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([FAILED]);
    await room.untilStored((rows) => rows.length === 1);
    await connected(room, room.alice);
    expect(told(room.alice)).toEqual([FAILED, { type: 'aiSdp', sdp: ANSWER }]);
  });

  test('[V15] a store that cannot note it opens nothing', async () => {
    class OneCall extends MemoryStore {
      override noteAiCall(call: StoredAiCall): Promise<void> {
        return call.callId === ''
          ? Promise.reject(new AppError('store_unavailable'))
          : super.noteAiCall(call);
      }
    }
    const room = await withAi({ store: new OneCall() });
    connect(room.alice);
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([FAILED]);
    expect([...room.sfu.open.values()]).toEqual(['ai-generated-voice']);
  });

  const LAST: readonly (readonly [string, readonly number[], readonly SfuHandler[]])[] = [
    [
      'that does not pass',
      [100, 400, 1_600, 3_200],
      Array.from({ length: 5 }, () => answer(425, { errorCode: 'session_error' })),
    ],
    ['that repeating does not mend', [], [answer(410, { errorCode: 'session_error' })]],
    [
      'of an SFU that wants to negotiate again',
      [],
      [answer(200, { requiresImmediateRenegotiation: true, tracks: [{ mid: '0' }] })],
    ],
  ];

  test.each(LAST)('[V15] trouble with the voice %s closes the connection', async (_, delays, faults) => {
    const room = await withAi();
    room.sfu.next('tracks/new', room.sfu.usual, ...faults);
    await room.clock.through(delays, () => connect(room.alice));
    await until(() => told(room.alice).length > 1);
    expect(told(room.alice)).toEqual([{ type: 'aiSdp', sdp: ANSWER }, FAILED]);
    await room.untilStored((rows) => rows.length === 1);
    expect([...room.sfu.open.values()]).toEqual(['ai-generated-voice']);
  });
});
