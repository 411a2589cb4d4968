import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  directTarget,
  proxiedTarget,
  push,
  pushBody,
  type Load,
  type Plan,
  type Target,
} from './proxy-load.ts';
import type { UpstreamCalls } from './proxy-upstream.ts';
import type { ServerCalls } from './server.ts';
import { median, quantile, round, spread, type Spread } from './statistics.ts';
import { Worker } from './worker.ts';

const USAGE = `usage: npm run bench:proxy [-- options]
  --runs N       repetitions of direct and proxied, interleaved (7)
  --requests N   requests in each (3000)
  --in-flight N  requests under way at a time (32)
  --sdp N        bytes of each session description, up and down (8000)
  --smoke        tiny numbers: that it works, not how fast
  --json         one JSON object on stdout
  --help

What the proxy to the SFU adds to a call of the SFU itself (bench/README.md).`;

const SECRET = 'a secret for the benchmark that is long enough';

type Options = { runs: number; requests: number; inFlight: number; sdp: number; json: boolean };

class UsageError extends Error {}

function readOptions(): Options | undefined {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        runs: text('7'),
        requests: text('3000'),
        'in-flight': text('32'),
        sdp: text('8000'),
        smoke: flag,
        json: flag,
        help: flag,
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const whole = (name: 'runs' | 'requests' | 'in-flight' | 'sdp', max: number): number => {
    const number = Number(values[name]);
    if (Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not '${values[name]}'`);
  };
  const options = {
    runs: whole('runs', 100),
    requests: whole('requests', 100_000),
    inFlight: whole('in-flight', 150),
    sdp: whole('sdp', 200_000),
    json: values.json,
  };
  return values.smoke ? { ...options, runs: 1, requests: 50, inFlight: 4 } : options;
}

type Figures = { perSecond: number; p50Ms: number; p99Ms: number };

const figuresOf = ({ latenciesMs, seconds }: Load): Figures => ({
  perSecond: latenciesMs.length / seconds,
  p50Ms: quantile(latenciesMs, 0.5),
  p99Ms: quantile(latenciesMs, 0.99),
});

const summary = (runs: readonly Figures[]): Record<keyof Figures, Spread> => ({
  perSecond: spread(runs.map((run) => run.perSecond)),
  p50Ms: spread(runs.map((run) => run.p50Ms)),
  p99Ms: spread(runs.map((run) => run.p99Ms)),
});

type Parts = { direct: Target; proxied: Target; server: Worker<ServerCalls> };

/** One request at a time, and many: the first shows what the proxy adds, the second what it carries. */
async function measure({ direct, proxied, server }: Parts, options: Options): Promise<object> {
  const body = pushBody(options.sdp);
  const results = { directOne: [], proxiedOne: [], directMany: [], proxiedMany: [] } as Record<
    string,
    Figures[]
  >;
  const cpu: number[] = [];
  const single = Math.min(500, options.requests);
  const plan = { body, replyBytes: options.sdp };
  const one: Plan = { ...plan, requests: single, inFlight: 1 };
  const many: Plan = { ...plan, requests: options.requests, inFlight: options.inFlight };
  const loads: [string, Target, Plan][] = [
    ['directOne', direct, one],
    ['proxiedOne', proxied, one],
    ['directMany', direct, many],
    ['proxiedMany', proxied, many],
  ];
  for (let run = -1; run < options.runs; run += 1) {
    process.stderr.write(`bench: ${run < 0 ? 'warming up' : `run ${run + 1} of ${options.runs}`}\n`);
    for (const [name, target, plan] of loads) {
      const before = await server.ask('sample', { collect: false });
      const load = await push(target, plan);
      const after = await server.ask('sample', { collect: false });
      if (run < 0) continue;
      results[name]?.push(figuresOf(load));
      if (name === 'proxiedMany') cpu.push(((after.cpuSeconds - before.cpuSeconds) * 1e6) / plan.requests);
    }
  }
  const figures = Object.fromEntries(Object.entries(results).map(([name, runs]) => [name, summary(runs)]));
  const added = (figure: 'p50Ms' | 'p99Ms'): number => {
    const differences = (results['proxiedOne'] ?? []).map(
      (run, index) => run[figure] - (results['directOne']?.[index]?.[figure] ?? Number.NaN),
    );
    return round(median(differences));
  };
  return {
    ...figures,
    addedP50Ms: added('p50Ms'),
    addedP99Ms: added('p99Ms'),
    serverCpuMicrosecondsPerRequest: { median: Math.round(median(cpu)), min: Math.round(Math.min(...cpu)) },
  };
}

async function run(options: Options): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
  const upstream = await Worker.start<UpstreamCalls>('./proxy-upstream.ts');
  const { port } = await upstream.ask('listen', { sdpBytes: options.sdp });
  const server = await Worker.start<ServerCalls>('./server.ts', {
    execArgv: ['--expose-gc'],
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      DATA_DIR: folder,
      LOG_LEVEL: 'warn',
      SESSION_SECRETS: SECRET,
      CALLS_APP_ID: 'bench',
      CALLS_APP_SECRET: 'secret',
      CALLS_API_URL: `http://127.0.0.1:${port}/v1`,
    },
  });
  const pools: Target[] = [];
  try {
    const listening = await server.ask('listen', null);
    const direct = directTarget(`http://127.0.0.1:${port}`, options.inFlight);
    pools.push(direct);
    const proxied = await proxiedTarget(`http://127.0.0.1:${listening.port}`, options.inFlight, SECRET);
    pools.push(proxied);
    return await measure({ direct, proxied, server }, options);
  } finally {
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
    await Promise.all([upstream.stop(), server.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const options = readOptions();
  if (options === undefined) console.log(USAGE);
  else
    console.log(
      JSON.stringify({ node: process.version, options, ...(await run(options)) }, null, options.json ? 0 : 2),
    );
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
