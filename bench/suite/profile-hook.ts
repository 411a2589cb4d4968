import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/**
 * Loaded into a server with `--import`. `SIGUSR2` starts a CPU profile; the next one writes it to the file that the query of
 * this module's URL names, with the CPU seconds of the process in the same time. `--cpu-prof` would profile the start too.
 */

const file = new URL(import.meta.url).searchParams.get('file') ?? fileURLToPath(import.meta.url);
const session = new Session();
session.connect();
let before: NodeJS.CpuUsage | undefined;

const INTERVAL_MICROSECONDS = 200;

process.on('SIGUSR2', () => {
  if (before === undefined) {
    before = process.cpuUsage();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
    session.post('Profiler.start');
    return;
  }
  const { user, system } = process.cpuUsage(before);
  session.post('Profiler.stop', (error, result) => {
    if (error) throw error;
    writeFileSync(file, JSON.stringify({ ...result.profile, cpuSeconds: (user + system) / 1e6 }));
    process.exit();
  });
});
