import assert from 'node:assert/strict';
import type { AiSession } from '../../machines/room.context.ts';
import type { RoomEffect } from '../../machines/room.events.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { step } from './spec-model.ts';
import {
  servicesOf,
  timesOf,
  UNUSED,
  valueOf,
  viewOf,
  type SpecAi,
  type SpecEvent,
  type SpecState,
  type TimeoutType,
} from './spec-state.ts';
import { WalkRoom, type WalkMachine } from './walk-room.ts';
import type { ServiceAnswer } from './walk-services.ts';

/** How long the machine's own delays are, in milliseconds: the defaults of `room.setup.ts`. */
const DELAYS: Readonly<Record<TimeoutType, number>> = {
  'time.grace': 15_000,
  'time.connect': 20_000,
  'time.route': 10_000,
  'time.limit': 55 * 60_000,
};

/** The machine and the model side by side. After each step they must agree in everything that can be seen. */
export class Walk {
  state: SpecState = UNUSED;
  readonly #room: WalkRoom;
  readonly #due = new Map<TimeoutType, number>();
  /** How often each service has been started. */
  readonly #starts = { opens: 0, holds: 0, routes: 0 };
  /** A room that nobody has used may let a time run that ends nothing. */
  #used = false;
  readonly #trail: string[] = [];

  constructor(machine: WalkMachine) {
    this.#room = new WalkRoom(machine);
    this.#agree([], 'at the start');
    this.#trail.pop();
  }

  /** Makes an event happen to both. It must be possible: a service that answers must be running. */
  async play(event: SpecEvent): Promise<void> {
    if (event.type in DELAYS) {
      const now = this.#room.clock.now();
      this.wait((this.#due.get(event.type as TimeoutType) ?? now) - now);
      return;
    }
    await this.#room.happen(event);
    this.#follow(event);
  }

  /** A call opens, and the service that shall hold it fails at once. [R21] */
  async openUnheld(session: AiSession): Promise<void> {
    this.#room.holdFails = true;
    await this.#room.happen({ type: 'call.opened', session });
    this.#room.holdFails = false;
    this.#follow({ type: 'call.opened', session }, { type: 'call.lost' });
  }

  /** Lets time pass; looks just before each timeout and at it. */
  wait(ms: number): void {
    const { clock } = this.#room;
    const end = clock.now() + ms;
    for (;;) {
      const [type, at] = [...this.#due].toSorted((a, b) => a[1] - b[1])[0] ?? [];
      if (type === undefined || at === undefined || at > end) break;
      clock.advance(Math.max(at - clock.now() - 1, 0));
      this.#agree([], `just before ${type}`);
      clock.advance(at - clock.now());
      this.#follow({ type });
    }
    clock.advance(end - clock.now());
    this.#agree([], `after ${ms} ms`);
  }

  /** Services that were abandoned answer after all: nothing may come of it. [R30] */
  async answerLate(answer: ServiceAnswer): Promise<void> {
    await this.#room.answerLate(answer);
    this.#agree([], `after ${answer.type}, too late`);
  }

  /** A service answers, and `event` comes some microtasks later: whichever the machine hears first counts. [R30] */
  async race(answer: ServiceAnswer, event: SpecEvent, microtasks: number): Promise<void> {
    const before = this.#room.services.count + JSON.stringify(this.#room.value);
    this.#room.answer(answer);
    for (let i = 0; i < microtasks; i += 1) await Promise.resolve();
    if (this.#room.services.count + JSON.stringify(this.#room.value) !== before) {
      this.#follow(answer);
      await this.#room.happen(event);
      this.#follow(event);
      return;
    }
    await this.#room.happen(event);
    // A service that the event ended has been answered too late.
    await endOfTurn();
    if (step(this.state, event).state.ai === this.state.ai) this.#follow(event, answer);
    else this.#follow(event);
  }

  stop(): void {
    this.#room.stop();
  }

  /** Takes the model where the machine should have gone, and compares. */
  #follow(...events: SpecEvent[]): void {
    const effects: RoomEffect[] = [];
    for (const event of events) {
      const answer = step(this.state, event);
      this.#count(answer.state.ai);
      this.state = answer.state;
      effects.push(...answer.effects);
      if (this.state.meeting !== null) this.#used = true;
    }
    const running = timesOf(this.state);
    for (const type of this.#due.keys()) if (!running.includes(type)) this.#due.delete(type);
    for (const type of running) {
      if (!this.#due.has(type)) this.#due.set(type, this.#room.clock.now() + DELAYS[type]);
    }
    this.#agree(effects, `after ${events.map((event) => JSON.stringify(event)).join(', ')}`);
  }

  #count(next: SpecAi): void {
    const { ai } = this.state;
    if (next === ai) return;
    if (next.phase === 'connecting') this.#starts.opens += 1;
    if (next.phase === 'granting') this.#starts.routes += 1;
    if ('session' in next && !('session' in ai)) this.#starts.holds += 1;
  }

  #agree(effects: readonly RoomEffect[], when: string): void {
    this.#trail.push(when);
    if (this.#room.failure !== undefined) {
      throw new Error(`The machine failed ${this.#trail.join('\n')}`, { cause: this.#room.failure });
    }
    const running = servicesOf(this.state);
    const services = { ...running, count: Object.values(running).flat().length, ...this.#starts };
    const timers = this.#used ? this.#due.size : this.#room.clock.timerCount;
    assert.deepEqual(
      this.#room.look(),
      { effects, value: valueOf(this.state), view: viewOf(this.state), services, timers },
      `The machine and the rules are apart ${this.#trail.at(-1)}; so far:\n${this.#trail.join('\n')}\n`,
    );
  }
}
