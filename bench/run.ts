import { checkOut } from './suite/before.ts';
import { readCommandLine, USAGE, UsageError, type CommandLine } from './suite/command-line.ts';
import { compile } from './suite/compiler.ts';
import { contestants, type ContestantName } from './suite/contestants/contestants.ts';
import { environment, environmentText } from './suite/environment.ts';
import { Profiler, toProfileText } from './suite/profile.ts';
import { runScenario, staging, type Result } from './suite/runner.ts';
import { save } from './suite/save.ts';
import { SCENARIOS } from './suite/scenarios/index.ts';
import { toText } from './suite/table.ts';

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

/** Who takes part in a smoke run; in its first scenario everybody does. */
const SMOKE: ReadonlySet<ContestantName> = new Set(['satsuma', 'before', 'c-loop', 'node-sockets']);

/** Measures what was asked for; whether every frame was where it belonged. */
async function run(line: CommandLine): Promise<boolean> {
  const { settings } = line;
  const programs = line.compiler ? compile() : undefined;
  const before = line.against === undefined ? undefined : checkOut(line.against, say);
  const all = contestants(programs, before);
  const here = [...all.keys()].filter((name) => settings.contestants?.includes(name) ?? true);
  const env = environment(programs !== undefined);
  if (!line.json) console.log(environmentText(env));
  const results: Result[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => line.scenarios.includes(name))) {
    const few = settings.smoke && scenario !== SCENARIOS[0];
    const present = new Set(few ? here.filter((name) => SMOKE.has(name)) : here);
    const result = await runScenario(scenario, staging(settings, all, programs), present, say);
    results.push(result);
    if (line.save) save(result, env, settings);
    if (!line.json) console.log(toText(result));
  }
  if (line.json) console.log(JSON.stringify({ environment: env, settings, results }));
  return results.every(({ lines }) => lines.every(({ faults }) => faults.length === 0));
}

/** Profiles our server, once for each case of a scenario. */
async function profile({ settings, scenarios, compiler }: CommandLine): Promise<void> {
  const programs = compiler ? compile() : undefined;
  const profiler = new Profiler();
  process.once('exit', () => profiler.remove());
  const stages = staging(settings, contestants(programs, undefined, profiler.execArgv), programs, true);
  const scenario = SCENARIOS.find(({ name }) => scenarios.includes(name));
  for (const { title, measure } of scenario?.cases(settings) ?? []) {
    say(`profiling ${title}`);
    await measure('satsuma', stages);
    const profiled = profiler.read();
    console.log(`${title}\n${profiled ? toProfileText(profiled) : '  not a case of the server'}\n`);
  }
}

// An orderly end: what was started and made is taken away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

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
