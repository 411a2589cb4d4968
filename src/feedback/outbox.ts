import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { BugReport, FeedbackBatch, FeedbackMessage, FeedbackStore } from '../store/store.ts';
import type { Card } from './google-chat.ts';
import type { PostOutcome, Webhook } from './webhook.ts';

export type OutboxDeps = {
  readonly store: FeedbackStore;
  readonly webhook: Pick<Webhook, 'post' | 'close'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Unguessable, another one each time. */
  readonly newId: () => string;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
};

const MAX_WAITING = 1_000;

/** The original's queue gave its consumer so many at once. */
const MAX_BATCH_CARDS = 10;
const MAX_BODY_BYTES = 30_000;
/** `{"cardsV2":[…]}`, and for each card a comma and what tells its id from the others'. */
const BODY_OVERHEAD_BYTES = 20 + MAX_BATCH_CARDS * 4;

/** Google Chat takes one message a second for a space: developers.google.com/workspace/chat/limits */
const MIN_INTERVAL_MS = 1_100;
/** Longer than any post takes, so that who lost its claim is not in the middle of one. */
const LEASE_MS = 60_000;

const FIRST_BACKOFF_MS = 2_000;
const MAX_BACKOFF_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const GIVE_UP_AFTER_MS = DAY_MS;
const STORE_RETRY_MS = 10_000;

/** The longest that a receiver can ask for. */
const MAX_WAIT_MS = 60 * 60_000;

/** How long bug reports and dead letters are kept. */
export const KEEP_MS = 30 * DAY_MS;

