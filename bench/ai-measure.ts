import type { AiLoadCalls } from './ai-load.ts';
import type { Relayed } from './ai-relays.ts';
import type { AiUpstreamCalls } from './ai-upstream.ts';
import type { ServerCalls } from './server.ts';
import { median, round, spread, type Spread } from './statistics.ts';
import type { Worker } from './worker.ts';

export type Plan = {
  readonly runs: number;
  readonly seconds: number;
  readonly users: number;
  readonly rooms: number;
  readonly inFlight: number;
  readonly latencyMs: number;
};

export type Parts = {
  readonly upstream: Worker<AiUpstreamCalls>;
  readonly server: Worker<ServerCalls>;
  readonly load: Worker<AiLoadCalls>;
};

/** Where calls open and close meanwhile: nowhere, in the room that relays, or there and in the other rooms at once. */
const CASES = ['none', 'own', 'many'] as const;
type Case = (typeof CASES)[number];
type LoadName = 'full' | 'half';

type Measured = Relayed & {
  readonly serverCpuSeconds: number;
  /** The same to the end of the last call. */
  readonly settledCpuSeconds: number;
  readonly openings: number;
  readonly openingsMs: readonly number[];
};

/** Four to open a call, two to close it. */
const REQUESTS_PER_CALL = 6;

type Figure = (measured: Measured) => number;

const serverCpuPercent: Figure = ({ serverCpuSeconds, seconds }) => (100 * serverCpuSeconds) / seconds;
const loadCpuPercent: Figure = ({ loadCpuSeconds, seconds }) => (100 * loadCpuSeconds) / seconds;
const relaysPerSecond: Figure = ({ relays, seconds }) => relays / seconds;
const relaysPerServerCpuSecond: Figure = ({ relays, serverCpuSeconds }) => relays / serverCpuSeconds;
const p50Ms: Figure = (measured) => measured.p50Ms;
const p99Ms: Figure = (measured) => measured.p99Ms;
const maxMs: Figure = (measured) => measured.maxMs;
const openings: Figure = (measured) => measured.openings;
const openingP50Ms: Figure = ({ openingsMs }) => median(openingsMs);

/** What is told of each load, and of what the share with calls to that without is told too. */
const FIGURES: Readonly<Record<LoadName, Readonly<Record<string, Figure>>>> = {
  full: { relaysPerSecond, relaysPerServerCpuSecond, serverCpuPercent, loadCpuPercent },
  half: { relaysPerSecond, serverCpuPercent, loadCpuPercent, p50Ms, p99Ms, maxMs },
};
const CALLS: Readonly<Record<string, Figure>> = { openings, openingP50Ms };
const RATIOS: Readonly<Record<LoadName, Readonly<Record<string, Figure>>>> = {
  full: { relaysPerSecond, relaysPerServerCpuSecond },
  half: { p50Ms, p99Ms },
};

type Table = Readonly<Record<string, Spread>>;

export type Result = {
  /** Relays a second of the half load. */
  readonly halfLoad: number;
  /** By load and case; the cases with calls also as shares of the one without, run by run. */
  readonly loads: Readonly<Record<LoadName, Readonly<Record<string, Table>>>>;
  /** User and system time of the server for a call that is opened and closed: what `many` costs beyond `none`. */
  readonly serverCpuMsPerCall: Spread;
  readonly calls: number;
  readonly requestsPerCall: number;
  /** Empty is good. */
  readonly faults: readonly string[];
};

/** Takes server and load through all cases, again and again. */
class Measurement {
  readonly #parts: Parts;
  readonly #plan: Plan;
  readonly #faults: string[] = [];
  #requests = 0;
  #calls = 0;

  constructor(parts: Parts, plan: Plan) {
    this.#parts = parts;
    this.#plan = plan;
  }

