import type { Mutant } from './mutant-body.ts';
import { edgeMutants } from './mutant-edges.ts';
import { nameMutants } from './mutant-names.ts';
import { stateMutants } from './mutant-states.ts';

/** Every machine that differs from the room's in one guard, target, action, delay, service, start, or meaning of a name. */
export const mutants: readonly Mutant[] = [...edgeMutants, ...stateMutants, ...nameMutants];
