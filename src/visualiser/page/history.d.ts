import type { SeenContext } from '../mask.ts';
import type { SeenState, Trace, TraceStep } from '../trace.ts';

/** See `history.js`. */
export class History {
  constructor(start: SeenState, steps: readonly TraceStep[]);
  readonly first: number;
  readonly last: number;
  step(position: number): TraceStep | undefined;
  at(position: number): SeenState;
  restAt(position: number): Omit<SeenContext, 'users'>;
  add(steps: readonly TraceStep[]): void;
  trim(held: number): number;
  isContinuedBy(later: History): boolean;
  nameOf(id: string): string | undefined;
  toTrace(room: string): Trace;
}
