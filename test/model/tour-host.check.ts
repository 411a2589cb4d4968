import type { Check } from './check.ts';
import { drive } from './drive.ts';
import { HostDriver } from './host-driver.ts';
import { graphOf, tour, without, type Edge } from './tour.ts';

/**
 * What cannot be brought about from outside: the service that holds a call fails only as it starts; a room is restored
 * when the server starts, and not while it is in use. The tour of the actor has them.
 */
export const isWithinAlone = ({ move, hasMeeting }: Edge): boolean =>
  move.type === 'xstate.error.actor.holdVoice' || (move.type === 'room.restored' && hasMeeting);

export const tourHostCheck: Check = {
  name: 'a tour of the host',
  run: async (machine) => {
    for (const walk of tour(without(graphOf(machine), isWithinAlone))) {
      await drive(machine, walk, new HostDriver(machine));
    }
  },
};
