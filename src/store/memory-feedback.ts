import {
  MAX_BUG_REPORTS,
  MAX_DEAD_LETTERS,
  type BugReport,
  type FeedbackBatch,
  type FeedbackClaim,
  type FeedbackMessage,
} from './store.ts';

type Waiting = {
  readonly message: FeedbackMessage;
  batchId: string | undefined;
  claimId: string | undefined;
  attempts: number;
  dueAt: number;
};

type DeadLetter = { readonly message: FeedbackMessage; readonly diedAt: number; readonly reason: string };

/** The outbox and the bug reports of a store that lives as long as the process. */
export class MemoryFeedback {
  /** In the order of arrival. */
  #waiting: Waiting[] = [];
  #dead: DeadLetter[] = [];
  #claimedAt = -Infinity;
  readonly #reports = new Map<string, BugReport>();

  add(message: FeedbackMessage, report: BugReport | null, limit: number): boolean {
    if (this.#waiting.length >= limit) return false;
    this.#waiting.push({ message, batchId: undefined, claimId: undefined, attempts: 0, dueAt: 0 });
    if (report === null) return true;
    this.#reports.set(report.id, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > MAX_BUG_REPORTS && oldest !== undefined) this.#reports.delete(oldest);
    return true;
  }

  claim(claim: FeedbackClaim): FeedbackBatch | { readonly nextAt: number | null } {
    const { now, claimId, leaseMs } = claim;
    const nextAt = this.#nextAt(claim);
    if (nextAt === null || nextAt > now) return { nextAt };
    const batchId = this.#waiting.find(({ dueAt }) => dueAt <= now)?.batchId ?? this.#newBatch(claim);
    const batch = this.#waiting.filter((each) => each.batchId === batchId);
    for (const each of batch) {
      each.claimId = claimId;
      each.attempts += 1;
      each.dueAt = now + leaseMs;
    }
    this.#claimedAt = now;
    return {
      id: batchId,
      attempts: (batch[0]?.attempts ?? 1) - 1,
      messages: batch.map(({ message }) => message),
    };
  }

  delivered(claimId: string): void {
    this.#waiting = this.#waiting.filter((each) => each.claimId !== claimId);
  }

  retry(claimId: string, at: number, split: boolean): void {
    for (const each of this.#claimed(claimId)) {
      each.claimId = undefined;
      each.dueAt = at;
      if (split) {
        each.batchId = each.message.id;
        each.attempts = 0;
      }
    }
  }

  bury(claimId: string, at: number, reason: string): void {
    const letters = this.#claimed(claimId).map(({ message }) => ({ message, diedAt: at, reason }));
    this.#dead = [...this.#dead, ...letters].slice(-MAX_DEAD_LETTERS);
    this.delivered(claimId);
  }

  count(): { readonly waiting: number; readonly dead: number } {
    return { waiting: this.#waiting.length, dead: this.#dead.length };
  }

  readReport(id: string): BugReport | undefined {
    return this.#reports.get(id);
  }

  prune(before: number): void {
    this.#dead = this.#dead.filter(({ diedAt }) => diedAt >= before);
    for (const { id, createdAt } of this.#reports.values()) {
      if (createdAt < before) this.#reports.delete(id);
    }
  }

  #claimed(claimId: string): Waiting[] {
    return this.#waiting.filter((each) => each.claimId === claimId);
  }

  #nextAt({ now, minIntervalMs }: FeedbackClaim): number | null {
    if (this.#waiting.length === 0) return null;
    const dueAt = Math.min(...this.#waiting.map((each) => each.dueAt));
    // A claim in the future was made before the clock was set back.
    return this.#claimedAt > now ? dueAt : Math.max(dueAt, this.#claimedAt + minIntervalMs);
  }

  #newBatch({ claimId, maxMessages, maxBytes }: FeedbackClaim): string {
    const oldest = this.#waiting.filter(({ batchId }) => batchId === undefined).slice(0, maxMessages);
    let left = maxBytes;
    for (const [index, each] of oldest.entries()) {
      left -= Buffer.byteLength(each.message.cardJson);
      if (left < 0 && index > 0) break;
      each.batchId = claimId;
    }
    return claimId;
  }
}
