import { spread, type Spread } from '../statistics.ts';
import type { Programs } from './compiler.ts';
import { CONTESTANTS, type Contestant, type ContestantName } from './contestants/contestants.ts';
import { Load } from './load/load.ts';
import type { Aim, Case, Sample, Scenario, Settings, Staging } from './scenario.ts';
import { ServerProcess } from './server-process.ts';
import { Stage } from './stage.ts';

/** One contestant in one row: all its runs. */
export type Line = {
  readonly row: string;
  readonly contestant: ContestantName;
  readonly figures: Readonly<Record<string, Spread>>;
  /** The first figure, run by run, as a share of another contestant's in the same run. */
  readonly ratios: Readonly<Partial<Record<ContestantName, Spread>>>;
  readonly faults: readonly string[];
};

export type Judgement = {
  readonly row: string;
  readonly aim: string;
  readonly value: number;
  readonly met: boolean;
};

export type Result = {
  readonly name: string;
  readonly title: string;
  readonly lines: readonly Line[];
  readonly aims: readonly Judgement[];
};

export type Say = (text: string) => void;

type Runs = Map<string, Map<ContestantName, Sample[]>>;

/** What others are held against. */
const REFERENCES: readonly ContestantName[] = ['uws', 'c-loop', 'node-sockets', 'before'];

export function staging(
  settings: Settings,
  contestants: ReadonlyMap<ContestantName, Contestant>,
  programs: Programs | undefined,
  profiling = false,
): Staging {
  return {
    settings,
    with: async (name, { task, env = {}, features = settings.features ?? '' }, body) => {
      const contestant = contestants.get(name);
      if (contestant === undefined) throw new Error(`${name} is not here`);
      const server = await ServerProcess.start(await contestant.command(task, env));
      const load = new Load(programs?.load);
      if (profiling) server.signal('SIGUSR2');
      try {
        return await body(new Stage(server, load, contestant, features));
      } finally {
        load.stop();
        // The second one writes the profile.
        await server.stop(profiling ? 'SIGUSR2' : 'SIGKILL');
      }
    },
  };
}

const rotated = <T>(list: readonly T[], by: number): readonly T[] => {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

function record(runs: Runs, title: string, contestant: ContestantName, samples: readonly Sample[]): void {
  for (const sample of samples) {
    const row = [title, sample.what].filter((part) => part !== '').join(', ');
    const byContestant = runs.get(row) ?? new Map<ContestantName, Sample[]>();
    runs.set(row, byContestant);
    byContestant.set(contestant, [...(byContestant.get(contestant) ?? []), sample]);
  }
}

const first = ({ figures }: Sample): number => Object.values(figures)[0] ?? Number.NaN;

function toLine(
  row: string,
  contestant: ContestantName,
  samples: readonly Sample[],
  others: ReadonlyMap<ContestantName, readonly Sample[]>,
): Line {
  const names = Object.keys(samples[0]?.figures ?? {});
  const figures = names.map((name) => [
    name,
    spread(samples.map((sample) => sample.figures[name] ?? Number.NaN)),
  ]);
  const ratios = REFERENCES.flatMap((reference) => {
    const theirs = others.get(reference);
    if (theirs === undefined || reference === contestant) return [];
    const values = samples.map((sample, run) => first(sample) / first(theirs[run] ?? sample));
    return [[reference, spread(values)] as const];
  });
  return {
    row,
    contestant,
    figures: Object.fromEntries(figures) as Line['figures'],
    ratios: Object.fromEntries(ratios),
    faults: samples.flatMap((sample) => sample.faults),
  };
}

function judge(aim: Aim, lines: readonly Line[]): readonly Judgement[] {
  return lines.flatMap((line) => {
    if (line.contestant !== 'satsuma' || !aim.rows.test(line.row)) return [];
    const value = aim.of === undefined ? line.figures[aim.figure]?.median : line.ratios[aim.of]?.median;
    if (value === undefined || Number.isNaN(value)) return [];
    const met = value >= (aim.atLeast ?? -Infinity) && value <= (aim.atMost ?? Infinity);
    return [{ row: line.row, aim: aim.text, value, met }];
  });
}

/** All cases of a scenario: within a case the contestants take turns, and another begins each time. */
export async function runScenario(
  scenario: Scenario,
  stage: Staging,
  here: ReadonlySet<ContestantName>,
  say: Say,
): Promise<Result> {
  const runs: Runs = new Map();
  for (const each of scenario.cases(stage.settings))
    await runCase(scenario.name, each, stage, here, runs, say);
  const lines = [...runs].flatMap(([row, others]) =>
    [...others].map(([contestant, samples]) => toLine(row, contestant, samples, others)),
  );
  return {
    name: scenario.name,
    title: scenario.title,
    lines: lines.toSorted((a, b) => order(lines, a) - order(lines, b)),
    aims: scenario.aims.flatMap((aim) => judge(aim, lines)),
  };
}

/** Rows as they came; within a row the contestants in the order of their list, whoever began. */
const order = (lines: readonly Line[], line: Line): number =>
  1_000 * lines.findIndex(({ row }) => row === line.row) + CONTESTANTS.indexOf(line.contestant);

async function runCase(
  name: string,
  { title, contestants, measure }: Case,
  stage: Staging,
  here: ReadonlySet<ContestantName>,
  runs: Runs,
  say: Say,
): Promise<void> {
  const present = contestants.filter((contestant) => here.has(contestant));
  for (let run = 0; run < stage.settings.runs; run += 1) {
    for (const contestant of rotated(present, run)) {
      say(`${name}: ${title}, run ${run + 1} of ${stage.settings.runs}, ${contestant}`);
      record(runs, title, contestant, await measure(contestant, stage));
    }
  }
}
