import { rmSync } from 'node:fs';
import { checkOut } from './suite/before.ts';
import { readCommandLine, USAGE, UsageError, type CommandLine } from './suite/command-line.ts';
import { compile } from './suite/compiler.ts';
import { contestants, type ContestantName } from './suite/contestants/contestants.ts';
import { environment, environmentText } from './suite/environment.ts';
import { Profiler, toProfileText } from './suite/profile.ts';
import { runScenario, staging, type Result } from './suite/runner.ts';
import { SCENARIOS } from './suite/scenarios/index.ts';
import { toText } from './suite/table.ts';

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

/** Who takes part in a smoke run; in its first scenario everybody does. */
const SMOKE: readonly ContestantName[] = ['satsuma', 'before', 'socket-io'];

/** Measures what was asked for; whether every frame was where it belonged. */
async function run(line: CommandLine): Promise<boolean> {
  const { settings } = line;
  const programs = line.compiler ? compile() : undefined;
  const before = line.against === undefined ? undefined : checkOut(line.against, say);
  try {
    const all = contestants(programs, before?.root);
    const here = new Set([...all.keys()].filter((name) => settings.contestants?.includes(name) ?? true));
    const env = environment(programs !== undefined);
    if (!line.json) console.log(environmentText(env));
    const results: Result[] = [];
    for (const scenario of SCENARIOS.filter(({ name }) => line.scenarios.includes(name))) {
      const stages = staging(settings, all, programs);
      const taking =
        settings.smoke && scenario !== SCENARIOS[0] ? new Set(SMOKE.filter((name) => here.has(name))) : here;
      const result = await runScenario(scenario, stages, taking, say);
      results.push(result);
      if (!line.json) console.log(toText(result));
    }
    if (line.json) console.log(JSON.stringify({ environment: env, settings, results }));
    return results.every(({ lines }) => lines.every(({ faults }) => faults.length === 0));
  } finally {
    if (programs) rmSync(programs.folder, { recursive: true, force: true });
    before?.remove();
  }
}

/** Profiles our server, once for each case of a scenario. */
async function profile({ settings, scenarios, compiler }: CommandLine): Promise<void> {
  const programs = compiler ? compile() : undefined;
  const profiler = new Profiler();
  try {
    const all = contestants(programs, undefined, profiler.execArgv);
    const stages = staging(settings, all, programs, true);
    for (const { title, measure } of SCENARIOS.find(({ name }) => scenarios.includes(name))?.cases(
      settings,
    ) ?? []) {
      say(`profiling ${title}`);
      await measure('satsuma', stages);
      console.log(`${title}\n${toProfileText(profiler.read())}\n`);
    }
  } finally {
    profiler.remove();
    if (programs) rmSync(programs.folder, { recursive: true, force: true });
  }
}

try {
  const line = readCommandLine(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
  );
  if (line.help) console.log(USAGE);
  else if (line.list) for (const { name, title } of SCENARIOS) console.log(`${name.padEnd(16)}${title}`);
  else if (line.profile) await profile(line);
  else if (!(await run(line))) process.exitCode = 1;
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  if (usage) process.stderr.write(`${USAGE}\n`);
  process.exitCode = usage ? 2 : 1;
}
