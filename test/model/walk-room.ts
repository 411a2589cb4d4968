import { createActor, fromCallback, fromPromise, type Actor } from 'xstate';
import { toRoomState, type AiSession } from '../../machines/room.context.ts';
import type { RoomEffect, RoomEvent } from '../../machines/room.events.ts';
import { aiPhase, type RoomMachine } from '../../machines/room.machine.ts';
import type { HoldVoiceInput, OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import type { RoomState } from '../../src/protocol/messages.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';
import type { SpecEvent } from './spec-state.ts';
import { giveAnswer, Requests, type ServiceAnswer } from './walk-services.ts';

/** An event for the service that holds a call, upon which it throws. */
const FAIL = { type: 'walk.fail' } as never;

type Hold = Parameters<Parameters<typeof fromCallback<RoomEvent, HoldVoiceInput>>[0]>[0];

/** A machine with its services bound to whichever room walks: binding is too dear to be done for each walk. */
export class WalkMachine {
  room: WalkRoom | undefined;
  readonly bound: RoomMachine;

  constructor(machine: RoomMachine) {
    this.bound = machine.provide({
      actors: {
        openVoice: fromPromise<AiSession, OpenVoiceInput>((call) => this.#walking.opens.add(call)),
        routeAudio: fromPromise<void, RouteAudioInput>((call) => this.#walking.routes.add(call)),
        holdVoice: fromCallback<RoomEvent, HoldVoiceInput>((call) => this.#walking.hold(call)),
      },
    });
  }

  get #walking(): WalkRoom {
    if (this.room === undefined) throw new Error('No room walks');
    return this.room;
  }
}

/** A live actor of the machine, with services in the hand of the walk. */
export class WalkRoom {
  readonly clock = new FakeClock();
  readonly opens = new Requests<AiSession>();
  readonly routes = new Requests<void>();
  /** The way of each call there ever was to say that it ended. */
  readonly #endings: (() => void)[] = [];
  /** Whether the service that holds a call fails as it starts. */
  holdFails = false;
  failure: unknown = undefined;
  readonly #held: AiSession[] = [];
  #holds = 0;
  readonly #effects: RoomEffect[] = [];
  readonly #actor: Actor<RoomMachine>;

  constructor(machine: WalkMachine) {
    machine.room = this;
    this.#actor = createActor(machine.bound, { clock: this.clock });
    this.#actor.on('*', (effect) => void this.#effects.push(effect));
    this.#actor.subscribe({ error: (error) => void (this.failure = error) });
    this.#actor.start();
  }

  hold({ input, sendBack, receive }: Hold): () => void {
    this.#holds += 1;
    if (this.holdFails) throw new Error('the call cannot be held');
    this.#held.push(input.session);
    let lost = false;
    this.#endings.push(() => {
      // XState goes on listening to a callback that threw.
      if (!lost) sendBack({ type: 'ai.ended' });
    });
    const release = (): void => void this.#held.splice(this.#held.indexOf(input.session), 1);
    receive(() => {
      // Nor does it run the clean-up.
      release();
      lost = true;
      throw new Error('the call was lost');
    });
    return release;
  }

  /** Makes something happen to the machine, and waits until it has heard of it. Time is not among it. */
  async happen(event: SpecEvent): Promise<void> {
    switch (event.type) {
      case 'call.opened':
      case 'call.failed':
      case 'route.done':
      case 'route.failed':
        this.answer(event);
        return endOfTurn();
      case 'call.ended':
        return this.#endings.at(-1)?.();
      case 'call.lost':
        this.#actor.getSnapshot().children.holdVoice?.send(FAIL);
        return endOfTurn();
      case 'time.connect':
      case 'time.grace':
      case 'time.limit':
      case 'time.route':
        throw new Error('Time passes on the clock');
      default:
        return this.#actor.send(event);
    }
  }

  answer(answer: ServiceAnswer): void {
    giveAnswer(answer, this.opens, this.routes, false);
  }

  /** Services that the machine has given up answer, and calls that it has given up say that they ended. */
  async answerLate(answer: ServiceAnswer): Promise<void> {
    giveAnswer(answer, this.opens, this.routes, true);
    for (const end of this.#endings.slice(0, this.#held.length === 0 ? undefined : -1)) end();
    return endOfTurn();
  }

  /** All that can be seen of the machine from outside, with the effects since the last look. */
  look(): object {
    const { value, services } = this;
    const snapshot = this.#actor.getSnapshot();
    const view: RoomState = toRoomState(aiPhase(snapshot), snapshot.context);
    return { effects: this.#effects.splice(0), value, view, services, timers: this.clock.timerCount };
  }

  get value(): unknown {
    return this.#actor.getSnapshot().value;
  }

  /** The inputs of what runs, how many children that is, and how often each service has been started. */
  get services() {
    return {
      opening: this.opens.open,
      holding: [...this.#held],
      routing: this.routes.open,
      count: Object.keys(this.#actor.getSnapshot().children).length,
      opens: this.opens.count,
      holds: this.#holds,
      routes: this.routes.count,
    };
  }

  stop(): void {
    this.#actor.stop();
  }
}
