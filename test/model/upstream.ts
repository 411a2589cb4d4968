import assert from 'node:assert/strict';
import { DELAYS } from '../support/fake-room.ts';
import type { Task } from './drive.ts';
import type { HandClock } from './hand-clock.ts';
import type { HandVoice } from './hand-voice.ts';
import { isOutcome, sourceOf, type Outcome } from './moves.ts';
import { RUNNING, stateOf, type Delay, type State } from './states.ts';

/** Lets one of the room's services end, or one of its times be over. */
export function bringAbout(outcome: Outcome, voice: HandVoice, clock: HandClock): void {
  switch (outcome.type) {
    case 'xstate.done.actor.openVoice':
      return voice.answerOpen(outcome.output);
    case 'xstate.done.actor.routeAudio':
      return voice.answerRoute();
    case 'xstate.error.actor.openVoice':
      return voice.failOpen(outcome.error);
    case 'xstate.error.actor.routeAudio':
      return voice.failRoute(outcome.error);
    case 'xstate.error.actor.holdVoice':
      throw new Error('the service that holds a call fails only as it starts');
    default:
      clock.fire(DELAYS[sourceOf(outcome) as Delay]);
  }
}

/**
 * Lets the answer of an AI arrive together with the room's giving up, in every way there is: in the abort itself (which
 * the voice does by itself), just before it, and one microtask earlier. With two, the machine has taken the answer.
 */
export class Rivals {
  #turn = 0;

  /** Answers, if it is time for it; says how many microtasks are to pass before the room gives up. */
  arrive({ before, move, step: { snapshot } }: Task, voice: HandVoice): number {
    const isOver = stateOf(before) === 'aiConnecting' && RUNNING[stateOf(snapshot)].services.length === 0;
    const isGivenUp = isOver && (!isOutcome(move) || move.type.startsWith('xstate.after.'));
    if (!isGivenUp) return 0;
    this.#turn += 1;
    if (this.#turn % 3 === 0) return 0;
    voice.answerOpenLate();
    return this.#turn % 3 === 1 ? 1 : 0;
  }
}

/** What must be under way in a state, seen from the voice: one call exactly where the AI is. */
export function assertAccount(voice: HandVoice, state: State, callId: string | undefined): void {
  const { services } = RUNNING[state];
  assert.equal(voice.calls.size, state.startsWith('aiActive.') ? 1 : 0, 'a call is open where the AI is');
  assert.deepEqual([...voice.calls.keys()], callId === undefined ? [] : [callId], 'the calls that are open');
  const opening = Number(services.includes('openVoice'));
  const routing = Number(services.includes('routeAudio'));
  assert.deepEqual(voice.owed, { opening, routing }, 'what the services wait for');
  assert.deepEqual(voice.faults, [], 'the calls');
}

/** The lengths of the timers that belong to a state; they are all of different lengths. */
export const timesIn = (state: State): readonly number[] =>
  RUNNING[state].delays.map((delay) => DELAYS[delay]).toSorted((a, b) => a - b);

const ROOM_TIMES: ReadonlySet<number> = new Set(Object.values(DELAYS));

/** Those of a room's timers that wait, on a clock that others wait by too. */
export const roomTimes = (clock: HandClock): readonly number[] =>
  clock.waiting.filter((ms) => ROOM_TIMES.has(ms));
