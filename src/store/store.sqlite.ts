import { Worker } from 'node:worker_threads';
import { AppError } from '../errors.ts';
import { StoreOpenError } from './sqlite-database.ts';
import type { StoreCall, StoreReply, StoreRequest } from './sqlite-worker.ts';
import type { User } from '../protocol/messages.ts';
import type { Batch, Store, StoredAiCall, StoredRoom } from './store.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/**
 * SQLite in a worker thread: a flush that rewrites hundreds of pages, or a disk that makes it wait, does not hold up a
 * frame. Calls are carried out in their order.
 */
export class SqliteStore implements Store {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #ended = false;

  readonly #userJson: (user: User) => string;

  /**
   * @param dataDir - the folder of the database; made when there is none
   * @param userJson - the JSON of a user, where it has been made already
   */
  constructor(dataDir: string, userJson: (user: User) => string = JSON.stringify) {
    this.#userJson = userJson;
    this.#worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { dataDir },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker.on('message', (reply: StoreReply) => this.#receive(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the worker has ended')));
    // What waits for an answer keeps the process alive, an idle store does not.
    this.#worker.unref();
  }

  /** Opens, or makes, the database; a file that must not be used is left as it was. */
  async open(): Promise<void> {
    try {
      await this.#call({ method: 'open' });
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    }
  }

  async readLiveRooms(): Promise<readonly StoredRoom[]> {
    return (await this.#call({ method: 'readLiveRooms' })) as StoredRoom[];
  }

  async save(batch: Batch): Promise<void> {
    await this.#call({ method: 'save', batchJson: this.#toJson(batch) });
  }

  async listAiCalls(): Promise<readonly StoredAiCall[]> {
    return (await this.#call({ method: 'listAiCalls' })) as StoredAiCall[];
  }

  async noteAiCall(call: StoredAiCall): Promise<void> {
    await this.#call({ method: 'noteAiCall', call });
  }

  async forgetAiCall(callId: string): Promise<void> {
    await this.#call({ method: 'forgetAiCall', callId });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.#call({ method: 'close' });
    await this.#worker.terminate();
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

  #call(call: StoreCall): Promise<unknown> {
    if (this.#ended) return Promise.reject(new AppError('store_unavailable'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      const request: StoreRequest = { id, call };
      this.#worker.postMessage(request);
    });
  }

  #receive(reply: StoreReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.ok) waiting?.resolve(reply.value);
    else if (reply.refused) waiting?.reject(new StoreOpenError(reply.message));
    else waiting?.reject(new AppError('store_unavailable', { cause: new Error(reply.message) }));
  }

  /** The worker is gone, and with it every call that it had not answered. */
  #fail(cause: Error): void {
    this.#ended = true;
    for (const waiting of this.#waiting.values())
      waiting.reject(new AppError('store_unavailable', { cause }));
    this.#waiting.clear();
  }
}
