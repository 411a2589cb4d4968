import type { RoomMachine } from '../../machines/room.machine.ts';
import { ActorDriver } from './actor-driver.ts';
import type { Check } from './check.ts';
import { Coverage } from './coverage.ts';
import { drive } from './drive.ts';
import { graphOf, tour } from './tour.ts';

/** Goes along every edge of a machine's graph with live actors; gives what they have taken. */
export async function tourActor(machine: RoomMachine): Promise<Coverage> {
  const coverage = new Coverage();
  for (const walk of tour(graphOf(machine))) {
    await drive(machine, walk, new ActorDriver(machine, coverage.inspect));
  }
  return coverage;
}

export const tourActorCheck: Check = {
  name: 'a tour of the live actor',
  run: async (machine) => void (await tourActor(machine)),
};
