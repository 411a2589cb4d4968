import { HEARTBEAT, people, sameAgain } from '../people.ts';
import type { Case, Scenario, Settings } from '../scenario.ts';
import { sample, type Measured, type Stage } from '../stage.ts';
import { EVERYBODY } from './everybody.ts';

const USERS = 10;
/** Frames of each user in one write, then a ping; the next when all pings are answered. */
const BATCH = 100;

async function rate(stage: Stage, what: string, seconds: number) {
  await stage.measure(`events ${BATCH} ${seconds / 4}`);
  const full: Measured = await stage.measure(`events ${BATCH} ${seconds}`);
  return sample(
    what,
    { eventsPerCpuSecond: full.sent / full.serverCpuSeconds, rssMegabytes: stage.residentMegabytes() },
    full,
  );
}

const oneRoom = ({ seconds }: Settings): Case => ({
  title: `one room of ${USERS}`,
  contestants: EVERYBODY,
  measure: (contestant, staging) =>
    staging.with(contestant, { task: 0 }, async (stage) => {
      const everybody = people(USERS, USERS);
      await stage.list(everybody, () => '');
      await stage.open();
      for (const index of everybody.keys()) await stage.frame(index, sameAgain(index));
      await stage.load.tell('each');
      await stage.quiet();
      const same = await rate(stage, 'userUpdate that changes nothing', seconds);
      await stage.frame('*', HEARTBEAT);
      return [same, await rate(stage, 'heartbeat', seconds)];
    }),
});

export const inboundEvents: Scenario = {
  name: 'events',
  title: 'Inbound events of one room, nothing due to be sent (the others read the frames and drop them)',
  aims: [
    {
      rows: /changes nothing/,
      text: '150,000 events per CPU second',
      figure: 'eventsPerCpuSecond',
      atLeast: 150_000,
    },
  ],
  cases: (settings) => [oneRoom(settings)],
};
