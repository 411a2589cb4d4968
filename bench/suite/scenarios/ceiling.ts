import { people, relay, RELAY_MARKER } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { loadPercent, sample } from '../stage.ts';

const BYTES = 100;
/** As many in a turn as uWS still sends in one write. */
const BATCH = 30;

/**
 * What the load itself can take: the sender that needs the least CPU for a frame, and frames that come many at a time. Where a
 * server of the other scenarios delivers less than this, the load had time left.
 */
const caseOf = (clients: number, { seconds }: Settings): Case => ({
  title: `${clients} clients`,
  contestants: ['uws'],
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay' }, async (stage) => {
      await stage.list(people(clients, clients), () => RELAY_MARKER);
      await stage.open();
      await stage.quiet();
      await stage.frame(0, relay(BYTES));
      await stage.measure(`lockstep 1 ${BATCH} ${seconds / 4} ${clients - 1}`);
      const taken = await stage.measure(`lockstep 1 ${BATCH} ${seconds} ${clients - 1}`);
      const figures = {
        loadFramesPerCpuSecond: taken.received / taken.loadCpuSeconds,
        framesPerSecond: taken.received / taken.seconds,
        loadPercent: loadPercent(taken),
      };
      return [sample('', figures, taken)];
    }),
});

export const ceiling: Scenario = {
  name: 'ceiling',
  title: `What the load can take: frames of ${BYTES} B, ${BATCH} in a turn, from uWebSockets.js`,
  aims: [],
  cases: (settings) =>
    (settings.clients ?? (settings.smoke ? [5] : [100, 1_000])).map((clients) => caseOf(clients, settings)),
};
