import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { roomMachine } from '../../machines/room.machine.ts';
import { faultOf, type Check } from './check.ts';
import { drive } from './drive.ts';
import { isOutcome } from './moves.ts';
import { ServerDriver } from './server-driver.ts';
import { STATES } from './states.ts';
import { isWithinAlone } from './tour-host.check.ts';
import { graphOf, tour, without, type Edge } from './tour.ts';

/** Who is not in the room has no socket to say anything by, and where there is no room, there is no grace. */
function hasNoWay(edge: Edge): boolean {
  const { move, people, hasMeeting } = edge;
  if (isWithinAlone(edge) || (isOutcome(move) && !hasMeeting)) return true;
  if (isOutcome(move) || move.type === 'user.joined') return false;
  if ('by' in move) return !people.includes(move.by);
  return 'id' in move && !people.includes(move.id);
}

const tourServerCheck: Check = {
  name: 'a tour of a whole server',
  run: async (machine) => {
    const walks = tour(without(graphOf(machine), hasNoWay));
    assert.deepEqual(new Set(walks.flat().map(({ state }) => state)), new Set(STATES), 'the states');
    for (const walk of walks) await drive(machine, walk, new ServerDriver());
  },
};

test('[R30] [H3] [H9] [H11] [H12] [S9] along every edge that sockets can go, a whole server tells everybody the same', async () => {
  expect(await faultOf(tourServerCheck, roomMachine)).toBe('');
}, 60_000);
