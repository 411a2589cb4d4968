import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.ts';
import { createLog } from '../src/log.ts';
import { JsonCache } from '../src/rooms/json-cache.ts';
import type { RoomRegistry } from '../src/rooms/registry.ts';
import type { RoomWatcher } from '../src/rooms/room-watchers.ts';
import { MemoryStore } from '../src/store/store.memory.ts';
import { LiveView } from '../src/visualiser/live-view.ts';
import { Mask } from '../src/visualiser/mask.ts';
import { UsageError } from './options.ts';
import { fill, registryOn, toggle } from './silent-rooms.ts';
import { median, spread, type Spread } from './statistics.ts';

const USAGE = `usage: npm run bench:watching [-- options]
  --runs N     repetitions, interleaved (9)
  --events N   events in each (100000)
  --users N    users of the room (10)
  --smoke      tiny numbers: that it works, not how fast
  --json       one JSON object on stdout
  --help

What a room pays for being looked on at (bench/README.md).`;

/** `again`: nobody looks on any more. */
const CASES = ['nobody', 'again', 'one', 'stalled'] as const;
type Case = (typeof CASES)[number];

type Options = {
  readonly runs: number;
  readonly events: number;
  readonly users: number;
  readonly json: boolean;
};

function readOptions(): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  let values;
  try {
    ({ values } = parseArgs({
      options: { runs: text, events: text, users: text, smoke: flag, json: flag, help: flag },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const whole = (name: 'runs' | 'events' | 'users', usual: number, smoke: number, max: number): number => {
    const number = Number(values[name] ?? (values.smoke ? smoke : usual));
    if (Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw new UsageError(`--${name} must be a whole number from 1 to ${max}, not '${values[name]}'`);
  };
  return {
    runs: whole('runs', 9, 1, 1_000),
    events: whole('events', 100_000, 2_000, 10_000_000),
    users: whole('users', 10, 10, 10_000),
    json: values.json,
  };
}

/** Somebody looks on, and counts the steps that are sent; a stalled one takes the first message and no other. */
function look(
  registry: RoomRegistry,
  stalled: boolean,
): { readonly stop: () => void; readonly steps: () => number } {
  let steps = 0;
  const live = new LiveView({ rooms: registry, mask: new Mask('benchmark'), clock: systemClock });
  const view = live.open('room-0', false, {
    write: (text) => {
      steps += text.split('"seq":').length - 1;
      return !stalled;
    },
  });
  return { stop: () => view.stop(), steps: () => steps };
}

const NOBODY: RoomWatcher = { began: () => {}, stepped: () => {}, refused: () => {}, over: () => {} };

const endOfTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Events of one room a second: a change by each user in turn, a hundred in a turn of the event loop. */
async function measure(what: Case, { events, users }: Options): Promise<number> {
  const { registry, journal } = registryOn(new MemoryStore(), new JsonCache(), createLog('silent'));
  const seats = fill(registry, 1, users);
  const isWatched = what === 'one' || what === 'stalled';
  const view = isWatched ? look(registry, what === 'stalled') : undefined;
  if (what === 'again') registry.watch('room-0', NOBODY)();
  await journal.flush();
  const start = performance.now();
  for (let n = 0; n < events; n += 1) {
    const seat = seats[n % seats.length];
    if (seat) toggle(registry, seat);
    if (n % 100 === 99) await endOfTurn();
  }
  const seconds = (performance.now() - start) / 1_000;
  await endOfTurn();
  const seen = view?.steps() ?? 0;
  const expected = what === 'one' ? events : 0;
  if (seen !== expected) throw new Error(`${what}: ${seen} steps were sent, not ${expected}`);
  view?.stop();
  registry.stop();
  journal.end();
  return events / seconds;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return void process.stdout.write(`${USAGE}\n`);
  const rates: Record<Case, number[]> = { nobody: [], again: [], one: [], stalled: [] };
  for (let run = 0; run < options.runs; run += 1) {
    process.stderr.write(`bench: run ${run + 1} of ${options.runs}\n`);
    // What comes first in a run is not always the same.
    for (let n = 0; n < CASES.length; n += 1) {
      const what = CASES[(n + run) % CASES.length] ?? 'nobody';
      rates[what].push(await measure(what, options));
    }
  }
  const result = Object.fromEntries(
    CASES.map((what) => {
      const ratios = rates[what].map((rate, run) => rate / (rates.nobody[run] ?? Number.NaN));
      return [what, { eventsPerSecond: spread(rates[what]), ofNobody: spread(ratios) }];
    }),
  );
  if (options.json) process.stdout.write(`${JSON.stringify({ options, result })}\n`);
  else for (const what of CASES) process.stdout.write(`${what.padEnd(8)} ${say(rates, what)}\n`);
}

function say(rates: Readonly<Record<Case, readonly number[]>>, what: Case): string {
  const { median: rate, min, max } = rounded(spread(rates[what]));
  const ratio = median(rates[what].map((one, run) => one / (rates.nobody[run] ?? Number.NaN)));
  return `${rate} events/s (${min} to ${max}), ${ratio.toFixed(2)} of nobody's`;
}

const rounded = ({ median: middle, min, max }: Spread): Spread => ({
  median: Math.round(middle),
  min: Math.round(min),
  max: Math.round(max),
});

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
