import type { AiSession } from '../../machines/room.context.ts';
import type { Voice } from '../../src/voice/voice.ts';

/**
 * A voice whose calls open when the test says so, also after the room has given up: an answer that was on its way. It
 * counts what was opened against what was closed.
 */
export class CountingVoice implements Voice {
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  open(): Promise<AiSession> {
    this.#calls += 1;
    const callId = `call-${this.#calls}`;
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.opened.push(callId);
        resolve({ sessionId: `sfu-${callId}`, trackName: 'voice', callId });
      });
    });
  }

  /** How many calls the room has asked for that have not been answered. */
  get asked(): number {
    return this.#waiting.length;
  }

  /** Opens the call asked for first, or the one at `index` of those that wait. */
  answer(index = 0): void {
    for (const open of this.#waiting.splice(index, 1)) open();
  }

  /** Audio is never routed: who asks for control stays on the way to it. */
  route(): Promise<void> {
    return new Promise(() => {});
  }

  /** Nobody is ever connected. */
  connect(): Promise<void> {
    return new Promise(() => {});
  }

  disconnect(): void {}

  onEnded(): () => void {
    return () => {};
  }

  close(session: AiSession): void {
    this.closed.push(session.callId);
  }

  /** Both sides of the account. */
  get calls(): { opened: readonly string[]; closed: readonly string[] } {
    return { opened: this.opened, closed: [...this.closed].sort() };
  }
}
