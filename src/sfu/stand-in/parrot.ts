import type { Clock } from '../../clock.ts';
import { Ear, type HeardPacket } from './ear.ts';
import { Mouth, type SpokenPacket } from './mouth.ts';
import { GREETING } from './opus.ts';

/** Whoever invites it learns of it by the room's state and pulls its track then: an earlier greeting would be lost. */
export const GREETING_DELAY_MS = 1_000;

/**
 * Greets, then repeats what it hears after each pause. It listens or speaks, never both: what comes while it speaks is neither
 * kept nor does it interrupt. In a meeting its voice comes back by loudspeakers, and by that it would interrupt itself.
 */
export class Parrot {
  readonly #clock: Clock;
  readonly #ear = new Ear();
  readonly #mouth: Mouth;

  /** @param random - from 0 to 1, for where the stream's numbers begin */
  constructor(clock: Clock, random: () => number, send: (packet: SpokenPacket) => void) {
    this.#clock = clock;
    this.#mouth = new Mouth(clock, random, send);
  }

  greet(): void {
    this.#mouth.sayNothing();
    this.#mouth.say(GREETING, GREETING_DELAY_MS);
  }

  hear(packet: HeardPacket): void {
    if (this.#mouth.isSpeaking) return;
    this.#ear.hear(packet, this.#clock.now());
    this.#answer();
  }

  /** To be called some times a second: notices the pause when no packet comes any more, and shows that it is there. */
  tick(): void {
    if (!this.#mouth.isSpeaking) this.#answer();
    this.#mouth.sayNothing();
  }

  stop(): void {
    this.#mouth.stop();
    this.#ear.forget();
  }

  #answer(): void {
    const utterance = this.#ear.take(this.#clock.now());
    if (utterance !== undefined) this.#mouth.say(utterance);
  }
}
