import { describe, expect, test } from 'vitest';
import { roomMachine } from '../../machines/room.machine.ts';
import { faultOf } from './check.ts';
import { machineRules, transitionsOf } from './coverage.ts';
import { STATES } from './states.ts';
import { tourActor, tourActorCheck } from './tour-actor.check.ts';
import { tourHostCheck } from './tour-host.check.ts';
import { graphOf, tour } from './tour.ts';

/** Transitions that nothing brings about, each with the reason why it is there. */
const UNREACHABLE: Readonly<Record<string, string>> = {};

describe('along every edge of the machine, forbidden events included', () => {
  test('[R30] a live actor does what the machine says, with nothing under way that its state does not need, and takes every transition', async () => {
    const { states, taken } = await tourActor(roomMachine);
    const transitions = transitionsOf(roomMachine);
    const rules = machineRules();
    const missing = {
      states: STATES.filter((state) => !states.has(state)),
      transitions: transitions.filter((name) => !taken.has(name)),
      rules: rules.all.filter((rule) => !rules.cited.has(rule)),
    };
    const graph = graphOf(roomMachine);
    const walks = tour(graph);
    process.stdout.write(
      [
        'Coverage of the room machine by the tour:',
        `  states       ${states.size} of ${STATES.length}, in ${graph.edges.size} situations`,
        `  transitions  ${taken.size} of ${transitions.length}, by ${[...graph.edges.values()].flat().length} edges in ${walks.length} walks of ${walks.flat().length} steps`,
        `  rules        ${rules.all.length - missing.rules.length} of ${rules.all.length} named by model tests`,
        '',
      ].join('\n'),
    );
    expect(missing).toEqual({ states: [], transitions: Object.keys(UNREACHABLE), rules: [] });
  });

  test('[R30] [H3] [H4] [H9] [H11] [H12] [H16] a host tells everybody of the room the same, and others nothing', async () => {
    expect(await faultOf(tourHostCheck, roomMachine)).toBe('');
  });
});

test('what a tour finds is shown with the walk that led to it, the same each time', async () => {
  const forgetful = roomMachine.provide({ actions: { clearController: () => {} } });
  const fault = await faultOf(tourActorCheck, forgetful);
  expect(fault).toMatch(
    /what is known of the AI[^]*\nafter this walk:\n(.+ \/\/ .+ → .+\n)+.+ \/\/ aiActive\.\w+ → aiActive\.free$/,
  );
  expect(await faultOf(tourActorCheck, forgetful)).toBe(fault);
});
