import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a worker process can be asked: the type of each question and of its answer. */
export type Calls = Record<string, { readonly input: unknown; readonly output: unknown }>;

/** The answers to {@link Calls}, as the worker implements them. */
export type Handlers<C extends Calls> = {
  readonly [Name in keyof C]: (input: C[Name]['input']) => C[Name]['output'] | Promise<C[Name]['output']>;
};

type Question = { readonly name: string; readonly input: unknown };
type Answer = { readonly output: unknown } | { readonly failure: string };

const READY: Answer = { output: 'ready' };

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const send = (answer: Answer): void => void process.send?.(answer);

/** The worker's side: answers one question after the other, and ends with the process that started it. */
export function serve<C extends Calls>(handlers: Handlers<C>): void {
  const answer = async ({ name, input }: Question): Promise<void> => {
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`No such question: ${name}`);
      send({ output: await handler(input) });
    } catch (error) {
      send({ failure: describe(error) });
    }
  };
  process.on('message', (question: Question) => void answer(question));
  process.on('disconnect', () => process.exit());
  send(READY);
}

/** A process of the benchmark: the server under load, or the load. Its output goes to our standard error. */
export class Worker<C extends Calls> {
  readonly #name: string;
  readonly #process: ChildProcess;
  #stopping = false;
  #waiting: { resolve: (output: unknown) => void; reject: (error: Error) => void } | undefined;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#process = child;
    child.on('message', (answer: Answer) => {
      if ('failure' in answer) this.#waiting?.reject(new Error(`${name}: ${answer.failure}`));
      else this.#waiting?.resolve(answer.output);
    });
    child.on('exit', (code, signal) => {
      if (!this.#stopping) this.#waiting?.reject(new Error(`${name} ended (${signal ?? code})`));
    });
  }

  /** Starts `file`, a module of this folder that calls {@link serve}; resolves when it is ready to be asked. */
  static async start<C extends Calls>(
    file: string,
    options: { readonly env?: Record<string, string>; readonly execArgv?: readonly string[] } = {},
  ): Promise<Worker<C>> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      // Nothing of our own environment: a PORT or a DATA_DIR that happens to be set must not reach the server.
      env: { PATH: process.env['PATH'], ...options.env },
      execArgv: ['--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const worker = new Worker<C>(file, child);
    await worker.#answer();
    return worker;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Asks one thing; the next only when this is answered. Rejects when the worker fails or ends. */
  ask<Name extends keyof C & string>(name: Name, input: C[Name]['input']): Promise<C[Name]['output']> {
    const answer = this.#answer();
    if (this.#process.connected) this.#process.send({ name, input });
    else this.#waiting?.reject(new Error(`${this.#name} has ended`));
    return answer;
  }

  /** Ends the process, whatever it is doing. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => void this.#process.once('exit', () => resolve()));
    this.#process.kill('SIGKILL');
    await ended;
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
