import { openFileLimit } from '../../memory.ts';
import { people } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { cpuPercent, sample } from '../stage.ts';
import { EVERYBODY } from './everybody.ts';

const ROOM_SIZE = 10;
/** What a process has open beside connections. */
const OTHER_FILES = 100;
const WANTED = 20_000;
const HEARTBEAT_MS = 5_000;
const SETTLE_FACTOR = 3;

/** Connections that send nothing but heartbeats. */
const idleCase = (clients: number, { seconds }: Settings): Case => ({
  title: `${clients} connections in rooms of ${ROOM_SIZE}`,
  contestants: EVERYBODY,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 0 }, async (stage) => {
      await stage.list(people(clients, ROOM_SIZE), () => '');
      const before = stage.residentMegabytes();
      const opened = await stage.open();
      await stage.quiet();
      const idle = await stage.measure(`live 0 ${HEARTBEAT_MS * 1e6} ${SETTLE_FACTOR * seconds}`);
      const after = stage.residentMegabytes();
      return [
        sample(
          '',
          {
            rssBytesPerConnection: ((after - before) * 1e6) / clients,
            rssMegabytes: after,
            cpuPercent: cpuPercent(idle),
            seconds: opened.seconds,
          },
          opened,
          idle,
        ),
      ];
    }),
});

export const idleMemory: Scenario = {
  name: 'idle',
  title: 'Idle connections: what each occupies, as far as the limit of open files allows',
  aims: [],
  cases: (settings) => {
    const most = openFileLimit() - OTHER_FILES;
    const wanted = settings.clients ?? [settings.smoke ? 50 : WANTED];
    return wanted.map((clients) => idleCase(Math.min(clients, most), settings));
  },
};
