import { CONTESTANTS, type ContestantName } from '../contestants/contestants.ts';

/** All contestants; those that this machine or this command line does not have are left out by the runner. */
export const EVERYBODY: readonly ContestantName[] = CONTESTANTS;

/** Where a contestant has nothing to do the same with. */
export const OURS: readonly ContestantName[] = ['satsuma', 'before'];

export const isOurs = (contestant: ContestantName): boolean => OURS.includes(contestant);
