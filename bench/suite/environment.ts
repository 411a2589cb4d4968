import { cpus, loadavg, platform, release } from 'node:os';
import { openFileLimit } from '../memory.ts';
import { compilerVersion } from './compiler.ts';
import { canPin } from './pin.ts';

/** What the figures of a run depend on. */
export type Environment = ReturnType<typeof environment>;

export function environment(compiled: boolean) {
  return {
    node: process.version,
    system: `${platform()} ${release()} ${process.arch}`,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    loadAverage: loadavg().map((value) => Number(value.toFixed(2))),
    openFiles: openFileLimit(),
    compiler: compiled ? (compilerVersion() ?? 'none') : 'none, Node stands in',
    pinned: canPin,
  };
}

export const environmentText = (env: Environment): string =>
  [
    `Node ${env.node}, ${env.system}, ${env.cores} × ${env.processor}`,
    `load average ${env.loadAverage.join(' ')}, ${env.openFiles} open files, compiler: ${env.compiler}`,
    `server and load ${env.pinned ? 'on a core each' : 'not pinned'}`,
  ].join('\n');
