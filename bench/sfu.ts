import { parseArgs } from 'node:util';
import { residentSet } from './memory.ts';
import type { GeneratorCalls } from './sfu/generator.ts';
import type { SfuProcessCalls } from './sfu/sfu-process.ts';
import type { Faults } from './sfu/stream-check.ts';
import { spread, type Spread } from './statistics.ts';
import { cpuSeconds } from './suite/cpu.ts';
import { Worker } from './worker.ts';

const USAGE = `usage: npm run bench:sfu [-- options]
  --peers N,N    publishers that all see each other, one measurement each (2,4,8)
  --runs N       repetitions, the sizes in turns (5)
  --seconds N    length of each measurement (10)
  --kbps N       each camera's bit rate (1500)
  --smoke        tiny numbers: that it works, not how fast
  --json         one JSON object on stdout
  --help

What the embedded SFU costs and adds (bench/README.md). Exit code: 0, 1 when a packet was lost,
doubled, out of order or not what it should be, 2 for bad arguments.`;

/** How long new peers send before anything is measured: key frames and compilation are over. */
const SETTLE_SECONDS = 2;

type Options = {
  readonly peers: readonly number[];
  readonly runs: number;
  readonly seconds: number;
  readonly kbps: number;
  readonly json: boolean;
};

class UsageError extends Error {}
/** What was measured is worthless; the message says why. */
class FaultError extends Error {}

function readOptions(): (Options & { readonly settleSeconds: number }) | undefined {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        peers: text('2,4,8'),
        runs: text('5'),
        seconds: text('10'),
        kbps: text('1500'),
        smoke: flag,
        json: flag,
        help: flag,
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const whole = (name: string, value: string, min: number, max: number): number => {
    const number = Number(value);
    if (value.trim() !== '' && Number.isInteger(number) && number >= min && number <= max) return number;
    throw new UsageError(`--${name} takes whole numbers from ${min} to ${max}, not '${value}'`);
  };
  const options = {
    peers: values.peers.split(',').map((value) => whole('peers', value, 2, 32)),
    runs: whole('runs', values.runs, 1, 100),
    seconds: whole('seconds', values.seconds, 1, 600),
    kbps: whole('kbps', values.kbps, 50, 20_000),
    json: values.json,
    settleSeconds: SETTLE_SECONDS,
  };
  return values.smoke ? { ...options, peers: [2, 3], runs: 1, seconds: 1, settleSeconds: 0 } : options;
}

/** One run's figures of one size. */
type Figures = {
  readonly forwardedPerSecond: number;
  readonly sfuCpuPercent: number;
  readonly sfuMicrosecondsPerPacket: number;
  readonly sfuCpuPercentPerStream: number;
  readonly sfuMegabytes: number;
  readonly sfuKilobytesPerStream: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Against one pair of peers with nothing between them, in the same load. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  readonly joinToFirstFrameMs: number;
  readonly loadCpuPercent: number;
};

async function measure(peers: number, options: Options & { settleSeconds: number }): Promise<Figures> {
  const sfu = await Worker.start<SfuProcessCalls>('./sfu/sfu-process.ts');
  const load = await Worker.start<GeneratorCalls>('./sfu/generator.ts');
  try {
    const address = await sfu.ask('listen', null);
    const videoBitsPerSecond = options.kbps * 1_000;
    const direct = await load.ask('direct', { seconds: Math.min(options.seconds, 3), videoBitsPerSecond });
    const idleBytes = residentSet(sfu.pid)?.nowBytes ?? Number.NaN;
    const { firstFrameMs } = await load.ask('join', { sfu: address, peers, videoBitsPerSecond });
    if (options.settleSeconds > 0) await load.ask('measure', { seconds: options.settleSeconds });
    const before = { sfu: cpuSeconds(sfu.pid), load: cpuSeconds(load.pid) };
    const { seconds, packets, p50Ms, p99Ms } = await load.ask('measure', { seconds: options.seconds });
    const cpu = { sfu: cpuSeconds(sfu.pid) - before.sfu, load: cpuSeconds(load.pid) - before.load };
    const bytes = residentSet(sfu.pid)?.nowBytes ?? Number.NaN;
    const { faults, streams } = await load.ask('end', null);
    mustBeNone(faults, peers);
    return {
      forwardedPerSecond: packets / seconds,
      sfuCpuPercent: (100 * cpu.sfu) / seconds,
      sfuMicrosecondsPerPacket: (1e6 * cpu.sfu) / packets,
      sfuCpuPercentPerStream: (100 * cpu.sfu) / seconds / streams,
      sfuMegabytes: bytes / 2 ** 20,
      sfuKilobytesPerStream: (bytes - idleBytes) / 1_024 / streams,
      p50Ms,
      p99Ms,
      addedP50Ms: p50Ms - direct.p50Ms,
      addedP99Ms: p99Ms - direct.p99Ms,
      joinToFirstFrameMs: spread(firstFrameMs).median,
      loadCpuPercent: (100 * cpu.load) / seconds,
    };
  } finally {
    await Promise.all([sfu.stop(), load.stop()]);
  }
}

