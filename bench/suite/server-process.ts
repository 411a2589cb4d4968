import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { cpuSeconds } from './cpu.ts';
import { residentSet } from '../memory.ts';
import { pinned } from './pin.ts';

export type Command = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it will listen; without it the process writes its port to its standard output. */
  readonly port?: number;
  /** A folder that goes with the process. */
  readonly folder?: string;
};

const START_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** A server under load, in a process of its own on the servers' core. */
export class ServerProcess {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string | undefined;
  readonly #end = (): void => {
    this.#process.kill('SIGKILL');
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  };

  private constructor(child: ChildProcess, port: number, folder: string | undefined) {
    this.#process = child;
    this.#folder = folder;
    process.once('exit', this.#end);
    this.port = port;
  }

  /** Resolves when it listens. */
  static async start({ command, args, cwd, env, port, folder }: Command): Promise<ServerProcess> {
    const [file, argv] = pinned('server', command, args);
    const child = spawn(file, argv, {
      // Nothing of our own environment: a PORT or a DATA_DIR that happens to be set must not reach the server.
      env: { PATH: process.env['PATH'], ...env },
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const listening = port === undefined ? announced(child) : reached(child, port);
      return new ServerProcess(child, await listening, folder);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  /** `undefined` where the system does not tell. */
  residentBytes(): number | undefined {
    return residentSet(this.pid)?.nowBytes;
  }

  /** Tells the process something that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it; resolves when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise<void>((resolve) => void this.#process.once('exit', () => resolve()));
      this.#process.kill(signal);
      await ended;
    }
    process.off('exit', this.#end);
    this.#end();
  }
}

function failing(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The server ended (${code}) before it listened`)));
    setTimeout(() => reject(new Error('The server did not start')), START_TIMEOUT_MS).unref();
  });
}

function announced(child: ChildProcess): Promise<number> {
  const port = new Promise<number>(
    (resolve) => void child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString()))),
  );
  return Promise.race([port, failing(child)]);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });

async function reached(child: ChildProcess, port: number): Promise<number> {
  child.stdout?.resume();
  const failed = failing(child);
  while (!(await Promise.race([answers(port), failed])))
    await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
  // What happens to it later is seen by the load.
  failed.catch(() => {});
  return port;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
