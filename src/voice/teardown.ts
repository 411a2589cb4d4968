import type { Logger } from 'pino';
import type { Calls } from '../calls/calls.ts';
import { callsQuery } from '../calls/calls-query.ts';
import { forceClose } from '../calls/force-close.ts';
import { SessionQueue } from '../calls/session-queue.ts';
import type { Clock } from '../clock.ts';
import type { Store, StoredAiCall } from '../store/store.ts';
import type { OpenAiApi } from './openai-api.ts';

const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 60_000;
/** No call lives for longer than 60 minutes, and no SFU track for 30 s without it. */
const DEAD_AFTER_MS = 2 * 60 * 60_000;

export type TeardownDeps = {
  readonly api: Pick<OpenAiApi, 'hangUp'>;
  readonly calls: Calls;
  readonly store: Pick<Store, 'listAiCalls' | 'noteAiCall' | 'forgetAiCall'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Added to every request to the SFU. */
  readonly extraParams: URLSearchParams;
};

/** What there is to end of a call: without a `callId` the SFU's side alone, as of a user's connection. */
export type OpenCall = StoredAiCall;

/**
 * Ends AI calls for certain. What is open is in the store from before it carries voice until it is known to be over: what
 * this process does not get to, the next one does. [V6, V7]
 */
export class Teardown {
  readonly #deps: TeardownDeps;
  /** Calls that are being ended, by their SFU sessions. */
  readonly #ending = new Set<string>();
  /** What the store knows of, by the SFU sessions. */
  readonly #noted = new Set<string>();
  readonly #timers = new Set<unknown>();
  /** Attempts that are under way. */
  readonly #attempts = new Set<Promise<void>>();
  #stopped = false;

  constructor(deps: TeardownDeps) {
    this.#deps = deps;
  }

  /** Ends what earlier processes have left. */
  async start(): Promise<void> {
    for (const call of await this.#deps.store.listAiCalls()) {
      this.#noted.add(call.sessionId);
      this.end(call);
    }
  }

  /** Remembers a call; rejects where the store cannot, and then the call must not live. */
  async note(call: OpenCall): Promise<void> {
    this.#noted.add(call.sessionId);
    try {
      await this.#deps.store.noteAiCall(call);
    } catch (error) {
      this.#noted.delete(call.sessionId);
      throw error;
    }
  }

  /**
   * Ends a call, however often it takes.
   *
   * @param queue - where the operations on its SFU session wait for one another
   */
  end(call: OpenCall, queue = new SessionQueue()): void {
    if (this.#ending.has(call.sessionId)) return;
    this.#ending.add(call.sessionId);
    // What was not open for long enough to be noted may not be closed at once either.
    if (!this.#noted.has(call.sessionId)) {
      this.note(call).catch((error: unknown) => {
        this.#deps.log.warn(
          { err: error, session: call.sessionId },
          'AI call being ended is not in the store',
        );
      });
    }
    void this.#end(call, queue).finally(() => this.#ending.delete(call.sessionId));
  }

  /** Waits for the attempts that are under way; what is left after them is in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const { clock } = this.#deps;
    for (const timer of this.#timers) clock.clearTimeout(timer);
    await Promise.all(this.#attempts);
  }

  async #end(call: OpenCall, queue: SessionQueue): Promise<void> {
    const { clock, log } = this.#deps;
    const open = { call: call.callId !== '', track: call.mid !== '' };
    for (let delayMs = FIRST_DELAY_MS; !this.#stopped; delayMs = Math.min(delayMs * 2, LAST_DELAY_MS)) {
      const attempt = this.#attempt(call, queue, open);
      this.#attempts.add(attempt);
      await attempt;
      this.#attempts.delete(attempt);
      if (!open.call && !open.track) return;
      if (clock.now() - call.openedAt >= DEAD_AFTER_MS) {
        log.error({ callId: call.callId, session: call.sessionId }, 'AI call not ended, but dead by now');
        return this.#forget(call);
      }
      if (this.#stopped) return;
      await this.#pause(delayMs);
    }
  }

  async #forget({ callId, sessionId }: OpenCall): Promise<void> {
    this.#noted.delete(sessionId);
    await this.#deps.store.forgetAiCall(sessionId).catch((error: unknown) => {
      this.#deps.log.warn({ err: error, callId, session: sessionId }, 'AI call not forgotten in the store');
    });
  }

  /** One try at what is still open. The call first: it is what costs. */
  async #attempt(
    call: OpenCall,
    queue: SessionQueue,
    open: { call: boolean; track: boolean },
  ): Promise<void> {
    const { api, calls, log, extraParams } = this.#deps;
    if (open.call) open.call = !(await api.hangUp(call.callId));
    if (open.track) {
      const query = callsQuery(extraParams, call.meetingId);
      const close = queue.run(() => forceClose(calls, call.sessionId, [call.mid], query));
      open.track = await close.then(
        (left) => left.length > 0,
        () => true,
      );
    }
    log.debug({ callId: call.callId, session: call.sessionId, open }, 'AI call being ended');
    if (!open.call && !open.track) await this.#forget(call);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, delayMs);
      this.#timers.add(timer);
    });
  }
}
