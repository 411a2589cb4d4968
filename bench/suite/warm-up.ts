import { changeMarker, people, relay, RELAY_MARKER } from './people.ts';
import type { Settings } from './scenario.ts';
import type { Stage } from './stage.ts';

/**
 * A big room handles so few messages a second that V8 would still be compiling while it is measured: unlike a server that
 * has run for a minute. So two clients in a room of their own first send some ten thousand.
 */

const TWO = people(2, 2).map((person) => ({ ...person, room: 'warm-up' }));
const BATCH = 30;
const BYTES = 100;
const MIN_SECONDS = 1;

const secondsOf = ({ smoke, seconds }: Settings): number =>
  smoke ? seconds : Math.max(MIN_SECONDS, seconds);

async function end(stage: Stage): Promise<void> {
  await stage.load.tell('close');
  await stage.quiet();
}

export async function warmUpRelays(stage: Stage, settings: Settings): Promise<void> {
  await stage.list(TWO, () => RELAY_MARKER);
  await stage.open();
  await stage.quiet();
  await stage.frame(0, relay(BYTES));
  await stage.measure(`lockstep 1 ${BATCH} ${secondsOf(settings)} 1`);
  await end(stage);
}

/** One at a time, because our server would merge changes that come together. */
export async function warmUpChanges(stage: Stage, settings: Settings): Promise<void> {
  await stage.list(TWO, () => changeMarker(0));
  await stage.open();
  await stage.quiet();
  await stage.introduce(TWO.slice(0, 1));
  await stage.measure(`lockstep 1 1 ${secondsOf(settings)} ${TWO.length}`);
  await end(stage);
}
