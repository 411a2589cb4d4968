import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { StoreCase, StoreKind, StoreResult } from './store-case.ts';

const USAGE = `usage: npm run bench:store [-- options]
  --runs N   repetitions, interleaved (5)
  --smoke    tiny numbers: that it works, not how fast
  --json     one JSON object on stdout
  --help

What rooms pay for the store (bench/README.md).`;

function runCase(options: StoreCase): Promise<StoreResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./store-case.ts', import.meta.url), { workerData: options });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Median, smallest and largest of one figure over the runs. */
function spread(
  results: readonly StoreResult[],
  figure: string,
): { median: number; min: number; max: number } {
  const values = results.map((result) => result[figure] ?? Number.NaN);
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The same case with and without the store, in turns. */
async function compare(
  name: string,
  runs: number,
  make: (store: StoreKind) => StoreCase,
): Promise<Record<StoreKind, StoreResult[]>> {
  const results: Record<StoreKind, StoreResult[]> = { none: [], sqlite: [] };
  for (let run = 0; run < runs; run += 1) {
    for (const store of ['none', 'sqlite'] as const) {
      process.stderr.write(`${name}, ${store}, ${run + 1} of ${runs}\n`);
      results[store].push(await runCase(make(store)));
    }
  }
  return results;
}

function readOptions(): { runs: number; smoke: boolean; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: '5' },
        smoke: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a whole number from 1');
    return { runs: values.smoke ? 1 : runs, smoke: values.smoke, json: values.json };
  } catch (error) {
    console.error(`bench:store: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const { runs, smoke, json } = readOptions();
  const rooms = smoke ? 20 : 1_000;
  const load = await compare('load', runs, (store) => ({
    kind: 'load',
    store,
    rooms,
    users: 10,
    ms: smoke ? 300 : 8_000,
  }));
  const changes = await compare('changes', runs, (store) => ({
    kind: 'changes',
    store,
    changes: smoke ? 1_000 : 200_000,
  }));
  const restarts: StoreResult[] = [];
  for (let run = 0; run < runs; run += 1) {
    process.stderr.write(`restart, ${run + 1} of ${runs}\n`);
    restarts.push(await runCase({ kind: 'restart', rooms: smoke ? 100 : 10_000, users: 5 }));
  }
  const report = {
    busyPercent: { none: spread(load.none, 'busyPercent'), sqlite: spread(load.sqlite, 'busyPercent') },
    microsecondsPerChange: {
      none: spread(changes.none, 'microsecondsPerChange'),
      sqlite: spread(changes.sqlite, 'microsecondsPerChange'),
    },
    restartMs: {
      open: spread(restarts, 'openMs'),
      read: spread(restarts, 'readMs'),
      restore: spread(restarts, 'restoreMs'),
      total: spread(restarts, 'totalMs'),
    },
  };
  if (json) {
    console.log(JSON.stringify({ smoke, runs, node: process.version, ...report }));
    return;
  }
  const show = ({ median: middle, min, max }: ReturnType<typeof spread>): string =>
    `${middle.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
  const share = report.busyPercent.sqlite.median - report.busyPercent.none.median;
  console.log(`medians of ${runs} runs (smallest to largest), Node ${process.version}`);
  console.log(`event loop busy, ${rooms} rooms of 10, each user changes once a second, %`);
  console.log(`  without a store  ${show(report.busyPercent.none)}`);
  console.log(
    `  with SQLite      ${show(report.busyPercent.sqlite)}   the store's share: ${share.toFixed(2)} points`,
  );
  console.log('one room of 10, changes as fast as they go, µs per change on the main thread');
  console.log(`  without a store  ${show(report.microsecondsPerChange.none)}`);
  console.log(`  with SQLite      ${show(report.microsecondsPerChange.sqlite)}`);
  console.log(`restart with ${smoke ? 100 : 10_000} rooms of 5, ms`);
  for (const [part, value] of Object.entries(report.restartMs))
    console.log(`  ${part.padEnd(15)}  ${show(value)}`);
}

await main();
