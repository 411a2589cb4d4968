import type { Actor, AnyEventObject, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import type { ErrorCode } from '../errors.ts';
import type { ClientMessageType } from '../protocol/messages.ts';

/** One event that the room's machine has taken in, and what came of it. */
export type RoomStep = {
  readonly event: AnyEventObject;
  /** Empty: the event was ignored. */
  readonly transitions: readonly AnyTransitionDefinition[];
  /** What its sender was told, if it was refused. */
  readonly refusal: ErrorCode | undefined;
  readonly snapshot: RoomSnapshot;
};

/** A frame that was refused before it could become an event. */
export type RefusedFrame = {
  readonly by: string;
  /** Nothing where it could not even be read: a forged or malformed one. */
  readonly messageType: ClientMessageType | undefined;
  readonly code: ErrorCode;
};

/**
 * Somebody who looks on at a room, live. It is called in the room's own turn: it must be quick, and must not send anything
 * to the room. One that throws is not called again.
 */
export interface RoomWatcher {
  /** From here on it is about this room, which is so. */
  began(snapshot: RoomSnapshot): void;
  stepped(step: RoomStep): void;
  refused(frame: RefusedFrame): void;
  /** This room is over; one of the same name may begin. */
  over(): void;
}

/**
 * The watchers of one room. XState's inspector is attached while there are any, and only then; nothing they do gets through
 * to the actor: an inspector that throws would wedge its mailbox.
 */
export class RoomWatchers {
  readonly #actor: Actor<RoomMachine>;
  readonly #watchers = new Set<RoomWatcher>();
  readonly #onFailure: (error: unknown) => void;
  #detach: (() => void) | undefined = undefined;
  /** Of the step that is under way; no event, no step. */
  #event: AnyEventObject | undefined = undefined;
  #transitions: AnyTransitionDefinition[] = [];
  #refusal: ErrorCode | undefined = undefined;

  constructor(actor: Actor<RoomMachine>, onFailure: (error: unknown) => void) {
    this.#actor = actor;
    this.#onFailure = onFailure;
  }

  add(watcher: RoomWatcher): void {
    this.#watchers.add(watcher);
    this.#detach ??= this.#attach();
    this.#tell([watcher], (one) => one.began(this.#actor.getSnapshot()));
  }

  remove(watcher: RoomWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#detach?.();
    this.#detach = undefined;
  }

  refused(frame: RefusedFrame): void {
    this.#tell(this.#watchers, (watcher) => watcher.refused(frame));
  }

  /** May be called from within a step, which then is the last. */
  over(): void {
    if (this.#event !== undefined) this.#tellStep(this.#event);
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    this.#detach?.();
    this.#detach = undefined;
    this.#tell(watchers, (watcher) => watcher.over());
  }

  #attach(): () => void {
    this.#forgetStep();
    const inspection = this.#actor.system.inspect((inspected) => this.#inspect(inspected));
    const refusals = this.#actor.on('request.refused', ({ code }) => {
      this.#refusal = code;
    });
    return () => {
      inspection.unsubscribe();
      refusals.unsubscribe();
    };
  }

  /** Transitions come one microstep after the other, then effects, then the snapshot that ends the step. */
  #inspect(inspected: InspectionEvent): void {
    if (inspected.actorRef !== this.#actor) return;
    if (inspected.type === '@xstate.microstep') {
      this.#event ??= inspected.event;
      const { _transitions: taken } = inspected;
      this.#transitions.push(...taken);
    }
    if (inspected.type === '@xstate.snapshot') this.#tellStep(inspected.event);
  }

  #tellStep(event: AnyEventObject): void {
    const snapshot = this.#actor.getSnapshot();
    const step = { event, transitions: this.#transitions, refusal: this.#refusal, snapshot };
    this.#forgetStep();
    this.#tell(this.#watchers, (watcher) => watcher.stepped(step));
  }

  #forgetStep(): void {
    this.#event = undefined;
    this.#transitions = [];
    this.#refusal = undefined;
  }

  #tell(watchers: Iterable<RoomWatcher>, say: (watcher: RoomWatcher) => void): void {
    for (const watcher of watchers) {
      try {
        say(watcher);
      } catch (error) {
        this.remove(watcher);
        this.#onFailure(error);
      }
    }
  }
}
