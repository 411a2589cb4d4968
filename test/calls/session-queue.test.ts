import { describe, expect, test } from 'vitest';
import { SessionQueue } from '../../src/calls/session-queue.ts';
import { AppError } from '../../src/errors.ts';
import { endOfTurn } from '../support/fake-clock.ts';

/** Work that ends when the test says so. */
class Job {
  started = false;
  end: (result: string) => void = () => {};
  fail: (error: Error) => void = () => {};

  readonly work = (): Promise<string> => {
    this.started = true;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  };
}

const jobs = (count: number): Job[] => Array.from({ length: count }, () => new Job());
const started = (all: readonly Job[]): boolean[] => all.map((job) => job.started);

describe('a queue', () => {
  test('[C6] starts one thing when the one before is over, in the order of asking', async () => {
    const queue = new SessionQueue();
    const [a, b, c] = jobs(3) as [Job, Job, Job];
    const results = [a, b, c].map(({ work }) => queue.run(work));
    await endOfTurn();
    expect(started([a, b, c])).toEqual([true, false, false]);
    a.end('a');
    expect(await results[0]).toBe('a');
    await endOfTurn();
    expect(started([a, b, c])).toEqual([true, true, false]);
    b.end('b');
    expect(await results[1]).toBe('b');
    await endOfTurn();
    expect(started([a, b, c])).toEqual([true, true, true]);
    c.end('c');
    expect(await results[2]).toBe('c');
  });

  test('[C6] goes on after a failure, which is told to who asked for it alone', async () => {
    const queue = new SessionQueue();
    const [a, b] = jobs(2) as [Job, Job];
    const [first, second] = [queue.run(a.work), queue.run(b.work)];
    const outcomes = Promise.allSettled([first, second]);
    await endOfTurn();
    const failure = new Error('a failed');
    a.fail(failure);
    await endOfTurn();
    b.end('b');
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'b' },
    ]);
  });

  test('[C6] goes on after work that throws at once', async () => {
    const queue = new SessionQueue();
    const thrown = queue.run(() => {
      throw new Error('at once');
    });
    const next = queue.run(() => Promise.resolve('next'));
    await expect(thrown).rejects.toThrow('at once');
    expect(await next).toBe('next');
  });

  test('[C6] lets 32 wait behind the one that is under way, and no more until one of them is over', async () => {
    const queue = new SessionQueue();
    const all = jobs(34);
    const outcomes = all.map(({ work }) => queue.run(work).catch((error: unknown) => error));
    await endOfTurn();
    all[0]?.end('done');
    await endOfTurn();
    const next = queue.run(() => Promise.resolve('next'));
    for (const job of all) {
      job.end('done');
      await endOfTurn();
    }
    const done = Array.from({ length: 33 }, () => 'done');
    expect(await Promise.all(outcomes)).toEqual([...done, new AppError('too_many_requests')]);
    expect(await next).toBe('next');
  });
});