  async run(say: (text: string) => void): Promise<Result> {
    const { runs } = this.#plan;
    say('warming up');
    for (const kind of CASES) await this.#one(kind, 'full', 0);
    const alone = await this.#one('none', 'full', 0);
    const halfLoad = Math.max(1, Math.round(relaysPerSecond(alone) / 2));
    const measured: Record<LoadName, Record<Case, Measured[]>> = {
      full: { none: [], own: [], many: [] },
      half: { none: [], own: [], many: [] },
    };
    for (let run = 0; run < runs; run += 1) {
      say(`run ${run + 1} of ${runs}`);
      // There and back: what comes later in a run must not always be the same.
      const order = run % 2 === 0 ? CASES : CASES.toReversed();
      for (const name of ['full', 'half'] as const) {
        for (const kind of order) measured[name][kind].push(await this.#one(kind, name, halfLoad));
      }
    }
    return {
      halfLoad,
      loads: { full: summary('full', measured.full), half: summary('half', measured.half) },
      serverCpuMsPerCall: cpuMsPerCall(measured.half),
      calls: this.#calls,
      requestsPerCall: round(this.#requests / this.#calls),
      faults: this.#faults,
    };
  }

  async #one(kind: Case, name: LoadName, halfLoad: number): Promise<Measured> {
    const { load, server, upstream } = this.#parts;
    const { seconds, inFlight, rooms } = this.#plan;
    if (kind !== 'none') await load.ask('startCalls', { others: kind === 'many' ? rooms : 0 });
    const before = await server.ask('sample', { collect: false });
    const relayed =
      name === 'full'
        ? await load.ask('saturate', { inFlight, seconds })
        : await load.ask('pace', { perSecond: halfLoad, seconds });
    const after = await server.ask('sample', { collect: false });
    const openingsMs = kind === 'none' ? [] : await load.ask('stopCalls', null);
    const account = await upstream.ask('settle', null);
    const settled = await server.ask('sample', { collect: false });
    this.#requests += account.requests;
    this.#calls += account.openings;
    this.#faults.push(...relayed.faults, ...account.faults);
    if (
      account.openings !== openingsMs.length ||
      account.requests !== REQUESTS_PER_CALL * openingsMs.length
    ) {
      this.#faults.push(
        `${openingsMs.length} calls were opened by ${account.requests} requests for ${account.openings}`,
      );
    }
    const serverCpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const settledCpuSeconds = settled.cpuSeconds - before.cpuSeconds;
    return { ...relayed, serverCpuSeconds, settledCpuSeconds, openings: openingsMs.length, openingsMs };
  }
}

export const measure = (parts: Parts, plan: Plan, say: (text: string) => void): Promise<Result> =>
  new Measurement(parts, plan).run(say);

const cpuMsPerCall = ({ none, many }: Readonly<Record<Case, readonly Measured[]>>): Spread =>
  spread(
    many.map(({ settledCpuSeconds, openings }, run) => {
      const alone = none[run]?.settledCpuSeconds ?? Number.NaN;
      return ((settledCpuSeconds - alone) * 1_000) / openings;
    }),
  );

function summary(
  name: LoadName,
  measured: Readonly<Record<Case, readonly Measured[]>>,
): Record<string, Table> {
  const tables = CASES.map((kind) => {
    const figures = kind === 'none' ? FIGURES[name] : { ...FIGURES[name], ...CALLS };
    return [kind, tableOf(figures, (figure) => measured[kind].map(figure))] as const;
  });
  const ratios = (['own', 'many'] as const).map((kind) => {
    const share = (figure: Figure): number[] =>
      measured[kind].map((run, index) => {
        const alone = measured.none[index];
        return alone === undefined ? Number.NaN : figure(run) / figure(alone);
      });
    return [`${kind}ToNone`, tableOf(RATIOS[name], share)] as const;
  });
  return Object.fromEntries([...tables, ...ratios]);
}

const tableOf = (
  figures: Readonly<Record<string, Figure>>,
  valuesOf: (figure: Figure) => readonly number[],
): Table =>
  Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, spread(valuesOf(figure))]));
