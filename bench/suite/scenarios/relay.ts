import { people, relay, RELAY_MARKER } from '../people.ts';
import { sample, throughput, type Stage } from '../stage.ts';
import type { Case, Sample, Scenario, Settings } from '../scenario.ts';
import { warmUpRelays } from '../warm-up.ts';
import { EVERYBODY } from './everybody.ts';

/**
 * Relays in one write of the client, and so in one turn of the server. From the 33rd on uWS sends what a subscriber has
 * waiting one by one, because the sender's own socket has the one buffer for merging.
 */
const BATCH = 30;
const MAX_BATCHED_BYTES = 1_000;

/** At half load a round starts every two times that one took before. */
const HALF = 2;

async function oneATurn(stage: Stage, clients: number, bytes: number, seconds: number): Promise<Sample> {
  const others = clients - 1;
  await stage.measure(`lockstep 1 1 ${seconds / 4} ${others}`);
  const full = await stage.measure(`lockstep 1 1 ${seconds} ${others}`);
  const perRound = (HALF * full.seconds) / full.rounds;
  const half = await stage.measure(`paced 0 ${Math.round(perRound * 1e9)} ${seconds} ${others}`);
  const { rssMegabytes, ...figures } = throughput(full, stage);
  return sample(
    `${bytes} B, one a turn`,
    { ...figures, p50Ms: half.p50Ms, p99Ms: half.p99Ms, rssMegabytes: rssMegabytes ?? Number.NaN },
    full,
    half,
  );
}

async function batched(stage: Stage, clients: number, bytes: number, seconds: number): Promise<Sample> {
  await stage.measure(`lockstep 1 ${BATCH} ${seconds / 4} ${clients - 1}`);
  const full = await stage.measure(`lockstep 1 ${BATCH} ${seconds} ${clients - 1}`);
  return sample(`${bytes} B, ${BATCH} a turn`, throughput(full, stage), full);
}

const caseOf = (clients: number, sizes: readonly number[], { seconds }: Settings): Case => ({
  title: `${clients} clients`,
  contestants: EVERYBODY,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay' }, async (stage) => {
      await warmUpRelays(stage, staging.settings);
      await stage.list(people(clients, clients), () => RELAY_MARKER);
      await stage.open();
      await stage.quiet();
      const samples: Sample[] = [];
      for (const bytes of sizes) {
        await stage.frame(0, relay(bytes));
        samples.push(await oneATurn(stage, clients, bytes, seconds));
        if (bytes <= MAX_BATCHED_BYTES) samples.push(await batched(stage, clients, bytes, seconds));
      }
      return samples;
    }),
});

const AT_LEAST_100 = /\d{3,} clients, (100|1000) B/;

export const relayFanOut: Scenario = {
  name: 'relay',
  title: 'Relay fan-out: one client sends e2eeMlsMessage, all others get it',
  aims: [
    {
      rows: new RegExp(`${AT_LEAST_100.source}, one a turn`),
      text: '95 % of raw uWS publish',
      figure: 'framesPerCpuSecond',
      of: 'uws',
      atLeast: 0.95,
    },
    {
      rows: new RegExp(`${AT_LEAST_100.source}, one a turn`),
      text: '85 % of the C loop',
      figure: 'framesPerCpuSecond',
      of: 'c-loop',
      atLeast: 0.85,
    },
    {
      rows: new RegExp(`${AT_LEAST_100.source}, ${BATCH} a turn`),
      text: '70 % of raw uWS publish',
      figure: 'framesPerCpuSecond',
      of: 'uws',
      atLeast: 0.7,
    },
  ],
  cases: (settings) => {
    const sizes = settings.bytes ?? (settings.smoke ? [100] : [100, 1_000, 20_000]);
    const clients = settings.clients ?? (settings.smoke ? [10] : [10, 100, 1_000, 5_000]);
    return clients.map((count) => caseOf(count, sizes, settings));
  },
};
