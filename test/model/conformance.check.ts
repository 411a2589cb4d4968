import * as fc from 'fast-check';
import type { RoomMachine } from '../../machines/room.machine.ts';
import type { Check } from './check.ts';
import { possible, prefixes, type Prefix } from './walk-prefix.ts';
import { walks } from './walk-steps.ts';
import { WalkMachine } from './walk-room.ts';
import { Walk } from './walk.ts';

/** How walks are chosen. The same seed gives the same walks. */
export type WalkOptions = {
  readonly seed: number;
  readonly runs: number;
  /** Whether a walk that fails is shortened until it shows the fault and nothing else: worth it for a person. */
  readonly shrink: boolean;
};

const WALK_LENGTH = 40;
const TWO_HOURS_MS = 7_200_000;

async function walkTo(machine: WalkMachine, { events }: Prefix): Promise<Walk> {
  const walk = new Walk(machine);
  for (const event of events) await walk.play(event);
  return walk;
}

/** In every state of the model: lets everything happen that means something there, and then all time pass. */
export async function followGraph(machine: RoomMachine): Promise<void> {
  const walked = new WalkMachine(machine);
  for (const prefix of prefixes) {
    for (const event of possible(prefix.state)) {
      const walk = await walkTo(walked, prefix);
      await walk.play(event);
      walk.wait(TWO_HOURS_MS);
      walk.stop();
    }
  }
}

/** Leads the machine and the model of SPEC.md along the same random walks, each from a random state of the model. */
export async function followWalks(machine: RoomMachine, options: WalkOptions): Promise<void> {
  const walked = new WalkMachine(machine);
  const property = fc.asyncProperty(
    fc.constantFrom(...prefixes),
    walks(WALK_LENGTH),
    async (prefix, steps) => {
      const walk = await walkTo(walked, prefix);
      await fc.asyncModelRun(() => ({ model: walk, real: walk }), steps);
      walk.stop();
    },
  );
  await fc.assert(property, {
    seed: options.seed,
    numRuns: options.runs,
    endOnFailure: !options.shrink,
  });
}

/** Seeds and number of walks where nobody asks for others. */
export const PINNED = { seeds: [1, 2, 3], runs: 150 } as const;

export const conformance: Check = {
  name: 'conformance',
  run: async (machine) => {
    await followGraph(machine);
    for (const seed of PINNED.seeds) await followWalks(machine, { seed, runs: PINNED.runs, shrink: false });
  },
};
