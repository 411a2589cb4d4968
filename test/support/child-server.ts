import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { loginCookie, SECRET } from './server.ts';
import { TestClient } from './test-client.ts';

type LogLine = { readonly msg: string } & Record<string, unknown>;

/** The real server as a process of its own, as `npm start` runs it, with real time. Tests wait for its log lines. */
export class ChildServer {
  readonly logLines: LogLine[] = [];
  port = 0;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #process: ChildProcess;
  #waiters: { wanted: (line: LogLine) => boolean; resolve: (line: LogLine) => void }[] = [];

  private constructor(dataDir: string, environment: Record<string, string>) {
    const main = join(import.meta.dirname, '../../src/main.ts');
    this.#process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: {
        HOST: '127.0.0.1',
        PORT: '0',
        ADMIN_PORT: '0',
        DATA_DIR: dataDir,
        SESSION_SECRETS: SECRET,
        LOG_LEVEL: 'debug',
        EMBEDDED_SFU: 'false',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { stdout } = this.#process;
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#read(line));
  }

  /** Starts a server and waits until it listens. */
  static async start(dataDir: string, environment: Record<string, string> = {}): Promise<ChildServer> {
    const server = new ChildServer(dataDir, environment);
    onTestFinished(() => void server.#process.kill('SIGKILL'));
    const refused = server.exited.then(() => Promise.reject(new Error('the server ended at its start')));
    const listening = await Promise.race([server.logged(({ msg }) => msg === 'listening'), refused]);
    server.port = Number(listening['port']);
    return server;
  }

  /** The first log line that fulfils `wanted`, also one that is there already. */
  logged(wanted: (line: LogLine) => boolean): Promise<LogLine> {
    const there = this.logLines.find(wanted);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => void this.#waiters.push({ wanted, resolve }));
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  connect(room: string, id: string, name: string = id): TestClient {
    const url = `ws://127.0.0.1:${this.port}/parties/rooms/${room}?_pk=${id}`;
    const client = new TestClient(url, { cookie: loginCookie(name) });
    onTestFinished(() => client.drop());
    return client;
  }

  /** As {@link connect}, and waits until the socket is open. */
  async open(room: string, id: string): Promise<TestClient> {
    const client = this.connect(room, id);
    await client.opened;
    return client;
  }

  #read(text: string): void {
    const line = JSON.parse(text) as LogLine;
    this.logLines.push(line);
    const due = this.#waiters.filter(({ wanted }) => wanted(line));
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve(line);
  }
}