/**
 * Takes feedback over, and posts it: one request at a time, at the receiver's rate, again and again until it arrives or
 * is a dead letter. What is in it survives the process. While nothing waits, it does nothing.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  #state: 'new' | 'started' | 'stopped' = 'new';
  /** The look that is under way. Does not reject. */
  #looking: Promise<void> | undefined = undefined;
  /** Whether something was added during it. */
  #lookAgain = false;
  #lookTimer: unknown = undefined;
  #pruneTimer: unknown = undefined;
  /** No post before. */
  #notBefore = 0;
  /** What has become of a batch and is not stored yet. */
  #unsettled: (() => Promise<void>) | undefined = undefined;
  #storeFails = false;
  #webhookFails = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Goes on with what an earlier process has left, and does not wait for it. The store must be open. Never rejects. */
  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#prune();
    this.#look();
    const { store, log } = this.#deps;
    // A store that fails is named by the look.
    const counts = await store.countFeedback().catch(() => undefined);
    log.info(counts ?? {}, 'feedback is on');
  }

  /**
   * Takes a card over, together with the report that it links to; resolves when both are stored. Rejects with
   * `store_unavailable`, or with `too_many_requests` when too many wait; then nothing is stored.
   */
  async add(card: Card, report: BugReport | null = null): Promise<void> {
    const { store, clock, newId } = this.#deps;
    const message = { id: newId(), createdAt: clock.now(), cardJson: JSON.stringify(card) };
    if (!(await store.addFeedback(message, report, MAX_WAITING))) throw new AppError('too_many_requests');
    this.#look();
  }

  /** Ends a post that is under way. What is not known to have arrived stays for the next process. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#deps.clock.clearTimeout(this.#lookTimer);
    this.#deps.clock.clearTimeout(this.#pruneTimer);
    await this.#deps.webhook.close();
    await this.#looking;
  }

  /** Looks for something to post: at once, unless it is too early. */
  #look(): void {
    if (this.#state !== 'started') return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    const { clock } = this.#deps;
    clock.clearTimeout(this.#lookTimer);
    const waitMs = this.#notBefore - clock.now();
    // A longer wait was never meant: the clock has been set back.
    if (waitMs > 0 && waitMs <= MAX_WAIT_MS) this.#lookTimer = clock.setTimeout(() => this.#look(), waitMs);
    else this.#looking = this.#lookNow();
  }

  async #lookNow(): Promise<void> {
    this.#lookAgain = false;
    const nextAt = await this.#turn();
    this.#looking = undefined;
    this.#lookAt(this.#lookAgain ? this.#deps.clock.now() : nextAt);
  }

  #lookAt(at: number | null): void {
    if (at === null || this.#state !== 'started') return;
    const { clock } = this.#deps;
    const waitMs = at - clock.now();
    if (waitMs > 0) this.#lookTimer = clock.setTimeout(() => this.#look(), Math.min(waitMs, MAX_WAIT_MS));
    else this.#look();
  }

  /** One post, or none. When to look again; `null`: when something is added. */
  async #turn(): Promise<number | null> {
    const { clock, log } = this.#deps;
    try {
      const nextAt = await this.#postNext();
      if (this.#storeFails) log.info('feedback outbox works again');
      this.#storeFails = false;
      return nextAt;
    } catch (error) {
      if (!this.#storeFails) log.error({ err: error }, 'feedback outbox cannot be used, trying again');
      this.#storeFails = true;
      return clock.now() + STORE_RETRY_MS;
    }
  }

  async #postNext(): Promise<number | null> {
    const { store, webhook, clock, newId } = this.#deps;
    // First: after the lease the batch would be posted again.
    await this.#settle();
    const claimId = newId();
    const batch = await store.claimFeedback({
      now: clock.now(),
      claimId,
      leaseMs: LEASE_MS,
      minIntervalMs: MIN_INTERVAL_MS,
      maxMessages: MAX_BATCH_CARDS,
      maxBytes: MAX_BODY_BYTES - BODY_OVERHEAD_BYTES,
    });
    if ('nextAt' in batch) return batch.nextAt;
    const outcome = await webhook.post(batch.id, bodyOf(batch.messages));
    // From its end on: the receiver may have got it only then.
    this.#notBefore = clock.now() + MIN_INTERVAL_MS;
    this.#unsettled = this.#consequence(claimId, batch, outcome);
    await this.#settle();
    return clock.now();
  }

  async #settle(): Promise<void> {
    await this.#unsettled?.();
    this.#unsettled = undefined;
  }

  /** What the outcome of a post means for its batch. */
  #consequence(
    claimId: string,
    { attempts, messages }: FeedbackBatch,
    outcome: PostOutcome,
  ): () => Promise<void> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    this.#noteHealth(outcome);
    switch (outcome.type) {
      case 'arrived':
        return () => store.deliveredFeedback(claimId);
      case 'refused':
        if (messages.length > 1) return () => store.retryFeedback(claimId, now, true);
        return () => this.#bury(claimId, `http_${outcome.status}`);
      case 'later': {
        // Nobody knows what came of a post that the stop has ended.
        if (this.#state === 'stopped') return () => store.retryFeedback(claimId, now, false);
        if (messages.every(({ createdAt }) => now - createdAt >= GIVE_UP_AFTER_MS)) {
          return () => this.#bury(claimId, 'gave_up');
        }
        const at = now + Math.max(this.#backoffMs(attempts), outcome.retryAfterMs);
        if (outcome.overloaded) this.#notBefore = Math.max(this.#notBefore, at);
        return () => store.retryFeedback(claimId, at, false);
      }
    }
  }

  async #bury(claimId: string, reason: string): Promise<void> {
    const { store, clock, log } = this.#deps;
    await store.buryFeedback(claimId, clock.now(), reason);
    log.error({ table: 'FeedbackDeadLetters', reason }, 'feedback could not be delivered and was given up');
  }

  /** Truncated and exponential, at least half of it, so that several servers do not come back together. */
  #backoffMs(attempts: number): number {
    const longest = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts);
    return longest * (0.5 + 0.5 * this.#deps.random());
  }

  /** Says once that the webhook fails, and once that it works again. */
  #noteHealth(outcome: PostOutcome): void {
    if (this.#state === 'stopped') return;
    const { log } = this.#deps;
    if (outcome.type === 'later' && !this.#webhookFails) {
      this.#webhookFails = true;
      log.warn({ reason: outcome.reason }, 'feedback cannot be delivered at the moment, trying again');
    } else if (outcome.type === 'arrived' && this.#webhookFails) {
      this.#webhookFails = false;
      log.info('feedback can be delivered again');
    }
  }

  /** Forgets what is old, at once and then every day. */
  #prune(): void {
    const { store, clock, log } = this.#deps;
    this.#pruneTimer = clock.setTimeout(() => this.#prune(), DAY_MS);
    store.pruneFeedback(clock.now() - KEEP_MS).catch((error: unknown) => {
      log.warn({ err: error }, 'old feedback could not be deleted, trying again tomorrow');
    });
  }
}

/** The cards of a batch as one message; every time the same, byte for byte. */
function bodyOf(messages: readonly FeedbackMessage[]): string {
  const cards = messages.map(({ cardJson }, index) => {
    if (messages.length === 1) return cardJson;
    // Ids must differ within a message.
    const card = JSON.parse(cardJson) as Card;
    return JSON.stringify({ ...card, cardId: `${card.cardId}-${index + 1}` });
  });
  return `{"cardsV2":[${cards.join()}]}`;
}
