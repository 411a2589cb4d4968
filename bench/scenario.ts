import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from './crowd.ts';
import type { ClientCalls, Counts } from './load-client.ts';
import { residentSet, type Resident } from './memory.ts';
import type { Options } from './options.ts';
import type { ServerCalls, ServerSample } from './server.ts';
import { Worker } from './worker.ts';

/** The server and the load at one moment. */
export type Moment = {
  /** Seconds on one clock for all moments of a run. */
  readonly at: number;
  readonly server: ServerSample;
  readonly resident: Resident;
  readonly counts: Counts | undefined;
};

export type Run = {
  readonly plan: Plan;
  readonly admittedSeconds: number;
  /** Before the first connection; garbage collected. */
  readonly before: Moment;
  /** Everybody is in and nothing has been sent for a second. */
  readonly stormOver: Moment;
  /** After the settle time; garbage as it is. */
  readonly settled: Moment;
  readonly idleOver: Moment;
  /** After the idle time; garbage collected. */
  readonly collected: Moment;
  readonly faults: readonly string[];
};

/** Clients that come and go before anything is measured: code gets compiled, buffers get their size. */
const WARM_UP_CONNECTIONS = 50;
const OPEN_TIMEOUT_MS = 120_000;
const QUIET_MS = 1_000;

const wait = (seconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, seconds * 1000));

/** All settings that differ from the server's defaults. */
const environment = (plan: Plan, options: Options, dataDir: string, secret: string) => {
  const places = String(plan.connections + WARM_UP_CONNECTIONS);
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    EMBEDDED_SFU: 'false',
    SESSION_SECRETS: secret,
    MAX_CONNECTIONS_PER_ADDRESS: places,
    MAX_USERS_PER_ROOM: places,
    MAX_ROOMS: places,
    PERIODIC_STATE_MS: String(options.periodicStateMs),
    // The rooms of the warm-up are to be gone before the measurement starts; the others never become empty.
    EMPTY_ROOM_GRACE_MS: '0',
  };
};

/** Takes a server and a load client through one plan. */
class Scenario {
  readonly #server: Worker<ServerCalls>;
  readonly #client: Worker<ClientCalls>;
  #counting = false;

  constructor(server: Worker<ServerCalls>, client: Worker<ClientCalls>) {
    this.#server = server;
    this.#client = client;
  }

  async run(plan: Plan, options: Options, secret: string, say: (text: string) => void): Promise<Run> {
    const { port } = await this.#server.ask('listen', null);
    const open = { port, secret, inFlight: options.inFlight, timeoutMs: OPEN_TIMEOUT_MS };
    say('warming up');
    await this.#client.ask('open', { ...open, rooms: 'own', connections: WARM_UP_CONNECTIONS });
    await this.#client.ask('leave', null);
    while ((await this.#server.ask('sample', { collect: false })).rooms > 0) await wait(0.1);
    say(`waiting for ${options.startUpSeconds} s`);
    await wait(options.startUpSeconds);

    const before = await this.#look(true);
    say(`opening ${plan.connections} connections`);
    const { seconds: admittedSeconds } = await this.#client.ask('open', { ...open, ...plan });
    this.#counting = true;
    await this.#client.ask('quiet', { forMs: QUIET_MS });
    const stormOver = await this.#look(false);
    say(`settling for ${options.settleSeconds} s`);
    await wait(options.settleSeconds);
    const settled = await this.#look(false);
    say(`heartbeats only for ${options.idleSeconds} s`);
    await wait(options.idleSeconds);
    const idleOver = await this.#look(false);
    const collected = await this.#look(true);
    const exactlyOne = plan.rooms === 'own' && options.periodicStateMs === 0;
    const faults = await this.#client.ask('check', { exactlyOne });
    return { plan, admittedSeconds, before, stormOver, settled, idleOver, collected, faults };
  }

  async #look(collect: boolean): Promise<Moment> {
    const counts = this.#counting ? await this.#client.ask('count', null) : undefined;
    const server = await this.#server.ask('sample', { collect });
    return { at: performance.now() / 1000, server, resident: residentSet(this.#server.pid), counts };
  }
}

/** One plan with a fresh server, which ends with it. Rejects when a connection is lost while they are opened. */
export async function runScenario(plan: Plan, options: Options, say: (text: string) => void): Promise<Run> {
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
  const secret = randomBytes(32).toString('base64url');
  const workers: { stop(): Promise<void> }[] = [];
  try {
    const server = await Worker.start<ServerCalls>('server.ts', {
      env: environment(plan, options, dataDir, secret),
      execArgv: ['--expose-gc'],
    });
    workers.push(server);
    const client = await Worker.start<ClientCalls>('load-client.ts');
    workers.push(client);
    return await new Scenario(server, client).run(plan, options, secret, say);
  } finally {
    for (const worker of workers) await worker.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
