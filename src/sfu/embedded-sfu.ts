import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { waitAtMost } from '../deadline.ts';
import type { LogLevel } from '../log.ts';
import type { SfuAccess, SfuCommand, SfuReport, SfuStats, SfuWorkerData } from './sfu-messages.ts';
import type { SfuSettings } from './sfu-settings.ts';
import type { AiStandInAddress } from './stand-in/ai-stand-in.ts';
import type { Candidate } from './transport/session-transport.ts';

export type EmbeddedSfuDeps = {
  readonly settings: SfuSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** The module of the `SfuParts`; the real ones without. */
  readonly partsUrl?: URL;
};

/** What is needed to use it, as one would use Cloudflare's. */
export type SfuCredentials = {
  readonly apiUrl: string;
  readonly appId: string;
  readonly appSecret: string;
  /** Where browsers send media. */
  readonly candidates: readonly Candidate[];
  /** The AI that needs no key, where it is switched on: an OpenAI that repeats what it hears. */
  readonly standIn: AiStandInAddress | undefined;
};

/** The embedded SFU cannot be had; the message is for the person who starts the server. */
export class SfuStartError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The embedded SFU could not be started: ${reason}. See SFU_PORT; EMBEDDED_SFU=false does without it.`,
      options,
    );
    this.name = 'SfuStartError';
  }
}

type Listening = Extract<SfuReport, { type: 'listening' }>;

const secret = (): string => randomBytes(32).toString('base64url');

const APP_ID = 'embedded';
const RESTART_MS = { first: 250, longest: 10_000 };
/** What has run for so long was no fault of its start. */
const STABLE_MS = 60_000;
const STOP_MS = 5_000;

/**
 * The embedded SFU, in a thread of its own. Its death is noticed and another one is started at the same address, with the same
 * secret: clients are told that their sessions are gone, and open others. Rooms go on meanwhile.
 */
export class EmbeddedSfu {
  readonly #deps: EmbeddedSfuDeps;
  readonly #appSecret = secret();
  readonly #standInToken = secret();
  /** 0 before the first has listened; from then on all listen there. */
  #port = 0;
  #standInPort = 0;
  #worker: Worker | undefined = undefined;
  #timer: unknown;
  #delayMs = RESTART_MS.first;
  #listeningAtMs: number | undefined = undefined;
  #isStopping = false;
  #stats: SfuStats | undefined = undefined;

  constructor(deps: EmbeddedSfuDeps) {
    this.#deps = deps;
  }

  /** A second old at most; nothing while it is not running. */
  get stats(): SfuStats | undefined {
    return this.#stats;
  }

  /** Resolves when its API can be used. Rejects when it cannot be started at all; it is tried again only after that. */
  async start(): Promise<SfuCredentials> {
    const { candidates, standIn } = await this.#launch();
    if (this.#isStopping) throw new SfuStartError('it was stopped meanwhile');
    const { log, settings } = this.#deps;
    const apiUrl = `http://127.0.0.1:${this.#port}/v1`;
    const addresses = candidates.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);
    log.info(
      { apiUrl, addresses, ...settings.limits },
      'embedded SFU listening: for trying out, for teams of about ten people who all send video, and for sites without internet; set CALLS_APP_ID for more',
    );
    if (standIn !== undefined)
      log.info('the AI is an echo, which repeats what it hears: there is no OPENAI_API_TOKEN');
    return { apiUrl, appId: APP_ID, appSecret: this.#appSecret, candidates, standIn };
  }

  /** Ends it. Media stop, and the port is free. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#deps.clock.clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    const command: SfuCommand = { type: 'stop' };
    worker.postMessage(command);
    await waitAtMost(this.#deps.clock, STOP_MS, ended, () => {
      this.#deps.log.warn('embedded SFU did not stop by itself');
    });
    await worker.terminate();
  }

  /** Starts a thread; resolves when it listens, and rejects when it ends before. */
  // A thread that cannot even be made must reject like one that ends: this is called by a timer too.
  async #launch(): Promise<Listening> {
    const worker = this.#createWorker();
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      worker.on('message', (report: SfuReport) => {
        this.#receive(report);
        if (report.type === 'listening') resolve(report);
      });
      worker.on('error', (error: unknown) => {
        cause = error instanceof Error ? error : new Error(String(error));
      });
      worker.on('exit', (exitCode) => {
        const wasListening = this.#lost();
        if (wasListening && !this.#isStopping) {
          this.#deps.log.error({ err: cause, exitCode }, 'embedded SFU died');
          this.#relaunchLater();
        }
        reject(new SfuStartError(cause?.message ?? `exit code ${exitCode}`, { cause }));
      });
    });
  }

  #createWorker(): Worker {
    const { settings, log, partsUrl = new URL('./sfu-parts.ts', import.meta.url) } = this.#deps;
    const standIn = { token: this.#standInToken, port: this.#standInPort };
    const access: SfuAccess = { appId: APP_ID, appSecret: this.#appSecret, port: this.#port, standIn };
    const logLevel = log.level as LogLevel;
    const workerData: SfuWorkerData = { settings, access, logLevel, partsUrl: partsUrl.href };
    return new Worker(new URL('./sfu-worker.ts', import.meta.url), {
      workerData,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
  }

  #receive(report: SfuReport): void {
    switch (report.type) {
      case 'listening':
        this.#port = report.port;
        this.#standInPort = report.standIn?.port ?? 0;
        this.#listeningAtMs = this.#deps.clock.now();
        break;
      case 'stats':
        this.#stats = report.stats;
        break;
      case 'log':
        this.#forward(report.line);
        break;
    }
  }

  /** The thread is gone. Gives whether it had ever listened. */
  #lost(): boolean {
    const listeningAtMs = this.#listeningAtMs;
    this.#worker = undefined;
    this.#stats = undefined;
    this.#listeningAtMs = undefined;
    if (listeningAtMs === undefined) return false;
    if (this.#deps.clock.now() - listeningAtMs >= STABLE_MS) this.#delayMs = RESTART_MS.first;
    return true;
  }

  #relaunchLater(): void {
    const { clock, log } = this.#deps;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(2 * delayMs, RESTART_MS.longest);
    this.#timer = clock.setTimeout(() => {
      this.#launch().then(
        () => log.info({ port: this.#port }, 'embedded SFU is back: clients open new sessions'),
        (error: unknown) => {
          if (this.#isStopping) return;
          log.error({ err: error, delayMs: this.#delayMs }, 'embedded SFU could not be started again');
          this.#relaunchLater();
        },
      );
    }, delayMs);
  }

  /** A line of the thread's log becomes one of this server's, with its level and its fields. */
  #forward(line: string): void {
    const { level, time: _, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const { log } = this.#deps;
    const label = log.levels.labels[Number(level)];
    const write =
      label === 'fatal' || label === 'error' || label === 'warn' || label === 'debug' || label === 'trace'
        ? log[label].bind(log)
        : log.info.bind(log);
    write({ ...fields, part: 'sfu' }, typeof msg === 'string' ? msg : '');
  }
}
