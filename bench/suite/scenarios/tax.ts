import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned } from '../pin.ts';
import type { Case, Sample, Scenario, Settings } from '../scenario.ts';

type Rates = { readonly with: number; readonly without: number };
type Answer = { readonly toggling: Rates; readonly same: Rates };

const CASE = fileURLToPath(new URL('../tax-case.ts', import.meta.url));
const run = promisify(execFile);

const samplesOf = (what: string, rates: Rates): readonly Sample[] => [
  {
    what: `${what}, with XState`,
    figures: { eventsPerCpuSecond: rates.with, share: 1 - rates.with / rates.without },
    faults: [],
  },
  { what: `${what}, without`, figures: { eventsPerCpuSecond: rates.without }, faults: [] },
];

const room = ({ seconds }: Settings): Case => ({
  title: 'one room of 10',
  contestants: ['satsuma'],
  measure: async () => {
    const args = ['--disable-warning=ExperimentalWarning', CASE, String(seconds)];
    const [file, argv] = pinned('server', process.execPath, args);
    const { stdout } = await run(file, [...argv]);
    const { toggling, same } = JSON.parse(stdout) as Answer;
    return [...samplesOf('everybody toggles', toggling), ...samplesOf('nothing changes', same)];
  },
});

export const machineTax: Scenario = {
  name: 'tax',
  title: 'The tax of XState: frames decoded, applied and encoded with the machine and without it, no sockets',
  aims: [],
  cases: (settings) => [room(settings)],
};
