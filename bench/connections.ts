import { availableParallelism } from 'node:os';
import type { Plan } from './crowd.ts';
import { openFileLimit } from './memory.ts';
import { readOptions, USAGE, UsageError, type Options } from './options.ts';
import { toFigures, toText, type Figures } from './report.ts';
import { runScenario } from './scenario.ts';

/** Files a process has open beside its connections: libraries, listening sockets, channels. */
const OTHER_FILES = 100;

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

/** As many connections as asked for, or as the open-file limit allows. */
function thatFit(plan: Plan): Plan {
  const limit = openFileLimit();
  const most = Math.max(1, limit - OTHER_FILES);
  if (plan.connections <= most) return plan;
  say(
    `the open-file limit of ${limit} (ulimit -Hn) allows ${most} connections, not ${plan.connections}: ` +
      `measuring ${most}`,
  );
  return { ...plan, connections: most };
}

async function measure(options: Options): Promise<Figures[]> {
  const plans: Plan[] = [
    { rooms: 'shared', connections: options.oneRoom },
    { rooms: 'own', connections: options.rooms },
  ];
  const results: Figures[] = [];
  for (const plan of plans.filter(({ connections }) => connections > 0).map(thatFit)) {
    const title = plan.rooms === 'shared' ? 'one room' : 'rooms of one';
    const figures = toFigures(await runScenario(plan, options, (text) => say(`${title}: ${text}`)));
    if (!options.json) process.stdout.write(`${toText(figures)}\n`);
    results.push(figures);
  }
  return results;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const machine = {
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
  };
  if (!options.json)
    process.stdout.write(`Node ${machine.node}, ${machine.system}, ${machine.cores} cores\n\n`);
  const results = await measure(options);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...machine, options, results })}\n`);
  if (results.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  say(error instanceof Error ? error.message : String(error));
  if (usage) say('see --help');
  process.exitCode = usage ? 2 : 1;
});
