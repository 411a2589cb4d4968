import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Plan } from './ai-measure.ts';
import type { AiLoadCalls } from './ai-load.ts';
import type { AiUpstreamCalls } from './ai-upstream.ts';
import { UsageError } from './options.ts';
import type { ServerCalls } from './server.ts';
import { Worker } from './worker.ts';

const USAGE = `usage: npm run bench:ai [-- options]
  --runs N        repetitions of all, interleaved (7)
  --seconds N     length of each measurement (5)
  --users N       users of the room (10)
  --rooms N       other rooms that open calls (50)
  --in-flight N   relays of each user under way at a time, at full load (16)
  --latency-ms N  time that each answer of the SFU and of OpenAI takes (250)
  --smoke         tiny numbers: that it works, not how fast
  --json          one JSON object on one line
  --help

Whether a room relays messages at full speed while AI calls open and close in it (bench/README.md). Exit code: 0, 1 when
a relay was lost, doubled or out of order, or a call did not take four requests to open and two to close, 2 for bad
arguments.`;

const DEFAULTS = {
  runs: '7',
  seconds: '5',
  users: '10',
  rooms: '50',
  'in-flight': '16',
  'latency-ms': '250',
};
const SMOKE: typeof DEFAULTS = { ...DEFAULTS, runs: '1', seconds: '0.3', rooms: '2', 'latency-ms': '20' };

function readOptions(): { readonly plan: Plan; readonly json: boolean } | undefined {
  const number = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const numbers = {
    runs: number,
    seconds: number,
    users: number,
    rooms: number,
    'in-flight': number,
    'latency-ms': number,
  };
  let values;
  try {
    ({ values } = parseArgs({ options: { ...numbers, smoke: flag, json: flag, help: flag } }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const defaults = values.smoke ? SMOKE : DEFAULTS;
  const read = (name: keyof typeof DEFAULTS, pattern: RegExp, what: string, min: number, max: number) => {
    const text = values[name] ?? defaults[name];
    if (pattern.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
    throw new UsageError(`--${name} must be ${what} from ${min} to ${max}, not '${text}'`);
  };
  const whole = (name: keyof typeof DEFAULTS, min: number, max: number) =>
    read(name, /^\d+$/, 'a whole number', min, max);
  const plan = {
    runs: whole('runs', 1, 100),
    seconds: read('seconds', /^\d+(\.\d+)?$/, 'a number', 0.1, 60),
    users: whole('users', 2, 200),
    rooms: whole('rooms', 0, 500),
    inFlight: whole('in-flight', 1, 1_000),
    latencyMs: whole('latency-ms', 0, 4_000),
  };
  return { plan, json: values.json };
}

/** All settings that differ from the server's defaults. */
const environment = (dataDir: string, secret: string, upstreamPort: number) => ({
  HOST: '127.0.0.1',
  PORT: '0',
  ADMIN_PORT: '0',
  DATA_DIR: dataDir,
  LOG_LEVEL: 'warn',
  SESSION_SECRETS: secret,
  MAX_FRAMES_PER_SECOND: '1000000',
  PERIODIC_STATE_MS: '0',
  CALLS_APP_ID: 'bench',
  CALLS_APP_SECRET: 'secret',
  CALLS_API_URL: `http://127.0.0.1:${upstreamPort}/v1`,
  OPENAI_API_TOKEN: 'secret',
  OPENAI_MODEL_ENDPOINT: `http://127.0.0.1:${upstreamPort}/v1/realtime/calls`,
});

async function run(plan: Plan): Promise<Awaited<ReturnType<typeof measure>>> {
  const folder = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
  const secret = randomBytes(32).toString('base64url');
  const workers: { stop(): Promise<void> }[] = [];
  const started = <W extends { stop(): Promise<void> }>(worker: W): W => {
    workers.push(worker);
    return worker;
  };
  try {
    const upstream = started(await Worker.start<AiUpstreamCalls>('./ai-upstream.ts'));
    const { port: upstreamPort } = await upstream.ask('listen', { latencyMs: plan.latencyMs });
    const server = started(
      await Worker.start<ServerCalls>('./server.ts', { env: environment(folder, secret, upstreamPort) }),
    );
    const load = started(await Worker.start<AiLoadCalls>('./ai-load.ts'));
    const { port } = await server.ask('listen', null);
    await load.ask('open', { port, secret, users: plan.users, rooms: plan.rooms });
    return await measure({ upstream, server, load }, plan, (text) => say(text));
  } finally {
    // The load first: to it a server that goes away is a fault.
    for (const worker of workers.toReversed()) await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

try {
  const options = readOptions();
  if (options === undefined) console.log(USAGE);
  else {
    const { plan, json } = options;
    const result = await run(plan);
    console.log(JSON.stringify({ node: process.version, plan, ...result }, null, json ? 0 : 2));
    if (result.faults.length > 0) process.exitCode = 1;
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
