import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process occupies of the machine's memory; `undefined` where the system does not tell. */
export type Resident = { readonly nowBytes: number; readonly peakBytes: number } | undefined;

/**
 * Resident set size of another process, from `/proc` (Linux). It counts the pages of the process alone: the kernel's
 * socket buffers, which grow with every connection too, are not in it.
 */
export function residentSet(pid: number): Resident {
  if (process.platform !== 'linux') return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string): number =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

/**
 * How many files each of our processes may have open. Node raises its own soft limit to the hard one when it starts,
 * and its children inherit that, so the shell's answer is the most there is.
 */
export function openFileLimit(): number {
  if (process.platform === 'win32') return Number.POSITIVE_INFINITY;
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}
