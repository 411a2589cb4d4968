import { setTimeout as delay } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import type { Check } from './check.ts';
import { conformance } from './conformance.check.ts';
import { mutants } from './mutants.ts';
import { tableCheck } from './table.check.ts';
import { tourActorCheck } from './tour-actor.check.ts';
import { tourHostCheck } from './tour-host.check.ts';

/** What is to be judged: a mutant by its name, or the machine itself. */
export type Task = { readonly name: string | null };
/** `killedBy` is the check that told the mutant from the machine, `null` if none did. */
export type Judgement = { readonly killedBy: string | null; readonly why: string };

/** The cheapest first: the first that fails is the last that runs. */
const CHECKS: readonly Check[] = [tableCheck, tourActorCheck, conformance, tourHostCheck];

/** Errors that nobody was there to catch: a mutant may well cause some. */
let uncaught: unknown;
process.on('uncaughtException', (error) => {
  uncaught = error;
});
process.on('unhandledRejection', (error) => {
  uncaught = error;
});

async function judge(make: () => RoomMachine): Promise<Judgement> {
  for (const { name, run } of CHECKS) {
    try {
      await run(make());
      // XState throws errors that nobody observes in a timer of their own.
      await delay(1);
      if (uncaught !== undefined) throw uncaught;
    } catch (error) {
      uncaught = undefined;
      return { killedBy: name, why: error instanceof Error ? error.message : String(error) };
    }
  }
  return { killedBy: null, why: '' };
}

parentPort?.on('message', ({ name }: Task) => {
  const make = name === null ? () => roomMachine : mutants.find((mutant) => mutant.name === name)?.make;
  if (make === undefined) throw new Error(`There is no mutant ${name}`);
  void judge(make).then((judgement) => parentPort?.postMessage(judgement));
});
