import { describe, expect, test } from 'vitest';
import { answer, type ScriptedSfu, type SfuHandler } from '../support/scripted-sfu.ts';
import type { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { reset, say } from './faults.ts';
import { call, CALLS, openSession, seen, SESSION, startWithSession, type Seen } from './proxy-client.ts';

const DONE: Seen = { status: 200, type: 'application/json', body: {} };
const GIVEN_UP: Seen = {
  status: 502,
  type: 'application/json',
  body: { error: { code: 'sfu_unavailable', message: 'The media server cannot be reached' } },
};

const NOT_READY = answer(425, { errorCode: 'session_error', errorDescription: 'Session is not ready yet' });
/** What the SFU says to an answer when no offer of its own is open. */
const STABLE = answer(406, {
  errorCode: 'invalid_session_description',
  errorSubcode: 'invalid_modification_stable',
});

type Lab = { readonly server: TestServer; readonly sfu: ScriptedSfu };

/** Gives an answer to an SFU that says these one after the other, and lets each delay pass in between. */
async function renegotiate({ server, sfu }: Lab, delaysMs: readonly number[], says: readonly SfuHandler[]) {
  sfu.next('renegotiate', ...says);
  const idle = server.clock.timerCount;
  const given = call(server, 'renegotiate', SESSION);
  for (const [index, delayMs] of delaysMs.entries()) {
    await sfu.asked('renegotiate', index + 1);
    await until(() => server.clock.timerCount > idle);
    server.clock.advance(delayMs - 1);
    expect(sfu.of('renegotiate'), 'too early').toHaveLength(index + 1);
    server.clock.advance(1);
  }
  return seen(await given);
}

describe('an answer to the offer of the SFU', () => {
  test('[C10] is given again, the same, until the transport is up', async () => {
    const lab = await startWithSession();
    const says = [NOT_READY, NOT_READY, NOT_READY, NOT_READY, answer(200, {})];
    expect(await renegotiate(lab, [100, 400, 1_600, 3_200], says)).toEqual(DONE);
    const given = JSON.stringify(CALLS.renegotiate.body?.(SESSION));
    expect(lab.sfu.requests.map(({ method, path, body }) => [method, path, body])).toEqual(
      says.map(() => ['PUT', `/v1/apps/lab-app-id/sessions/${SESSION}/renegotiate`, given]),
    );
  });

  test('[C10] is given up after the fifth time', async () => {
    const lab = await startWithSession();
    const says = Array.from({ length: 5 }, () => NOT_READY);
    expect(await renegotiate(lab, [100, 400, 1_600, 3_200], says)).toEqual(GIVEN_UP);
    expect(lab.server.logLines).toContainEqual(
      expect.objectContaining({
        level: 40,
        msg: 'SFU took no answer',
        session: SESSION,
        failure: 'session_error',
      }),
    );
  });

  test.each([
    ['the connection broke', reset],
    ['nobody can read what came back', say(502, '<html>')],
  ])('[C10] that had arrived when %s is a success', async (_, lost) => {
    expect(await renegotiate(await startWithSession(), [100], [lost, STABLE])).toEqual(DONE);
  });

  test('[C10] that the SFU did not want is none, when nothing was lost before', async () => {
    expect(await renegotiate(await startWithSession(), [100], [NOT_READY, STABLE])).toEqual(GIVEN_UP);
    expect(await renegotiate(await startWithSession(), [], [STABLE])).toEqual(GIVEN_UP);
  });

  test('[C10] is not replayed into an exchange that is over', async () => {
    const lab = await startWithSession();
    const gone = answer(410, { errorCode: 'session_error' });
    expect(await renegotiate(lab, [], [gone])).toEqual(GIVEN_UP);
    expect(lab.sfu.requests).toHaveLength(1);
  });

  test('[C6] [C10] keeps its session to itself between two attempts', async () => {
    const { server, sfu } = await startWithSession();
    const other = await openSession(server);
    sfu.next('renegotiate', NOT_READY);
    const idle = server.clock.timerCount;
    const given = call(server, 'renegotiate', SESSION);
    await until(() => server.clock.timerCount > idle);
    const behind = call(server, 'pull', SESSION);
    expect((await call(server, 'pull', other, { body: CALLS.pull.body?.(other) ?? {} })).status).toBe(200);
    server.clock.advance(100);
    expect([(await given).status, (await behind).status]).toEqual([200, 200]);
    expect(
      sfu.requests.slice(1).map(({ path }) => path.replace('/v1/apps/lab-app-id/sessions/', '')),
    ).toEqual([
      `${SESSION}/renegotiate`,
      `${other}/tracks/new`,
      `${SESSION}/renegotiate`,
      `${SESSION}/tracks/new`,
    ]);
  });
});
