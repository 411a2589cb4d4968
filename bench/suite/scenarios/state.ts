import { changeMarker, people, stateBytes } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { sample, throughput } from '../stage.ts';
import { warmUpChanges } from '../warm-up.ts';
import { EVERYBODY, featuresOf, isOurs, OURS, titled } from './everybody.ts';

/** One state for each change: what it costs to send one is measured, not how few there need to be; that is `live`. */
const WITHOUT_PACE = { STATE_MAX_TICK_MS: '0' };

/** One of them changes, everybody gets the state, then the next change: so that no two changes merge. */
const caseOf = (users: number, { seconds }: Settings, features: string): Case => ({
  title: titled(`${users} users`, features),
  contestants: features === '' ? EVERYBODY : OURS,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: stateBytes(users), env: WITHOUT_PACE, features }, async (stage) => {
      await warmUpChanges(stage, staging.settings);
      const everybody = people(users, users);
      await stage.list(everybody, () => changeMarker(0));
      await stage.open();
      // To the others a change is a frame like any other, and each would be answered to everybody.
      const ours = isOurs(contestant);
      await stage.introduce(ours ? everybody : everybody.slice(0, 1));
      await stage.measure(`lockstep 1 1 ${seconds / 4} ${users}`);
      const full = await stage.measure(`lockstep 1 1 ${seconds} ${users}`);
      const interval = Math.round((2e9 * full.seconds) / full.rounds);
      // Our server merges changes that come together, so how many states there will be is not known.
      const expected = ours ? 0 : users;
      const half = await stage.measure(`paced 0 ${interval} ${seconds} ${expected}`);
      return [sample('', { ...throughput(full, stage), p50Ms: half.p50Ms, p99Ms: half.p99Ms }, full, half)];
    }),
});

export const stateFanOut: Scenario = {
  name: 'state',
  title:
    'roomState fan-out: one user changes, everybody gets the whole state (the others send the same bytes)',
  aims: [
    {
      rows: /^100 users$/,
      text: '85 % of raw uWS publish of the same bytes',
      figure: 'framesPerCpuSecond',
      of: 'uws',
      atLeast: 0.85,
    },
  ],
  cases: (settings) =>
    (settings.clients ?? (settings.smoke ? [5] : [10, 100])).flatMap((users) =>
      featuresOf(settings).map((features) => caseOf(users, settings, features)),
    ),
};
