import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const LOAD_SOURCES = ['load/load.c', 'load/frames.c', 'load/sockets.c', 'load/traffic.c'].map(here);
const LOOP_SOURCES = ['contestants/c-loop.c'].map(here);

/** The programs of the suite that are written in C, compiled for this run. */
export type Programs = { readonly load: string; readonly loop: string };

/** The C compiler's first line about itself; `undefined` where there is none, and Node stands in. */
export function compilerVersion(): string | undefined {
  const { status, stdout } = spawnSync('cc', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n', 1)[0] : undefined;
}

/** Compiles into a new folder, which goes when this process ends. Linux alone has epoll. */
export function compile(): Programs | undefined {
  if (process.platform !== 'linux' || compilerVersion() === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'satsuma-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [load, loop] = [join(folder, 'load'), join(folder, 'c-loop')];
  execFileSync('cc', ['-O2', '-o', load, ...LOAD_SOURCES]);
  execFileSync('cc', ['-O2', '-o', loop, ...LOOP_SOURCES]);
  return { load, loop };
}
