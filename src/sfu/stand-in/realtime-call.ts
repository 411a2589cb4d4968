import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { CallPeer } from './call-peer.ts';
import { Parrot } from './parrot.ts';

/** As long as an OpenAI call may last. */
const LONGEST_CALL_MS = 60 * 60_000;
/** An offer whose peer never comes dies by itself, as OpenAI's do. */
const CONNECT_TIMEOUT_MS = 15_000;

export type CallDeps = {
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
};

/** One call: a peer that is there, and a parrot that talks to it. */
export class RealtimeCall {
  readonly id: string;
  readonly #deps: CallDeps;
  readonly #parrot: Parrot;
  readonly #openedAtMs: number;
  readonly #onEnd: () => void;
  #peer: CallPeer | undefined;
  #isConnected = false;
  #isOver = false;

  private constructor(id: string, deps: CallDeps, onEnd: () => void) {
    this.id = id;
    this.#deps = deps;
    this.#openedAtMs = deps.clock.now();
    this.#onEnd = onEnd;
    this.#parrot = new Parrot(deps.clock, deps.random, (packet) => this.#peer?.send(packet));
  }

  /** Rejects when the offer cannot be answered. `onEnd` is told once, however the call ends. */
  static async open(id: string, offerSdp: string, deps: CallDeps, onEnd: () => void): Promise<RealtimeCall> {
    const call = new RealtimeCall(id, deps, onEnd);
    call.#peer = await CallPeer.answer(offerSdp, {
      onConnected: () => call.#connected(),
      onPacket: (packet) => {
        if (call.#isConnected && !call.#isOver) call.#parrot.hear(packet);
      },
      onGone: () => void call.end('peer gone'),
    });
    return call;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get answerSdp(): string {
    return this.#peer?.answerSdp ?? '';
  }

  /** To be called some times a second. */
  tick(): void {
    const ageMs = this.#deps.clock.now() - this.#openedAtMs;
    if (ageMs >= LONGEST_CALL_MS) void this.end('too long');
    else if (this.#isConnected) this.#parrot.tick();
    else if (ageMs >= CONNECT_TIMEOUT_MS) void this.end('never connected');
  }

  /** Resolves when the peer's socket is closed. */
  async end(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parrot.stop();
    this.#onEnd();
    this.#deps.log.debug({ callId: this.id, reason }, 'stand-in call ended');
    try {
      await this.#peer?.close();
    } catch (error) {
      this.#deps.log.warn({ err: error, callId: this.id }, 'stand-in call does not close');
    }
  }

  #connected(): void {
    if (this.#isConnected || this.#isOver) return;
    this.#isConnected = true;
    this.#parrot.greet();
  }
}
