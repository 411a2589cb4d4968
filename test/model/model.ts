import { createActor, type AnyEventObject } from 'xstate';
import type { RoomEffect } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import { toEvent, type Move } from './moves.ts';

type Scope = Parameters<RoomMachine['transition']>[2];

export type Step = { readonly snapshot: RoomSnapshot; readonly effects: readonly RoomEffect[] };

/**
 * The machine as a function: nothing runs, no time passes. XState's own `transition` makes an actor system for each
 * step, which costs more than all the rest.
 */
export class Model {
  readonly machine: RoomMachine;
  readonly initial: RoomSnapshot;
  readonly #scope: Scope;
  #effects: RoomEffect[] = [];

  constructor(machine: RoomMachine) {
    this.machine = machine;
    const self = createActor(machine);
    this.#scope = {
      self,
      id: self.id,
      sessionId: self.sessionId,
      system: self.system,
      logger: () => {},
      defer: () => {},
      stopChild: () => {},
      emit: () => {},
      actionExecutor: (action) => {
        if (action.type === 'xstate.emit') this.#effects.push(emittedBy(action.params));
      },
    };
    this.initial = machine.getInitialSnapshot(this.#scope);
  }

  step(from: RoomSnapshot, move: Move): Step {
    this.#effects = [];
    const snapshot = this.machine.transition(from, toEvent(move), this.#scope);
    const { status, error: cause } = snapshot;
    if (status !== 'active') throw new Error(`the machine is ${status}`, { cause });
    return { snapshot, effects: this.#effects };
  }

  /** Where these moves lead from the beginning. */
  after(moves: readonly Move[]): RoomSnapshot {
    return moves.reduce((snapshot, move) => this.step(snapshot, move).snapshot, this.initial);
  }
}

const emittedBy = (params: unknown): RoomEffect => (params as { event: AnyEventObject }).event as RoomEffect;
