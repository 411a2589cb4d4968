import { onTestFinished } from 'vitest';
import { endOfTurn } from './fake-clock.ts';
import { RecordingClient } from './recording-client.ts';
import { concreteIds, endOf, type Outcomes, type RecordedEvent, type Recording } from './recording.ts';
import { loginCookie, startServer, type TestServer } from './server.ts';

/** Binary frames are recorded by their length alone; one was a message that would have an effect as text. */
const BINARY: ReadonlyMap<number, Buffer> = new Map([
  [3, Buffer.from([1, 2, 3])],
  [19, Buffer.from('{"type":"userLeft"}')],
]);

/** Users expire, and periodic states are sent, in sweeps at whole seconds. */
const SWEEP_INTERVAL_MS = 1_000;

type Driven = Extract<RecordedEvent, { ev: 'connect' | 'send' | 'client-close' | 'tcp-drop' }>;

export type ReplayOptions = {
  readonly environment?: Record<string, string> | undefined;
  /** What a connection is opened with; by default the login of its name. */
  readonly headersOf?: ((conn: string) => Record<string, string> | undefined) | undefined;
};

export type Replayed = {
  /** As seen: with the ids and meeting ids of this run. */
  readonly outcomes: Outcomes;
  /** The recording's placeholders by the ids that stood for them. */
  readonly placeholders: ReadonlyMap<string, string>;
  /** What the server logged that is worse than a warning. */
  readonly errors: readonly unknown[];
};

/** pino's number for `error`. */
const ERROR_LEVEL = 50;

/**
 * Does to a server of ours what the recording did to the original, at the same times, and gives what each connection
 * saw. Nothing else is a sign of life: a user of the recording who is silent is silent here.
 */
export async function replay(recording: Recording, options: ReplayOptions = {}): Promise<Replayed> {
  const server = await startServer(options.environment);
  const ids = concreteIds(recording);
  const run = new Run(server, recording, ids, options);
  for (const burst of burstsOf(recording)) await run.play(burst);
  await run.advanceTo(endOf(recording));
  return {
    outcomes: run.outcomes(),
    placeholders: new Map([...ids].map(([placeholder, id]) => [id, placeholder])),
    errors: server.logLines.filter(({ level }) => Number(level) >= ERROR_LEVEL),
  };
}

const isDriven = (event: RecordedEvent): event is Driven =>
  event.ev === 'connect' || event.ev === 'send' || event.ev === 'client-close' || event.ev === 'tcp-drop';

/** What one client did in the same instant belongs together: its second frame does not wait for the first's answer. */
function burstsOf(recording: Recording): Driven[][] {
  const bursts: Driven[][] = [];
  for (const event of recording.events.filter(isDriven)) {
    const last = bursts.at(-1);
    if (last?.[0]?.conn === event.conn && last[0].t === event.t) last.push(event);
    else bursts.push([event]);
  }
  return bursts;
}

class Run {
  readonly #server: TestServer;
  readonly #recording: Recording;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #options: ReplayOptions;
  readonly #clients = new Map<string, RecordingClient>();
  readonly #start: number;

  constructor(
    server: TestServer,
    recording: Recording,
    ids: ReadonlyMap<string, string>,
    options: ReplayOptions,
  ) {
    this.#server = server;
    this.#recording = recording;
    this.#ids = ids;
    this.#options = options;
    this.#start = server.clock.now();
  }

  outcomes(): Outcomes {
    return Object.fromEntries([...this.#clients].map(([conn, { seen }]) => [conn, seen]));
  }

  async play(burst: readonly Driven[]): Promise<void> {
    const [first] = burst;
    if (first === undefined) return;
    await this.advanceTo(first.t);
    for (const event of burst) await this.#drive(event);
    await this.#settle(first.conn);
  }

  /** Lets time pass, and after each sweep lets everybody see what it did. */
  async advanceTo(at: number): Promise<void> {
    while (this.#now() < at) {
      const untilSweep = SWEEP_INTERVAL_MS - (this.#now() % SWEEP_INTERVAL_MS);
      this.#server.clock.advance(Math.min(untilSweep, at - this.#now()));
      await this.#settle();
    }
  }

  #now(): number {
    return this.#server.clock.now() - this.#start;
  }

  async #drive(event: Driven): Promise<void> {
    const client = this.#clients.get(event.conn);
    switch (event.ev) {
      case 'connect':
        await this.#connect(event.conn, event.url);
        return;
      case 'send':
        client?.send(this.#payload(event));
        return;
      case 'client-close':
        client?.close(event.code, event.reason);
        return;
      case 'tcp-drop': {
        const { connections } = this.#server.app.stats();
        client?.drop();
        while (this.#server.app.stats().connections === connections) await endOfTurn();
      }
    }
  }

  async #connect(conn: string, recordedUrl: string): Promise<void> {
    const { id = '', name = '' } = this.#recording.connections[conn] ?? {};
    const url = this.#concrete(recordedUrl).replace(/:\d+\//, `:${this.#server.port}/`);
    // One login per id, as one browser has: that it comes back with another name does not make it another.
    const headers = this.#options.headersOf?.(conn) ?? { cookie: loginCookie(name, this.#concrete(id)) };
    const client = new RecordingClient(url, headers, () => this.#now());
    onTestFinished(() => client.drop());
    this.#clients.set(conn, client);
    await client.answered;
  }

  #payload({ json, text, binary }: Extract<Driven, { ev: 'send' }>): string | Buffer {
    if (binary !== undefined) {
      const bytes = BINARY.get(binary);
      if (bytes === undefined) throw new Error(`No content is known for a binary frame of ${binary} bytes`);
      return bytes;
    }
    return text ?? this.#concrete(JSON.stringify(json));
  }

  /** The text with an id in place of each placeholder. */
  #concrete(text: string): string {
    let result = text.replaceAll('<room>', 'room');
    for (const [placeholder, id] of this.#ids) result = result.replaceAll(placeholder, id);
    return result;
  }

  /** Lets everybody see what there is to see: who acted first, because what the others see follows from that. */
  async #settle(acting?: string): Promise<void> {
    await endOfTurn();
    if (acting !== undefined) await this.#clients.get(acting)?.settle();
    for (const client of this.#clients.values()) await client.settle();
  }
}
