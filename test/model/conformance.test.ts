/**
 * The machine against the model of its rules. A walk that fails is shortened, and printed with its seed and with all that
 * happened on it. The same walks again, or others, or more of them:
 *
 *     MODEL_SEED=<seed> MODEL_RUNS=<number of walks> npx vitest run test/model/conformance.test.ts
 */
import { expect, test } from 'vitest';
import { roomMachine } from '../../machines/room.machine.ts';
import { followGraph, followWalks, PINNED } from './conformance.check.ts';
import { prefixes } from './walk-prefix.ts';

const { MODEL_SEED, MODEL_RUNS } = process.env;
const seeds = MODEL_SEED === undefined ? PINNED.seeds : [Number(MODEL_SEED)];
const runs = MODEL_RUNS === undefined ? PINNED.runs : Number(MODEL_RUNS);

test('the graph of the model has every state: who is here, and what there is of an AI', () => {
  // Seven groups of three people, each with an AI that is not there (never was, is lost, was refused, timed out), that is
  // being invited or that is free; twelve pairs of a group and one of it who is getting or has control; nobody, with and
  // without a meeting.
  expect(prefixes.length).toBe(7 * (4 + 1 + 1) + 12 * 2 + 2);
});

test('[R12] [R13] [R14] [R22] in every state, what happens next and all time after it go by the rules', async () => {
  await expect(followGraph(roomMachine)).resolves.toBeUndefined();
});

test.each(seeds)('[R6] [R8] [R16] [R26] [R30] random walks go by the rules, seed %i', async (seed) => {
  await expect(followWalks(roomMachine, { seed, runs, shrink: true })).resolves.toBeUndefined();
});
