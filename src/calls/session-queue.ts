import { AppError } from '../errors.ts';

/** Operations that may wait on one session; the stock client has two under way at most. */
const MAX_WAITING = 32;

/**
 * One thing after the other, as the API demands for the operations on one session: two that overlap leave its offer/answer
 * exchange in a state that neither of them knows.
 */
export class SessionQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs `work` when everything asked for before is over. Rejects with `too_many_requests` when too much waits. */
  run<T>(work: () => Promise<T>): Promise<T> {
    // One of them does not wait.
    if (this.#waiting > MAX_WAITING) return Promise.reject(new AppError('too_many_requests'));
    this.#waiting += 1;
    const result = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
