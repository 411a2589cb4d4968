import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from '../cpu.ts';
import { pinned } from '../pin.ts';

/** What happened during one command. */
export type Report = {
  /** Frames with a number that came in. */
  readonly received: number;
  /** Other text frames. */
  readonly others: number;
  readonly bytes: number;
  readonly sent: number;
  readonly rounds: number;
  /** Numbers that did not come. */
  readonly lost: number;
  /** Numbers that came twice, or after a higher one. */
  readonly disordered: number;
  /** Connections that the server ended. */
  readonly gone: number;
  /** Connections whose last state is not their room's. */
  readonly wrong: number;
  readonly ready: number;
  /** Changes that were left out because the one before had not come back. */
  readonly late: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Bytes of the last text frame of the first connection. */
  readonly lastLength: number;
};

/** One connection to be. */
export type Entry = { readonly path: string; readonly cookie: string; readonly marker: string };

const NODE_LOAD = fileURLToPath(new URL('node-load.ts', import.meta.url));

/** The load generator, in a process of its own: load.c says what it can be told. Without a program Node does the same. */
export class Load {
  readonly #process: ChildProcess;
  #waiting: { resolve: (report: Report) => void; reject: (error: Error) => void } | undefined;

  constructor(program: string | undefined) {
    const own = program ?? process.execPath;
    const args = program === undefined ? ['--disable-warning=ExperimentalWarning', NODE_LOAD] : [];
    const [file, argv] = pinned('load', own, args);
    this.#process = spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#process.stdout) {
      createInterface({ input: this.#process.stdout }).on('line', (line) =>
        this.#waiting?.resolve(JSON.parse(line) as Report),
      );
    }
    this.#process.on('exit', (code) => this.#waiting?.reject(new Error(`The load ended (${code})`)));
    this.#process.stdin?.on('error', () => {});
  }

  /** One command at a time. */
  tell(command: string): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#process.stdin?.write(`${command}\n`);
    });
  }

  list(entries: readonly Entry[]): Promise<Report> {
    const lines = entries.map(({ path, cookie, marker }) => `${path}\t${cookie}\t${marker}`);
    return this.tell([`list ${entries.length}`, ...lines].join('\n'));
  }

  cpuSeconds(): number {
    return cpuSeconds(this.#process.pid ?? 0);
  }

  stop(): void {
    this.#waiting = undefined;
    this.#process.kill('SIGKILL');
  }
}
