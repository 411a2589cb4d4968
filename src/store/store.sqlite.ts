import { Worker } from 'node:worker_threads';
import { AppError } from '../errors.ts';
import type { StoreCall, StoreReply, StoreRequest } from './sqlite-worker.ts';
import type { User } from '../protocol/messages.ts';
import type { StoreMethod } from './sqlite-tables.ts';
import { StoreOpenError, type Batch, type Store } from './store.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/**
 * SQLite in a worker thread: a flush that rewrites hundreds of pages, or a disk that makes it wait, does not hold up a
 * frame. Calls are carried out in their order.
 */
export class SqliteStore implements Store {
  readonly readLiveRooms = this.#method('readLiveRooms');
  readonly listAiCalls = this.#method('listAiCalls');
  readonly noteAiCall = this.#method('noteAiCall');
  readonly forgetAiCall = this.#method('forgetAiCall');
  readonly listSfuSessions = this.#method('listSfuSessions');
  readonly putSfuSession = this.#method('putSfuSession');
  readonly forgetSfuSession = this.#method('forgetSfuSession');
  readonly addFeedback = this.#method('addFeedback');
  readonly claimFeedback = this.#method('claimFeedback');
  readonly deliveredFeedback = this.#method('deliveredFeedback');
  readonly retryFeedback = this.#method('retryFeedback');
  readonly buryFeedback = this.#method('buryFeedback');
  readonly countFeedback = this.#method('countFeedback');
  readonly readReport = this.#method('readReport');
  readonly pruneFeedback = this.#method('pruneFeedback');
  readonly saveCallFeedback = this.#method('saveCallFeedback');
  readonly saveRefresh = this.#method('saveRefresh');
  readonly #dataDir: string;
  readonly #userJson: (user: User) => string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined = undefined;
  #nextId = 0;
  #closed = false;

  /**
   * @param dataDir - the folder of the database; made when there is none
   * @param userJson - the JSON of a user, where it has been made already
   */
  constructor(dataDir: string, userJson: (user: User) => string = JSON.stringify) {
    this.#dataDir = dataDir;
    this.#userJson = userJson;
  }

  /** Opens, or makes, the database; a file that must not be used is left as it was. */
  async open(): Promise<void> {
    try {
      await this.#call({ method: 'open' });
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async save(batch: Batch): Promise<void> {
    await this.#call({ method: 'save', batchJson: this.#toJson(batch) });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#worker !== undefined) await this.#call({ method: 'close' });
    } finally {
      await this.#end();
    }
  }

  /** As `JSON.stringify` would write it, with the users' texts put in. */
  #toJson({ meetings, rooms }: Batch): string {
    const changes = rooms.map(({ put, ...rest }) => {
      const participants = put.map(({ user, ...record }) => {
        const text = JSON.stringify(record);
        return `${text.slice(0, -1)},"user":${this.#userJson(user)}}`;
      });
      return `${JSON.stringify(rest).slice(0, -1)},"put":[${participants.join()}]}`;
    });
    return `{"meetings":${JSON.stringify(meetings)},"rooms":[${changes.join()}]}`;
  }

  /** A method of the port that is its call to the worker and nothing more. */
  #method<M extends Exclude<StoreMethod, 'save'>>(method: M): Store[M] {
    const call = (...args: readonly unknown[]): Promise<unknown> => this.#call({ method, args });
    return call as Store[M];
  }

  #call(call: StoreCall): Promise<unknown> {
    if (this.#closed) return Promise.reject(new AppError('store_unavailable'));
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      // What waits for an answer keeps the process alive, an idle store does not.
      if (this.#waiting.size === 0) worker.ref();
      this.#waiting.set(id, { resolve, reject });
      const request: StoreRequest = { id, call };
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { dataDir: this.#dataDir },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.on('message', (reply: StoreReply) => this.#receive(reply));
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', () => this.#lost(worker, new Error('the worker has ended')));
    worker.unref();
    return worker;
  }

  async #end(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #receive(reply: StoreReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (reply.ok) waiting?.resolve(reply.value);
    else if (reply.refused) waiting?.reject(new StoreOpenError(reply.message));
    else waiting?.reject(new AppError('store_unavailable', { cause: new Error(reply.message) }));
  }

  /** The worker is gone, and with it every call that it had not answered; the next call starts another. */
  #lost(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new AppError('store_unavailable', { cause }));
    }
    this.#waiting.clear();
  }
}
