import { CONTESTANTS, type ContestantName } from '../contestants/contestants.ts';
import type { Settings } from '../scenario.ts';

/** All contestants; those that this machine or this command line does not have are left out by the runner. */
export const EVERYBODY: readonly ContestantName[] = CONTESTANTS;

/** Where a contestant has nothing to do the same with. */
export const OURS: readonly ContestantName[] = ['satsuma', 'before'];

export const isOurs = (contestant: ContestantName): boolean => OURS.includes(contestant);

/** What our clients ask for, case by case: stock ones nothing, the others patches; or what the command line says. */
export const featuresOf = ({ features }: Settings): readonly string[] =>
  features === undefined ? ['', 'patch'] : [features];

export const titled = (title: string, features: string): string =>
  features === '' ? title : `${title}, ${features} clients`;
