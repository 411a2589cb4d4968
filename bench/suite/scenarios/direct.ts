import { people, relay, RELAY_MARKER } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { sample } from '../stage.ts';
import { EVERYBODY } from './everybody.ts';

const [A, B] = people(2, 2);
const PAYLOAD_BYTES = 100;

const messageTo = (id: string): string =>
  `{"type":"directMessage","to":"${id}","message":${relay(PAYLOAD_BYTES)}}`;

const pair = ({ seconds }: Settings): Case => ({
  title: 'two users',
  contestants: EVERYBODY,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 'relay' }, async (stage) => {
      await stage.list(people(2, 2), () => RELAY_MARKER);
      await stage.open();
      await stage.quiet();
      await stage.frame(0, messageTo(B?.id ?? ''));
      await stage.frame(1, messageTo(A?.id ?? ''));
      await stage.measure(`lockstep 2 1 ${seconds / 4} 1`);
      const trips = await stage.measure(`lockstep 2 1 ${seconds} 1`);
      const count = trips.rounds / 2;
      return [
        sample(
          '',
          {
            p50Ms: trips.p50Ms,
            p99Ms: trips.p99Ms,
            roundTripsPerSecond: count / trips.seconds,
            microsecondsPerTrip: (1e6 * trips.serverCpuSeconds) / count,
          },
          trips,
        ),
      ];
    }),
});

export const directMessages: Scenario = {
  name: 'direct',
  title: 'Direct messages: from one to another and back, one at a time (the others relay)',
  aims: [],
  cases: (settings) => [pair(settings)],
};
