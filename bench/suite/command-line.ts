import { parseArgs } from 'node:util';
import { CONTESTANTS, type ContestantName } from './contestants/contestants.ts';
import type { Settings } from './scenario.ts';

export const USAGE = `Usage: npm run bench -- [scenario…] [options]
       npm run bench -- profile <scenario> [options]

Measures this server next to a C loop, raw uWebSockets.js, npm ws and Socket.IO (bench/README.md).
Without a scenario: all of them. Exit code: 0, 1 when a frame was lost, doubled or out of order,
2 for bad arguments. Nothing fails for being slow.

  --list               names and titles of the scenarios
  --runs N             repetitions, in turns (3)
  --seconds S          length of one measurement (1)
  --clients N,N        only these numbers of clients
  --bytes N,N          only these sizes of frames
  --contestants A,B    only these: ${CONTESTANTS.join(', ')}
  --against REF        also the server of that git ref, driven by this load
  --features LIST      our clients ask for these (query parameter "features"); without it patches
                       are measured beside whole states where there is a difference
  --no-compiler        as if there were no C compiler
  --smoke              tiny numbers: that it works, not how fast
  --json               one JSON object on standard output
  --save               results as JSON and SVG into bench/results/
  --help`;

/** The arguments make no sense; the message is for the person who gave them. */
export class UsageError extends Error {}

export type CommandLine = {
  readonly settings: Settings;
  readonly scenarios: readonly string[];
  readonly profile: boolean;
  readonly against: string | undefined;
  readonly compiler: boolean;
  readonly json: boolean;
  readonly save: boolean;
  readonly list: boolean;
  readonly help: boolean;
};

const FLAG = { type: 'boolean', default: false } as const;
const TEXT = { type: 'string' } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        runs: TEXT,
        seconds: TEXT,
        clients: TEXT,
        bytes: TEXT,
        contestants: TEXT,
        against: TEXT,
        features: TEXT,
        'no-compiler': FLAG,
        smoke: FLAG,
        json: FLAG,
        save: FLAG,
        list: FLAG,
        help: FLAG,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, text: string, min: number, max: number, whole: boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `--${name} takes ${whole ? 'whole numbers' : 'a number'} from ${min} to ${max}, not '${text}'`,
  );
}

const numbersOf = (name: string, text: string | undefined, min: number, max: number) =>
  text?.split(',').map((part) => numberOf(name, part, min, max, true));

function contestantsOf(text: string | undefined): readonly ContestantName[] | undefined {
  return text?.split(',').map((name) => {
    const found = CONTESTANTS.find((contestant) => contestant === name);
    if (found === undefined) throw new UsageError(`There is no contestant '${name}'`);
    return found;
  });
}

/** Reads the command line; throws {@link UsageError}. */
export function readCommandLine(args: readonly string[], known: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  const profile = positionals[0] === 'profile';
  const scenarios = profile ? positionals.slice(1) : positionals;
  for (const name of scenarios)
    if (!known.includes(name)) throw new UsageError(`There is no scenario '${name}'`);
  if (profile && scenarios.length !== 1) throw new UsageError('profile takes one scenario');
  return {
    settings: {
      runs: numberOf('runs', values.runs ?? (values.smoke || profile ? '1' : '3'), 1, 100, true),
      seconds: numberOf('seconds', values.seconds ?? (values.smoke ? '0.05' : '1'), 0.01, 600, false),
      smoke: values.smoke,
      clients: numbersOf('clients', values.clients, 2, 100_000),
      bytes: numbersOf('bytes', values.bytes, 64, 1_000_000),
      contestants: contestantsOf(values.contestants),
      features: values.features,
    },
    scenarios: scenarios.length === 0 ? known : scenarios,
    profile,
    against: values.against,
    compiler: !values['no-compiler'],
    json: values.json,
    save: values.save,
    list: values.list,
    help: values.help,
  };
}
