import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';

/** What came of a post, as far as it says what to do next. */
export type PostOutcome =
  | { readonly type: 'arrived' }
  | {
      readonly type: 'later';
      /** A status or the code of a network error: never a text from elsewhere, which may hold the URL. */
      readonly reason: string;
      /** How long the receiver wants to be left alone: 0 when it has not said so. */
      readonly retryAfterMs: number;
      /** Whether the receiver wants nothing at all meanwhile, not only this. */
      readonly overloaded: boolean;
    }
  | { readonly type: 'refused'; readonly status: number };

/** From the first byte sent to the last byte received. */
const POST_TIMEOUT_MS = 10_000;

/** A receiver that asks for more is asked again anyway. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** Nobody reads the answer; a short one leaves the connection free for the next post. */
const MAX_ANSWER_BYTES = 64 * 1024;

const REQUEST_TIMEOUT = 408;
const CONFLICT = 409;
const TOO_MANY_REQUESTS = 429;

/** `FEEDBACK_URL`: an incoming webhook of Google Chat, or whatever takes the same. One connection, no redirects. */
export class Webhook {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #agent = new Agent({ connections: 1, pipelining: 1, allowH2: false });

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /**
   * Posts JSON. Never rejects.
   *
   * @param requestId - the same for the same message: Google Chat then posts it once
   */
  async post(requestId: string, body: string): Promise<PostOutcome> {
    const url = new URL(this.#url);
    url.searchParams.set('requestId', requestId);
    const abort = new AbortController();
    const deadline = this.#clock.setTimeout(() => abort.abort(), POST_TIMEOUT_MS);
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        signal: abort.signal,
      });
      const outcome = outcomeOf(answer.statusCode, answer.headers['retry-after'], this.#clock.now());
      // The status has said everything: an answer that breaks off is none the worse.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {});
      return outcome;
    } catch (error) {
      const reason = abort.signal.aborted ? 'timeout' : codeOf(error);
      return { type: 'later', reason, retryAfterMs: 0, overloaded: false };
    } finally {
      this.#clock.clearTimeout(deadline);
    }
  }

  /** Ends the connection, and with it a post that is under way. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Google documents these for its own API; by the same numbers any receiver can be told apart. */
function outcomeOf(status: number, retryAfter: string | string[] | undefined, now: number): PostOutcome {
  // A conflict: the message is there already.
  if ((status >= 200 && status < 300) || status === CONFLICT) return { type: 'arrived' };
  if (status < 500 && status !== TOO_MANY_REQUESTS && status !== REQUEST_TIMEOUT) {
    return { type: 'refused', status };
  }
  const retryAfterMs = readRetryAfter(retryAfter, now);
  const overloaded = status === TOO_MANY_REQUESTS || retryAfterMs > 0;
  return { type: 'later', reason: `http_${status}`, retryAfterMs, overloaded };
}

/** Seconds or a date (RFC 9110, 10.2.3); 0 when it is neither. */
function readRetryAfter(value: string | string[] | undefined, now: number): number {
  const text = (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'network';
