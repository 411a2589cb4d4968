import type { AiFailure, AiSession } from '../../machines/room.context.ts';
import type { OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';

/**
 * An AI voice that can become a participant of a room. Calls cost money while they are open, hence the promises:
 *
 * - `open` gives a call that carries voice, or rejects and leaves nothing open. It gives up when `signal` aborts.
 * - `close` may be called at any time, also twice and for a call already ended; it never throws. What it cannot close at
 *   once it keeps trying to close.
 * - `connect` gives a user a connection of its own to an open call, in place of the one it had. It rejects with an
 *   `AppError` that the user may be told (`ai_not_active`, `ai_connection_pending`, `ai_connection_failed`,
 *   `invalid_session_description`), and then nothing is left open. `close` and `disconnect` end it, also while it is
 *   being opened.
 * - `onEnded` calls back at most once, never after the function it returned has been called, and not for `close`.
 */
export interface Voice {
  open(input: OpenVoiceInput, signal: AbortSignal): Promise<AiSession>;
  /**
   * Sends one user's audio into the call, in place of whose was sent before. Without a track it is the microphone of the
   * user's own connection, and without that too it rejects with an `AppError` of code `ai_not_connected`.
   */
  route(input: RouteAudioInput, signal: AbortSignal): Promise<void>;
  /** @param onAnswer - called once with the answer to the offer, before the AI's voice flows */
  connect(input: ConnectInput, onAnswer: (sdp: string) => void): Promise<void>;
  /** Ends the connection of a user who is gone, if there is one. Never throws. */
  disconnect(session: AiSession, by: string): void;
  onEnded(session: AiSession, callback: () => void): () => void;
  close(session: AiSession): void;
}

/** Whose connection to which call; `offer` is SDP with one audio track that is sent and received. */
export type ConnectInput = { readonly session: AiSession; readonly by: string; readonly offer: string };

/** The failure of `Voice.open`; any other error counts as `unavailable`. */
export class VoiceError extends Error {
  readonly failure: AiFailure;

  constructor(failure: AiFailure, options?: { cause?: unknown }) {
    super(`The AI voice could not be opened: ${failure}`, options);
    this.name = 'VoiceError';
    this.failure = failure;
  }
}
