import { people, relay, RELAY_MARKER } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { warmUpRelays } from '../warm-up.ts';
import { sample } from '../stage.ts';

const BYTES = 20_000;
const SECONDS_FACTOR = 8;
/** What the stalled client does not read is to fill the kernel's buffers, some 4 MB, and then the server's. */
const ROUNDS = 400;
const HALF = 2;

/** The least there is, so that the client is dropped while the others are measured. */
const SERVER_BUFFER = { MAX_BUFFERED_BYTES: '65536' };

/** A client that does not read costs a server memory, until it is dropped; the others are not to notice. */
const caseOf = (clients: number, { seconds, smoke }: Settings): Case => ({
  title: `1 of ${clients} clients does not read`,
  // The C loop would wait for it.
  contestants: ['satsuma', 'before', 'uws', 'ws', 'socket-io'],
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay', env: SERVER_BUFFER }, async (stage) => {
      await warmUpRelays(stage, staging.settings);
      await stage.list(people(clients, clients), () => RELAY_MARKER);
      await stage.open();
      await stage.quiet();
      await stage.frame(0, relay(BYTES));
      const full = await stage.measure(`lockstep 1 1 ${seconds} ${clients - 1}`);
      const interval = Math.round((HALF * 1e9 * full.seconds) / full.rounds);
      const duration = SECONDS_FACTOR * seconds;
      const filling = smoke ? duration : Math.max(duration, (ROUNDS * interval) / 1e9);
      const without = await stage.measure(`paced 0 ${interval} ${duration} ${clients - 1}`);
      await stage.load.tell(`stall ${clients - 1} 1`);
      const stalled = await stage.measure(`paced 0 ${interval} ${filling} ${clients - 2}`);
      const rssMegabytes = stage.residentMegabytes();
      const { gone: dropped } = await stage.load.tell(`stall ${clients - 1} 0`);
      const figures = { p50Ms: stalled.p50Ms, p99Ms: stalled.p99Ms, rssMegabytes, dropped };
      return [sample('', { p99Ratio: stalled.p99Ms / without.p99Ms, ...figures }, full, without, stalled)];
    }),
});

export const stalledClient: Scenario = {
  name: 'stalled',
  title: 'One client that does not read among many: the p99 of the others, as a ratio to that without it',
  aims: [{ rows: /./, text: 'p99 of the others within 10 %', figure: 'p99Ratio', atMost: 1.1 }],
  cases: (settings) =>
    (settings.clients ?? [settings.smoke ? 10 : 1_000]).map((clients) => caseOf(clients, settings)),
};
