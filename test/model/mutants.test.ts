import { describe, expect, test } from 'vitest';
import { conformance, followGraph } from './conformance.check.ts';
import { EQUIVALENTS } from './equivalents.ts';
import { copyBody, machineOf } from './mutant-body.ts';
import { mutants } from './mutants.ts';
import { report } from './mutation-report.ts';

describe('mutants', () => {
  const names = mutants.map(({ name }) => name);

  test('have names of their own', () => {
    expect(names.length).toBeGreaterThan(600);
    expect(new Set(names).size).toBe(names.length);
  });

  test('are there, where they are listed as equivalent', () => {
    expect(Object.keys(EQUIVALENTS).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('differ from the machine in nothing else: a body that is copied and not altered keeps the rules', async () => {
    await expect(followGraph(machineOf(copyBody()))).resolves.toBeUndefined();
  });

  test.each([
    'aiActive.held: ai.control.release[0]: guard mayRelease replaced by isController',
    'aiActive.granting: ai.control.request[0]: enters its state again',
    'aiActive.held: user.left[0]: announceDeparture and announceChange swapped',
    'aiConnecting: service openVoice dropped',
    'guard isControllerLeaving: forgets the others',
    'delay aiSessionLimit: 1 ms more',
  ])('are killed by the model of the rules alone: %s', async (name) => {
    const mutant = mutants.find((mutant) => mutant.name === name);
    if (mutant === undefined) throw new Error(`There is no mutant ${name}`);
    await expect(conformance.run(mutant.make())).rejects.toThrow('The machine and the rules are apart');
  });
});

describe('the report', () => {
  const killed = (name: string) => ({ name, killedBy: 'a check', why: 'it differs' });
  const survivor = (name: string) => ({ name, killedBy: null, why: '' });
  const many = Array.from({ length: 99 }, (_, index) => killed(`mutant ${index}`));

  test.each([
    ['all are killed', many, {}, true],
    ['those that survive are equivalent', [...many, survivor('same')], { same: 'a reason' }, true],
    ['one survives that is not listed', [...many, survivor('other')], { same: 'a reason' }, false],
    ['one is killed that is listed', [...many, killed('same')], { same: 'a reason' }, false],
  ])('says whether all is well when %s', (_, verdicts, equivalents, isGood) => {
    expect(report(verdicts, equivalents).isGood).toBe(isGood);
  });

  test('gives the figures, and each survivor with its reason', () => {
    const { text } = report([killed('one'), survivor('same'), survivor('other')], { same: 'a reason' });
    expect(text).toBe(`
Survivors that are equivalent:
  same
      a reason

SURVIVORS:
  other

mutants      3
killed       1
  by a check: 1
equivalent   1
score        50.0 % of those that are not equivalent (95 % needed)
`);
  });
});
