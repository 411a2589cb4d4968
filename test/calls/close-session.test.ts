import { describe, expect, test } from 'vitest';
import type { Calls, CallsReply, CallsRequest } from '../../src/calls/calls.ts';
import { closeSessionBy } from '../../src/calls/close-session.ts';
import { closedMids } from '../../src/calls/force-close.ts';
import { SfuSession } from '../../src/calls/sfu-sessions.ts';
import { AppError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';

type Step = CallsReply | Error;

const reply = (status: number, ...tracks: object[]): CallsReply => ({ status, body: { tracks } });
const failed = { errorCode: 'internal_error' };
const gone = { errorCode: 'close_track_error' };

/** An SFU that gives these answers, one after the other, and a session that publishes on these m-lines there. */
class Lab {
  readonly clock = new FakeClock();
  readonly requests: CallsRequest[] = [];
  readonly lines: Record<string, unknown>[] = [];
  readonly session: SfuSession;
  readonly #steps: Step[];

  constructor(mids: readonly string[], ...steps: readonly Step[]) {
    this.#steps = [...steps];
    const tracks = mids.map((mid) => ({ mid, trackName: `track-${mid}` }));
    this.session = new SfuSession({ sessionId: 's', owner: 'o', openedAt: 0, tracks }, 0);
  }

  close(): Promise<void> {
    const calls: Calls = {
      send: (request) => {
        this.requests.push(request);
        const step = this.#steps.shift() ?? new Error('asked more often than expected');
        return step instanceof Error ? Promise.reject(step) : Promise.resolve(step);
      },
      close: () => Promise.resolve(),
    };
    const log = createLog('debug', {
      write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    const extraParams = new URLSearchParams('region=eu');
    return closeSessionBy({ calls, clock: this.clock, log, extraParams })(this.session);
  }

  /** The m-lines of each request. */
  get asked(): string[][] {
    return this.requests.map(({ body }) =>
      (body as { tracks: { mid: string }[] }).tracks.map(({ mid }) => mid),
    );
  }

  /** Lets the delay before the next attempt pass; how many attempts there were just before its end, and at its end. */
  async around(delayMs: number): Promise<[number, number]> {
    await endOfTurn();
    this.clock.advance(delayMs - 1);
    await endOfTurn();
    const before = this.requests.length;
    this.clock.advance(1);
    await endOfTurn();
    return [before, this.requests.length];
  }
}

describe('closing a session', () => {
  test('[C11] is one request, for all of its m-lines and by force', async () => {
    const lab = new Lab(['0', '1'], reply(200, { mid: '0' }, { mid: '1' }));
    await lab.close();
    expect(lab.requests).toEqual([
      {
        operation: 'tracks/close',
        sessionId: 's',
        query: new URLSearchParams('region=eu'),
        body: { tracks: [{ mid: '0' }, { mid: '1' }], force: true },
      },
    ]);
  });

  test('[C11] is nothing where nothing is published', async () => {
    const lab = new Lab([]);
    await lab.close();
    expect(lab.requests).toEqual([]);
  });

  test('[C11] is tried again for what is still open, and only that', async () => {
    const lab = new Lab(
      ['0', '1', '2', '3'],
      reply(200, { mid: '0' }, { mid: '1', ...gone }, { mid: '2', ...failed }),
      reply(200, { mid: '3' }),
      new AppError('sfu_unavailable'),
      reply(200, { mid: '2', ...gone }),
    );
    const closing = lab.close();
    expect(await lab.around(1_000)).toEqual([1, 2]);
    expect(await lab.around(2_000)).toEqual([2, 3]);
    expect(await lab.around(4_000)).toEqual([3, 4]);
    await closing;
    expect(lab.asked).toEqual([['0', '1', '2', '3'], ['2', '3'], ['2'], ['2']]);
  });

  test.each([404, 410, 425])('[C11] is done where the session is gone: %i', async (status) => {
    const lab = new Lab(['0'], { status, body: { errorCode: 'session_error' } });
    await lab.close();
    expect([lab.asked, lab.clock.timerCount]).toEqual([[['0']], 0]);
  });

  test.each([
    ['an error', { status: 500, body: { errorCode: 'internal_error' } }],
    ['a refusal of our key', { status: 403, body: { errorCode: 'unauthorized' } }],
    ['an error in a 200', { status: 200, body: { errorCode: 'internal_error' } }],
    ['an answer that lists nothing', reply(200)],
    ['no answer', new AppError('sfu_unavailable')],
  ])('[C11] is given up after the sixth time, and the log says so: %s', async (_, step) => {
    const lab = new Lab(['0'], ...Array.from({ length: 6 }, () => step));
    const closing = lab.close();
    for (const [index, delayMs] of [1_000, 2_000, 4_000, 8_000, 16_000].entries()) {
      expect(await lab.around(delayMs)).toEqual([index + 1, index + 2]);
    }
    await closing;
    expect(lab.asked).toEqual(Array.from({ length: 6 }, () => ['0']));
    expect(lab.lines.filter(({ level }) => Number(level) > 20)).toEqual([
      expect.objectContaining({ level: 40, session: 's', tracks: 1, msg: 'SFU tracks not closed, given up' }),
    ]);
  });

  test('[C6] waits for what is under way on the session', async () => {
    const lab = new Lab(['0'], reply(200, { mid: '0' }));
    let release = (): void => {};
    const underWay = lab.session.queue.run(() => new Promise<void>((resolve) => (release = resolve)));
    const closing = lab.close();
    await endOfTurn();
    expect(lab.requests).toEqual([]);
    release();
    await Promise.all([underWay, closing]);
    expect(lab.asked).toEqual([['0']]);
  });

  test('[C6] [C11] closes what is published by a push that is under way', async () => {
    const lab = new Lab([], reply(200, { mid: '7' }));
    let release = (): void => {};
    const push = lab.session.queue.run(async () => {
      await new Promise<void>((resolve) => (release = resolve));
      lab.session.tracks.set('7', 'screen');
    });
    const closing = lab.close();
    await endOfTurn();
    release();
    await Promise.all([push, closing]);
    expect(lab.asked).toEqual([['7']]);
  });
});

test.each([
  [reply(200, { mid: '0' }, { mid: '1', ...gone }, { mid: '2', ...failed }, {}), ['0', '1']],
  [{ status: 200, body: {} }, []],
  [{ status: 200, body: { tracks: 'none' } }, []],
  [{ status: 200, body: { errorCode: 'internal_error', tracks: [{ mid: '0' }] } }, ['0']],
])('[C11] closed is what is listed without an error, or as closed before: %j', (answered, expected) => {
  expect(closedMids(answered)).toEqual(expected);
});
