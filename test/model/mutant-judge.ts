import { Worker } from 'node:worker_threads';
import type { Judgement, Task } from './mutant-worker.ts';

/** Several times what all checks take for the machine itself, on a slow and busy computer. */
const TIME_LIMIT_MS = 60_000;

/** Judges mutants in a thread of their own, which can be ended: a mutant may loop, or take its thread down. */
export class Judge {
  #worker: Worker | undefined;

  judge(name: string | null): Promise<Judgement> {
    this.#worker ??= new Worker(new URL('./mutant-worker.ts', import.meta.url));
    const worker = this.#worker;
    return new Promise((resolve) => {
      const done = (judgement: Judgement): void => {
        clearTimeout(timer);
        worker.off('message', done).off('error', failed).off('exit', ended);
        resolve(judgement);
      };
      const lost = (killedBy: string, why: string): void => {
        this.#worker = undefined;
        done({ killedBy, why });
        void worker.terminate();
      };
      const failed = (error: Error): void => lost('crash', String(error));
      const ended = (code: number): void => lost('crash', `exit ${code}`);
      const timer = setTimeout(() => lost('time limit', `no end in ${TIME_LIMIT_MS} ms`), TIME_LIMIT_MS);
      worker.on('message', done).on('error', failed).on('exit', ended);
      worker.postMessage({ name } satisfies Task);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}
