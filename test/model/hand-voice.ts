import type { AiSession } from '../../machines/room.context.ts';
import type { OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import type { ConnectInput, Voice } from '../../src/voice/voice.ts';

type Asked<Answer> = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

export const ANSWER = 'v=0 answer';

/**
 * A voice that does what the test says, and keeps the account of its calls. What the room gives up is answered all the
 * same, in the turn of the giving up: every other time by success, which for `open` means one more call to be closed.
 */
export class HandVoice implements Voice {
  /** Calls that cost money now. */
  readonly calls = new Map<string, AiSession>();
  /** What must never happen: a call closed twice, two calls asked for at a time. */
  readonly faults: string[] = [];
  readonly connected: ConnectInput[] = [];
  readonly disconnected: { readonly session: AiSession; readonly by: string }[] = [];
  /** What the service that was started last was given. */
  lastInput: OpenVoiceInput | RouteAudioInput | undefined = undefined;
  readonly #opening = new Set<Asked<AiSession>>();
  readonly #routing = new Set<Asked<void>>();
  #onEnded: () => void = () => {};
  #late = 0;

  open(input: OpenVoiceInput, signal: AbortSignal): Promise<AiSession> {
    this.lastInput = input;
    return this.#ask(this.#opening, signal, () => this.#opened(`late-${this.#late}`));
  }

  route(input: RouteAudioInput, signal: AbortSignal): Promise<void> {
    this.lastInput = input;
    return this.#ask(this.#routing, signal, () => {});
  }

  connect(input: ConnectInput, onAnswer: (sdp: string) => void): Promise<void> {
    this.connected.push(input);
    onAnswer(ANSWER);
    return Promise.resolve();
  }

  disconnect(session: AiSession, by: string): void {
    this.disconnected.push({ session, by });
  }

  onEnded(_: AiSession, callback: () => void): () => void {
    this.#onEnded = callback;
    return () => {};
  }

  close({ callId }: AiSession): void {
    if (!this.calls.delete(callId)) this.faults.push(`${callId} closed once more`);
  }

  /** How many answers are owed. */
  get owed(): { readonly opening: number; readonly routing: number } {
    return { opening: this.#opening.size, routing: this.#routing.size };
  }

  answerOpen(session: AiSession): void {
    take(this.#opening).resolve(this.#opened(session.callId, session));
  }

  /** The answer to a room that is about to give up. */
  answerOpenLate(): void {
    this.#late += 1;
    take(this.#opening).resolve(this.#opened(`late-${this.#late}`));
  }

  failOpen(error: unknown): void {
    take(this.#opening).reject(error);
  }

  answerRoute(): void {
    take(this.#routing).resolve();
  }

  failRoute(error: unknown): void {
    take(this.#routing).reject(error);
  }

  /** The upstream ends the last call; also one that is over for the room, which must not matter. */
  end(): void {
    this.#onEnded();
  }

  #opened(callId: string, session: AiSession = { sessionId: 'late', trackName: 'voice', callId }): AiSession {
    this.calls.set(callId, session);
    return session;
  }

  #ask<Answer>(all: Set<Asked<Answer>>, signal: AbortSignal, late: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = { resolve, reject };
      if (all.size > 0) this.faults.push('asked for twice at a time');
      all.add(asked);
      signal.addEventListener('abort', () => {
        if (!all.delete(asked)) return;
        this.#late += 1;
        if (this.#late % 2 === 0) resolve(late());
        else reject(new Error('given up'));
      });
    });
  }
}

function take<Answer>(all: Set<Asked<Answer>>): Asked<Answer> {
  const [asked] = all;
  if (asked === undefined) throw new Error('nothing was asked for');
  all.delete(asked);
  return asked;
}