function mustBeNone(faults: Faults, peers: number): void {
  const found = Object.entries(faults).filter(([, count]) => count > 0);
  if (found.length === 0) return;
  throw new FaultError(
    `${peers} peers: ${found.map(([name, count]) => `${count} packets ${name}`).join(', ')}`,
  );
}

type Result = { readonly peers: number; readonly figures: Record<keyof Figures, Spread> };

async function run(options: Options & { settleSeconds: number }): Promise<readonly Result[]> {
  const runs = new Map<number, Figures[]>(options.peers.map((peers) => [peers, []]));
  for (let run = 0; run < options.runs; run += 1) {
    for (const [peers, figures] of runs) {
      process.stderr.write(`bench: run ${run + 1} of ${options.runs}, ${peers} peers\n`);
      figures.push(await measure(peers, options));
    }
  }
  return [...runs].map(([peers, figures]) => ({ peers, figures: summary(figures) }));
}

function summary(runs: readonly Figures[]): Record<keyof Figures, Spread> {
  const of = (name: keyof Figures): Spread => spread(runs.map((run) => run[name]));
  return {
    forwardedPerSecond: of('forwardedPerSecond'),
    sfuCpuPercent: of('sfuCpuPercent'),
    sfuMicrosecondsPerPacket: of('sfuMicrosecondsPerPacket'),
    sfuCpuPercentPerStream: of('sfuCpuPercentPerStream'),
    sfuMegabytes: of('sfuMegabytes'),
    sfuKilobytesPerStream: of('sfuKilobytesPerStream'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    addedP50Ms: of('addedP50Ms'),
    addedP99Ms: of('addedP99Ms'),
    joinToFirstFrameMs: of('joinToFirstFrameMs'),
    loadCpuPercent: of('loadCpuPercent'),
  };
}

const LABELS: Readonly<Record<keyof Figures, readonly [string, number]>> = {
  forwardedPerSecond: ['forwarded packets/s', 0],
  sfuCpuPercent: ['SFU CPU, % of a core', 1],
  sfuMicrosecondsPerPacket: ['SFU CPU, µs a forwarded packet', 1],
  sfuCpuPercentPerStream: ['SFU CPU, % of a core a stream', 3],
  sfuMegabytes: ['SFU memory (RSS), MB', 0],
  sfuKilobytesPerStream: ['SFU memory, kB a stream', 0],
  p50Ms: ['from sender to receiver, p50 ms', 2],
  p99Ms: ['p99 ms', 2],
  addedP50Ms: ['added to a direct way, p50 ms', 2],
  addedP99Ms: ['added to a direct way, p99 ms', 2],
  joinToFirstFrameMs: ['from join to first picture, ms', 0],
  loadCpuPercent: ['the load itself: CPU, % of a core', 1],
};

function table(results: readonly Result[]): string {
  const columns = results.map(({ peers, figures }) => [
    `${peers} publishers`,
    ...Object.entries(LABELS).map(([name, [, digits]]) => {
      const { median, min, max } = figures[name as keyof Figures];
      return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
    }),
  ]);
  const rows = ['', ...Object.values(LABELS).map(([label]) => label)];
  return rows
    .map((label, row) =>
      [label.padEnd(34), ...columns.map((column) => (column[row] ?? '').padEnd(26))].join(''),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

try {
  const options = readOptions();
  if (options === undefined) console.log(USAGE);
  else {
    const results = await run(options);
    console.log(options.json ? JSON.stringify({ node: process.version, options, results }) : table(results));
  }
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
