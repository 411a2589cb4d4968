import { describe, expect, test } from 'vitest';
import type { CallsReply } from '../../src/calls/calls.ts';
import { renegotiate } from '../../src/calls/renegotiate.ts';
import { AppError } from '../../src/errors.ts';

type Step = CallsReply | Error;

const reply = (status: number, body: CallsReply['body'] = {}): CallsReply => ({ status, body });
const LOST = new AppError('sfu_unavailable');
const STABLE = reply(406, {
  errorCode: 'invalid_session_description',
  errorSubcode: 'invalid_modification_stable',
});

/** Runs it against these answers, one after the other; gives the outcome and how long was waited before each attempt. */
async function run(...steps: readonly Step[]) {
  const waited: number[] = [];
  const left = [...steps];
  const outcome = await renegotiate(
    () => {
      const step = left.shift();
      if (step === undefined) throw new Error('asked more often than expected');
      return step instanceof Error ? Promise.reject(step) : Promise.resolve(step);
    },
    (ms) => {
      waited.push(ms);
      return Promise.resolve();
    },
  );
  return { outcome, waited, unused: left.length };
}

describe('an answer', () => {
  test.each([200, 201, 204])('[C10] is given once when it is taken: %i', async (status) => {
    expect(await run(reply(status))).toEqual({ outcome: undefined, waited: [], unused: 0 });
  });

  test.each([
    [425, 'session_error'],
    [429, 'too_many_requests'],
    [500, 'internal_error'],
    [502, 'temporarily_unavailable_error'],
    [503, 'backend_error'],
    [599, 'x'],
  ])('[C10] is given again while the trouble passes: %i', async (status, errorCode) => {
    const failed = reply(status, { errorCode });
    expect(await run(failed, failed, reply(200))).toEqual({
      outcome: undefined,
      waited: [100, 400],
      unused: 0,
    });
    expect(await run(failed, failed, failed, failed, failed)).toEqual({
      outcome: errorCode,
      waited: [100, 400, 1_600, 3_200],
      unused: 0,
    });
  });

  test.each([
    [200, { errorCode: 'internal_error' }, 'internal_error'],
    [400, { errorCode: 'decoding_error' }, 'decoding_error'],
    [401, {}, 'HTTP 401'],
    [404, {}, 'HTTP 404'],
    [406, { errorCode: 'invalid_session_description' }, 'invalid_session_description'],
    [409, { errorCode: 'signaling_state_not_stable' }, 'signaling_state_not_stable'],
    [410, { errorCode: 'session_error' }, 'session_error'],
  ] as const)('[C10] is not given again where that would not help: %i %j', async (status, body, outcome) => {
    expect(await run(reply(status, body), reply(200))).toEqual({ outcome, waited: [], unused: 1 });
  });

  test('[C10] is given again when nobody knows what came of it', async () => {
    expect(await run(LOST, reply(200))).toEqual({ outcome: undefined, waited: [100], unused: 0 });
    expect(await run(LOST, LOST, LOST, LOST, LOST)).toEqual({
      outcome: 'sfu_unavailable',
      waited: [100, 400, 1_600, 3_200],
      unused: 0,
    });
  });

  test('[C10] had arrived, if it was lost and is not wanted any more', async () => {
    expect(await run(LOST, STABLE)).toEqual({ outcome: undefined, waited: [100], unused: 0 });
    expect(await run(LOST, reply(503), STABLE)).toEqual({
      outcome: undefined,
      waited: [100, 400],
      unused: 0,
    });
  });

  test('[C10] was never wanted, if it was not lost before', async () => {
    const outcome = 'invalid_session_description';
    expect(await run(STABLE)).toEqual({ outcome, waited: [], unused: 0 });
    expect(await run(reply(425), STABLE)).toEqual({ outcome, waited: [100], unused: 0 });
    const other = reply(406, { errorCode: outcome, errorSubcode: 'invalid_modification_have_local_offer' });
    expect(await run(LOST, other)).toEqual({ outcome, waited: [100], unused: 0 });
  });

  test('[C10] is not given again after a bug of ours', async () => {
    await expect(run(new TypeError('a bug'), reply(200))).rejects.toThrow('a bug');
  });
});
