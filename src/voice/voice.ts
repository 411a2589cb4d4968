import type { AiFailure, AiSession } from '../../machines/room.context.ts';
import type { OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';

/**
 * An AI voice that can become a participant of a room. Calls cost money while they are open, hence the promises:
 *
 * - `open` gives a call that carries voice, or rejects and leaves nothing open. It gives up when `signal` aborts.
 * - `close` may be called at any time, also twice and for a call already ended; it never throws. What it cannot close at
 *   once it keeps trying to close.
 * - `onEnded` calls back at most once, never after the function it returned has been called, and not for `close`.
 */
export interface Voice {
  open(input: OpenVoiceInput, signal: AbortSignal): Promise<AiSession>;
  /** Sends one user's published audio into the call, in place of whose was sent before. */
  route(input: RouteAudioInput, signal: AbortSignal): Promise<void>;
  onEnded(session: AiSession, callback: () => void): () => void;
  close(session: AiSession): void;
}

/** The failure of `Voice.open`; any other error counts as `unavailable`. */
export class VoiceError extends Error {
  readonly failure: AiFailure;

  constructor(failure: AiFailure, options?: { cause?: unknown }) {
    super(`The AI voice could not be opened: ${failure}`, options);
    this.name = 'VoiceError';
    this.failure = failure;
  }
}
