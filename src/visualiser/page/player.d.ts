import type { History } from './history.js';

/** See `player.js`. */
export class Player {
  constructor(history: History);
  readonly isPaused: boolean;
  readonly position: number;
  readonly ahead: number;
  readonly bounds: { readonly first: number; readonly last: number };
  pause(): void;
  resume(): void;
  go(position: number): void;
  move(steps: number): void;
  first(): void;
  replace(history: History, isSame: boolean): void;
}
