import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { machines } from '../../machines/index.ts';
import { toChart } from './chart.ts';
import { layOut } from './layout.ts';
import { toMermaid } from './mermaid.ts';
import { toScxml } from './scxml.ts';
import { toStately } from './stately.ts';
import { toSvg } from './svg.ts';
import { toTable } from './table.ts';

const USAGE = `usage: npm run statechart -- [options]

Draws every machine of machines/index.ts: a picture (.svg), a table of its transitions (.md), and the same
for other tools: SCXML (.scxml), Mermaid (.mmd), and the JSON that createMachine takes (.stately.json).

  --check      write nothing; exit 1 and name the files that are not as they would be written
  --out <dir>  where the files are (default: machines)
  --help
`;

/** The files about one machine, by the ends of their names. Plain functions of the machine: no time, no chance. */
export async function drawMachine(machine: AnyStateMachine): Promise<Readonly<Record<string, string>>> {
  const chart = toChart(machine);
  return {
    svg: toSvg(await layOut(chart)),
    md: toTable(chart),
    scxml: toScxml(chart),
    mmd: toMermaid(chart),
    'stately.json': toStately(chart),
  };
}

/** All files by name, for machines by name. */
export async function drawAll(
  all: Readonly<Record<string, AnyStateMachine>>,
): Promise<ReadonlyMap<string, string>> {
  const drawn = await Promise.all(
    Object.entries(all).map(async ([name, machine]) =>
      Object.entries(await drawMachine(machine)).map(([end, text]): readonly [string, string] => [
        `${name}.${end}`,
        text,
      ]),
    ),
  );
  return new Map(drawn.flat());
}

/** Names of the files that are missing in `folder` or have another text. */
export function drifted(files: ReadonlyMap<string, string>, folder: string): readonly string[] {
  return [...files].filter(([name, text]) => readIfThere(join(folder, name)) !== text).map(([name]) => name);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const OPTIONS = {
  check: { type: 'boolean', default: false },
  out: { type: 'string', default: join(import.meta.dirname, '../../machines') },
  help: { type: 'boolean', default: false },
} as const;

function readOptions(args: readonly string[]): { check: boolean; out: string; help: boolean } | string {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Runs the command line; gives the exit code. */
export async function printCharts(args: readonly string[], print: (line: string) => void): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`statechart: ${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    print(USAGE.trimEnd());
    return 0;
  }
  const files = await drawAll(machines);
  if (options.check) return check(files, options.out, print);
  mkdirSync(options.out, { recursive: true });
  for (const [name, text] of files) {
    writeFileSync(join(options.out, name), text);
    print(`wrote ${name}, ${Buffer.byteLength(text)} bytes`);
  }
  return 0;
}

function check(files: ReadonlyMap<string, string>, folder: string, print: (line: string) => void): number {
  const different = drifted(files, folder);
  for (const name of different) print(`${name} is not what the machine says: npm run statechart`);
  if (different.length === 0) print(`${files.size} files are as the machines say`);
  return different.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  process.exitCode = await printCharts(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
