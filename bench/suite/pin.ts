import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** `server` and `load` each have a core of their own, where there are several and `taskset` is there. */
export type Role = 'server' | 'load';

const CORE: Readonly<Record<Role, number>> = { server: 0, load: 1 };

export const canPin: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

/** The command that runs another on the core of its role. `taskset` becomes the command: the process id is the same. */
export const pinned = (
  role: Role,
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] =>
  canPin ? ['taskset', ['-c', String(CORE[role]), command, ...args]] : [command, args];
