import { describe, expect, test } from 'vitest';
import { loadConfig, MemoryStore } from '../../src/app.ts';
import { AppError } from '../../src/errors.ts';
import type { StoredAiCall } from '../../src/store/store.ts';
import { SqliteStore } from '../../src/store/store.sqlite.ts';
import { AiRoom, environmentOf, startUpstreams, stateOf } from '../support/ai-room.ts';
import { openAiError } from '../support/scripted-openai.ts';
import { answer } from '../support/scripted-sfu.ts';
import { startServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const rowOf = (meetingId: string): StoredAiCall => ({
  callId: 'rtc_1',
  sessionId: 'session-1',
  mid: '101',
  trackName: 'ai-generated-voice',
  meetingId,
  openedAt: 1_000_000,
});
const ROW = rowOf('meeting');

/** A store that fails with AI calls, in one way. */
class FailingStore extends MemoryStore {
  override noteAiCall(): Promise<void> {
    return Promise.reject(new AppError('store_unavailable'));
  }
}

class ForgetfulStore extends MemoryStore {
  override forgetAiCall(): Promise<void> {
    return Promise.reject(new AppError('store_unavailable'));
  }
}

/** A store that does what it is asked, and says that it has not: a worker may die between the two. */
class DoubtfulStore extends MemoryStore {
  override async noteAiCall(call: StoredAiCall): Promise<void> {
    await super.noteAiCall(call);
    throw new AppError('store_unavailable');
  }
}

/** A store that cannot tell which calls are open, at one of the times when it is asked. */
class UnreadableStore extends MemoryStore {
  /** How often it answers before it fails. */
  answers: number;

  constructor(answers: number) {
    super();
    this.answers = answers;
  }

  override listAiCalls(): Promise<readonly StoredAiCall[]> {
    this.answers -= 1;
    return this.answers === -1 ? Promise.reject(new AppError('store_unavailable')) : super.listAiCalls();
  }
}

/** A store that takes its time. */
class SlowStore extends MemoryStore {
  go: (() => void) | undefined = undefined;

  override async noteAiCall(call: StoredAiCall): Promise<void> {
    await new Promise<void>((resolve) => (this.go = resolve));
    await super.noteAiCall(call);
  }
}

test('[V2] the call is in the store before the SFU is given its answer, and until it is over', async () => {
  const room = await AiRoom.open();
  const seen: StoredAiCall[] = [];
  room.sfu.next('renegotiate', (request, response) => {
    const look = async (): Promise<void> => {
      seen.push(...(await room.store.listAiCalls()));
      room.sfu.usual(request, response);
    };
    void look();
  });
  room.alice.send({ type: 'enableAi' });
  await room.untilAi(({ enabled }) => enabled);
  expect(seen).toEqual([rowOf(room.state.meetingId)]);
  expect(await room.store.listAiCalls()).toEqual(seen);
  room.alice.send({ type: 'disableAi' });
  await room.untilBalanced();
});

test('[V2] a call that cannot be stored carries no word: it is hung up, and the room is told', async () => {
  const room = await AiRoom.open({ store: new FailingStore() });
  room.alice.send({ type: 'enableAi' });
  expect(await room.untilAi((ai) => ai.error !== undefined)).toEqual({
    enabled: false,
    connectionPending: false,
    error: 'Error establishing connection with AI',
  });
  await room.untilBalanced();
  expect([room.sfu.of('renegotiate').length, room.openai.of('hangup').length]).toEqual([0, 1]);
});

test('[V2] [V6] a call that cannot be stored is hung up as often as it takes, and never connected', async () => {
  const room = await AiRoom.open({ store: new FailingStore() });
  room.openai.next('hangup', openAiError(500, 'server_error'), openAiError(500, 'server_error'));
  await room.clock.through([1_000, 2_000], () => room.alice.send({ type: 'enableAi' }));
  await room.untilBalanced();
  expect([room.sfu.of('renegotiate').length, room.openai.of('hangup').length]).toEqual([0, 3]);
});

test('[V2] [S6] a call of which it is not known whether it is stored is hung up, and leaves no row', async () => {
  const room = await AiRoom.open({ store: new DoubtfulStore() });
  room.alice.send({ type: 'enableAi' });
  await room.untilAi((ai) => ai.error !== undefined);
  await room.untilBalanced();
  expect([room.sfu.of('renegotiate').length, room.openai.of('hangup').length]).toEqual([0, 1]);
});

test('[V2] [V4] an invitation taken back while its call is being stored leaves no row', async () => {
  const store = new SlowStore();
  const room = await AiRoom.open({ store });
  room.alice.send({ type: 'enableAi' });
  await until(() => store.go !== undefined);
  room.alice.send({ type: 'disableAi' });
  await room.untilAi((ai) => ai.connectionPending !== true);
  store.go?.();
  await room.untilBalanced();
  await room.server.app.close();
  expect([await store.listAiCalls(), room.sfu.of('renegotiate')]).toEqual([[], []]);
});

test('[V6] a call that is over and cannot be forgotten is hung up once; the log says so', async () => {
  const room = await AiRoom.active({ store: new ForgetfulStore() });
  room.alice.send({ type: 'disableAi' });
  await until(() => room.server.logLines.some(({ msg }) => msg === 'AI call not forgotten in the store'));
  room.clock.advance(120_000);
  await room.alice.settle();
  expect([room.openai.of('hangup').length, room.sfu.of('tracks/close').length]).toEqual([1, 1]);
});

describe('what a process leaves', () => {
  test('[V7] a stop tries once; the row stays, and the next process ends the call at its start', async () => {
    const room = await AiRoom.active();
    const { meetingId } = room.state;
    room.openai.next('hangup', openAiError(500, 'server_error'));
    await room.server.app.close();
    expect(await room.balance()).toEqual({ calls: ['rtc_1'], tracks: [], stored: [rowOf(meetingId)] });
    await startServer(environmentOf(room), { store: room.store });
    await room.untilBalanced();
  });

  test('[V7] a stop while the next attempt is waited for does not wait for it', async () => {
    const room = await AiRoom.active();
    room.openai.next('hangup', openAiError(500, 'server_error'), openAiError(500, 'server_error'));
    const armed = room.clock.armed(1_000);
    room.alice.send({ type: 'disableAi' });
    await armed;
    await room.server.app.close();
    expect(await room.balance()).toMatchObject({ calls: ['rtc_1'], stored: [{ callId: 'rtc_1' }] });
    await startServer(environmentOf(room), { store: room.store, clock: room.clock });
    await room.clock.armed(1_000);
    room.clock.advance(1_000);
    await room.untilBalanced();
  });

  test('[V7] a kill: the next process ends all calls, and one without an m-line is only hung up', async () => {
    const upstreams = await startUpstreams();
    const store = new MemoryStore();
    const calls = [
      { ...ROW, callId: 'rtc_8', mid: '', openedAt: 999_000 },
      { ...ROW, callId: 'rtc_9', sessionId: 'session-9' },
    ];
    for (const call of calls) {
      await store.noteAiCall(call);
      upstreams.openai.open.add(call.callId);
    }
    await startServer(environmentOf(upstreams), { store });
    await until(async () => (await store.listAiCalls()).length === 0);
    expect([...upstreams.openai.open]).toEqual([]);
    expect(upstreams.sfu.of('tracks/close').map(({ path }) => path)).toEqual([
      '/v1/apps/lab-app-id/sessions/session-9/tracks/close',
    ]);
  });

  test.each([404, 410])(
    '[V6] [V7] a call and a session (%i) that are gone already are forgotten at once',
    async (status) => {
      const upstreams = await startUpstreams();
      const store = new MemoryStore();
      await store.noteAiCall(ROW);
      upstreams.sfu.next('tracks/close', answer(status, { errorCode: 'session_error' }));
      await startServer(environmentOf(upstreams), { store });
      await until(async () => (await store.listAiCalls()).length === 0);
      expect([upstreams.openai.of('hangup').length, upstreams.sfu.of('tracks/close').length]).toEqual([1, 1]);
    },
  );

  test.each([0, 1])(
    '[S6] [V7] a start that cannot read the calls (after %i readings) fails and forgets none: the next one ends them',
    async (readings) => {
      const upstreams = await startUpstreams();
      const store = new UnreadableStore(readings);
      await store.noteAiCall(ROW);
      upstreams.openai.open.add(ROW.callId);
      await expect(startServer(environmentOf(upstreams), { store })).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      expect([await store.listAiCalls(), upstreams.openai.requests]).toEqual([[ROW], []]);
      await startServer(environmentOf(upstreams), { store });
      await until(async () => (await store.listAiCalls()).length === 0);
      expect([...upstreams.openai.open]).toEqual([]);
    },
  );

  test('[V7] the same with the database: a stop, a start, and the call is over', async () => {
    const upstreams = await startUpstreams();
    const environment = { ...environmentOf(upstreams), DATA_DIR: temporaryFolder() };
    const first = await startServer(environment);
    const alice = await first.connect({ id: 'a' });
    alice.send({ type: 'enableAi' });
    await until(() => alice.frames.length > 0 && stateOf(alice).ai.enabled);
    upstreams.openai.next('hangup', openAiError(503, 'server_is_overloaded'));
    await first.app.close();
    const { dataDir } = loadConfig(environment);
    expect(await callsIn(dataDir)).toEqual([rowOf(stateOf(alice).meetingId)]);
    const second = await startServer(environment);
    await until(() => upstreams.openai.open.size === 0 && upstreams.sfu.open.size === 0);
    await second.app.close();
    expect(await callsIn(dataDir)).toEqual([]);
  });

  test('[V7] the stop of a server with an AI in a room ends its call before it is gone', async () => {
    for (const stop of ['drain', 'close'] as const) {
      const room = await AiRoom.active({ environment: { DRAIN_SECONDS: '0' } });
      await room.server.app[stop]();
      expect(await room.balance()).toEqual({ calls: [], tracks: [], stored: [] });
      expect(room.openai.of('hangup').length).toBe(1);
    }
  });
});

async function callsIn(dataDir: string): Promise<readonly StoredAiCall[]> {
  const store = new SqliteStore(dataDir, JSON.stringify);
  await store.open();
  const calls = await store.listAiCalls();
  await store.close();
  return calls;
}
