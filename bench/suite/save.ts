import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.ts';
import { toSvg } from './plot.ts';
import type { Result } from './runner.ts';
import type { Settings } from './scenario.ts';

const FOLDER = new URL('../results/', import.meta.url);

/** Writes `bench/results/<scenario>.json` and `.svg`, in place of what an earlier run has written. */
export function save(result: Result, environment: Environment, settings: Settings): void {
  mkdirSync(FOLDER, { recursive: true });
  const write = (ending: string, text: string): void =>
    writeFileSync(fileURLToPath(new URL(`${result.name}.${ending}`, FOLDER)), text);
  write('json', `${JSON.stringify({ environment, settings, ...result }, null, 2)}\n`);
  write('svg', toSvg(result));
}
