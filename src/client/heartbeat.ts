/** What the original's client uses; the server takes three times as long without a frame for a leave. */
export const HEARTBEAT_MS = 5_000;

type Beat = {
  /** Says that this client is there, and asks whether the server is. */
  readonly send: () => void;
  /** The connection is open by its looks, and does not answer. */
  readonly onSilence: () => void;
};

/**
 * Says at intervals that the client is there. After a change of network a socket looks open for minutes while nothing
 * passes; a server that has answered before and now is silent for a whole interval is taken for such a case. The
 * original server never answers, and is never suspected.
 */
export class Heartbeat {
  readonly #beat: Beat;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;
  #answers = false;
  #isWaiting = false;

  constructor(beat: Beat) {
    this.#beat = beat;
  }

  start(intervalMs: number): void {
    this.stop();
    this.#timer = setInterval(() => this.#tick(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#isWaiting = false;
  }

  /** Any frame shows that the connection is alive. */
  heard(isAnswer: boolean): void {
    this.#isWaiting = false;
    this.#answers ||= isAnswer;
  }

  #tick(): void {
    if (this.#isWaiting && this.#answers) {
      this.#beat.onSilence();
      return;
    }
    this.#isWaiting = true;
    this.#beat.send();
  }
}
