import { parseArgs } from 'node:util';
import { EQUIVALENTS } from './equivalents.ts';
import { Judge } from './mutant-judge.ts';
import { mutants } from './mutants.ts';
import { report, type Verdict } from './mutation-report.ts';

const USAGE = `usage: npm run test:mutation -- [options]

Alters every guard, target, action, delay and service of the room's machine in turn, and looks whether the model-based
tests notice. A mutant that takes too long, or takes its thread down, counts as killed. Ends with 1 if too few are
killed, or if those that survive are not those that test/model/equivalents.ts lists.

  --only <text>    only mutants with this in their names
  --killers        says of each mutant what killed it
  --help
`;

const EVERY = 50;

function readOptions(): { readonly only: string; readonly killers: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      killers: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

const print = (text: string): void => void process.stdout.write(text);

async function judgeAll(names: readonly string[], killers: boolean): Promise<Verdict[]> {
  const judge = new Judge();
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / 1_000).toFixed(0);
  const original = await judge.judge(null);
  if (original.killedBy !== null) throw new Error(`The machine itself fails: ${original.why}`);
  const verdicts: Verdict[] = [];
  for (const name of names) {
    const verdict = { name, ...(await judge.judge(name)) };
    verdicts.push(verdict);
    if (killers) print(`${name}\n    ${verdict.killedBy ?? 'SURVIVES'}\n`);
    if (verdicts.length % EVERY === 0) print(`${verdicts.length} of ${names.length}, ${seconds()} s\n`);
  }
  await judge.close();
  print(`${verdicts.length} of ${names.length}, ${seconds()} s\n`);
  return verdicts;
}

async function main(): Promise<number> {
  let options;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    print(USAGE);
    return 0;
  }
  const names = mutants.map(({ name }) => name).filter((name) => name.includes(options.only));
  if (names.length === 0) {
    process.stderr.write(`There is no mutant with "${options.only}" in its name\n`);
    return 2;
  }
  const { text, isGood } = report(await judgeAll(names, options.killers), EQUIVALENTS);
  print(text);
  return isGood ? 0 : 1;
}

process.exitCode = await main();
