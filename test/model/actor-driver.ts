import assert from 'node:assert/strict';
import { createActor, type Actor, type InspectionEvent } from 'xstate';
import type { RoomEffect } from '../../machines/room.events.ts';
import type { RoomMachine, RoomSnapshot } from '../../machines/room.machine.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { DELAYS } from '../support/fake-room.ts';
import type { Driver, Task } from './drive.ts';
import type { Step } from './model.ts';
import { HandClock } from './hand-clock.ts';
import { HandVoice } from './hand-voice.ts';
import { readable } from './invariants.ts';
import { isOutcome, toEvent, type Move } from './moves.ts';
import { RUNNING, stateOf, type Delay, type Service, type State } from './states.ts';
import { assertAccount, bringAbout, Rivals, timesIn } from './upstream.ts';

/** The live actor, with its services in the test's hand. */
export class ActorDriver implements Driver {
  readonly #machine: RoomMachine;
  readonly #voice = new HandVoice();
  readonly #clock = new HandClock();
  readonly #rivals = new Rivals();
  readonly #inspect: (event: InspectionEvent) => void;
  #effects: RoomEffect[] = [];
  #actor: Actor<RoomMachine>;

  constructor(machine: RoomMachine, inspect: (event: InspectionEvent) => void) {
    this.#machine = bindRoomMachine(machine, this.#voice, DELAYS, this.#clock);
    this.#inspect = inspect;
    this.#actor = this.#start();
  }

  async perform(task: Task): Promise<void> {
    const { move, before, step } = task;
    // A grace passes once, and a room is restored before anything else.
    const isUsed = this.#clock.waiting.length === 0;
    const needsFresh = move.type === 'room.restored' || isGrace(move);
    if (before.context.meetingId === null && isUsed && needsFresh) this.#actor = this.#start();
    const running = this.#running(before);
    if (this.#rivals.arrive(task, this.#voice) > 0) await Promise.resolve();
    this.#happen(move);
    await settled();
    const { snapshot } = step;
    const state = stateOf(snapshot);
    const found = this.#actor.getSnapshot();
    assert.equal(found.status, 'active', 'the actor');
    assert.equal(stateOf(found), state, 'the state');
    assert.deepEqual(readable(found.context), readable(snapshot.context), 'the context');
    assert.deepEqual(this.#effects.splice(0), step.effects, 'the effects');
    this.#assertRunning(state, move);
    this.#assertInput(move, before, step);
    // That a grace begins anew is all right with a room that nobody has used yet.
    if (move.type !== 'room.restored') this.#assertGoesOn(running);
    assertAccount(this.#voice, state, snapshot.context.session?.callId);
  }

  async end(): Promise<void> {
    this.#actor.stop();
    await settled();
    assert.deepEqual(this.#clock.waiting, [], 'the timers of a room that is over');
    assertAccount(this.#voice, 'idle', undefined);
  }

  #happen(move: Move): void {
    if (move.type === 'ai.ended') this.#voice.end();
    // A callback actor cannot fail once it has started; to the room its failure is but this event.
    const isSent = !isOutcome(move) || move.type === 'xstate.error.actor.holdVoice';
    if (isSent) this.#actor.send(toEvent(move));
    else bringAbout(move, this.#voice, this.#clock);
  }

  /** Each child and each timer belongs to the state. */
  #assertRunning(state: State, move: Move): void {
    const { children, context } = this.#actor.getSnapshot();
    assert.deepEqual(Object.keys(children).toSorted(), RUNNING[state].services.toSorted(), 'the children');
    // A room without a meeting has waited in vain once its grace is over.
    const isOver = context.meetingId === null && (isGrace(move) || this.#clock.waiting.length === 0);
    assert.deepEqual(this.#clock.waiting, state === 'idle' && isOver ? [] : timesIn(state), 'the timers');
  }

  /** What a service is started with. */
  #assertInput(move: Move, before: RoomSnapshot, { snapshot }: Step): void {
    const { meetingId, invitation, session, controller: by } = snapshot.context;
    const begins = (state: State) => stateOf(snapshot) === state && stateOf(before) !== state;
    const { lastInput } = this.#voice;
    if (begins('aiConnecting')) assert.deepEqual(lastInput, { meetingId, invitation }, 'what is opened');
    if (!begins('aiActive.granting') || move.type !== 'ai.control.request') return;
    assert.deepEqual(lastInput, { session, by, track: move.track }, 'what is routed');
  }

  /** The services and timers of a state, by name. */
  #running(snapshot: RoomSnapshot): ReadonlyMap<Service | Delay, unknown> {
    const { services, delays } = RUNNING[stateOf(snapshot)];
    const { children } = this.#actor.getSnapshot();
    return new Map<Service | Delay, unknown>([
      ...services.map((id) => [id, children[id]] as const),
      ...delays.map((delay) => [delay, this.#clock.handleOf(DELAYS[delay])] as const),
    ]);
  }

  /** What belongs to both states goes on: nothing is begun again where nothing has ended. */
  #assertGoesOn(earlier: ReadonlyMap<Service | Delay, unknown>): void {
    for (const [name, running] of this.#running(this.#actor.getSnapshot())) {
      const isNew = running !== undefined && earlier.has(name) && earlier.get(name) !== running;
      assert.ok(!isNew, `${name} is begun again`);
    }
  }

  #start(): Actor<RoomMachine> {
    const actor = createActor(this.#machine, { clock: this.#clock, inspect: this.#inspect });
    actor.on('*', (effect) => void this.#effects.push(effect));
    // Seen by its status.
    actor.subscribe({ error: () => {} });
    return actor.start();
  }
}

const isGrace = ({ type }: Move): boolean => type.startsWith('xstate.after.emptyRoomGrace');

/** An answer comes a turn after it is given, and what was not taken is closed at the end of that. */
async function settled(): Promise<void> {
  await endOfTurn();
  await endOfTurn();
}
