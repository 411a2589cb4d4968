import { createApp, loadConfig, type Clock } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { serve } from './worker.ts';

/** What the server says of itself at one moment; RSS is read from outside, see memory.ts. */
export type ServerSample = {
  readonly rooms: number;
  readonly connections: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** User and system time since the start of the process. */
  readonly cpuSeconds: number;
  /** Timers that wait, and that have fired since the start: all that server and rooms have set. */
  readonly timers: { readonly waiting: number; readonly fired: number };
  /** Node's own count of the timers that keep the process alive, whoever set them. */
  readonly nodeTimeouts: number;
};

export type ServerCalls = {
  readonly listen: { readonly input: null; readonly output: { readonly port: number } };
  /** `collect`: garbage is collected first. */
  readonly sample: { readonly input: { readonly collect: boolean }; readonly output: ServerSample };
};

/** How long V8 gets to give the memory it has freed back to the system. */
const UNMAP_MS = 500;

/**
 * The server's own clock, counting its timers. `process.getActiveResourcesInfo` would not do: it leaves out timers
 * that do not keep the process alive, and all of the server's are of that kind.
 */
class CountingClock implements Clock {
  readonly #waiting = new Set<unknown>();
  fired = 0;

  get waiting(): number {
    return this.#waiting.size;
  }

  now(): number {
    return systemClock.now();
  }

  afterTurn(callback: () => void): void {
    systemClock.afterTurn(callback);
  }

  setTimeout(callback: (...args: unknown[]) => void, delayMs: number): unknown {
    const handle = systemClock.setTimeout(() => {
      this.fired += 1;
      this.#waiting.delete(handle);
      callback();
    }, delayMs);
    this.#waiting.add(handle);
    return handle;
  }

  clearTimeout(handle: unknown): void {
    this.#waiting.delete(handle);
    systemClock.clearTimeout(handle);
  }
}

async function collectGarbage(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Start with --expose-gc');
  gc();
  // What the first run has finalised, the second can free.
  gc();
  await new Promise((resolve) => void setTimeout(resolve, UNMAP_MS));
}

const clock = new CountingClock();
const config = loadConfig(process.env);
/** As src/main.ts makes it, but for the clock that counts. */
const app = createApp(config, { log: createLog(config.logLevel), clock });

serve<ServerCalls>({
  listen: () => app.listen(),
  sample: async ({ collect }) => {
    if (collect) await collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      ...app.stats(),
      heapUsedBytes: heapUsed,
      externalBytes: external,
      cpuSeconds: (user + system) / 1e6,
      timers: { waiting: clock.waiting, fired: clock.fired },
      nodeTimeouts: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
    };
  },
});
