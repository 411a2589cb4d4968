import type { SqliteDatabase } from './sqlite-database.ts';
import {
  MAX_BUG_REPORTS,
  MAX_DEAD_LETTERS,
  type BugReport,
  type FeedbackBatch,
  type FeedbackClaim,
  type FeedbackMessage,
} from './store.ts';

/** The tables of the outbox, of bug reports and of what users say of their calls. */
export class SqliteFeedback {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  add({ id, createdAt, cardJson }: FeedbackMessage, report: BugReport | null, limit: number): boolean {
    return this.#database.transaction(() => {
      if (this.#countOf('FeedbackOutbox') >= limit) return false;
      this.#database
        .prepare('INSERT INTO FeedbackOutbox (id, createdAt, card) VALUES (?, ?, ?)')
        .run(id, Math.floor(createdAt), cardJson);
      if (report !== null) this.#addReport(report);
      return true;
    });
  }

  claim(claim: FeedbackClaim): FeedbackBatch | { readonly nextAt: number | null } {
    return this.#database.transaction(() => {
      const nextAt = this.#nextAt(claim);
      if (nextAt === null || nextAt > claim.now) return { nextAt };
      const batchId = this.#dueBatch(claim.now) ?? this.#newBatch(claim);
      this.#database
        .prepare(
          'UPDATE FeedbackOutbox SET claimId = ?, attempts = attempts + 1, dueAt = ? WHERE batchId = ?',
        )
        .run(claim.claimId, Math.floor(claim.now + claim.leaseMs), batchId);
      this.#database.prepare('INSERT OR REPLACE INTO FeedbackPace VALUES (1, ?)').run(Math.floor(claim.now));
      return this.#readBatch(batchId);
    });
  }

  delivered(claimId: string): void {
    this.#database.prepare('DELETE FROM FeedbackOutbox WHERE claimId = ?').run(claimId);
  }

  retry(claimId: string, at: number, split: boolean): void {
    // A message alone is a request of its own, with another id than the one that was refused.
    const sql = split
      ? 'UPDATE FeedbackOutbox SET batchId = id, attempts = 0, claimId = NULL, dueAt = ? WHERE claimId = ?'
      : 'UPDATE FeedbackOutbox SET claimId = NULL, dueAt = ? WHERE claimId = ?';
    this.#database.prepare(sql).run(Math.floor(at), claimId);
  }

  bury(claimId: string, at: number, reason: string): void {
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO FeedbackDeadLetters (id, createdAt, diedAt, reason, card)
           SELECT id, createdAt, ?, ?, card FROM FeedbackOutbox WHERE claimId = ? ORDER BY seq`,
        )
        .run(Math.floor(at), reason, claimId);
      this.#database.prepare('DELETE FROM FeedbackOutbox WHERE claimId = ?').run(claimId);
      this.#keepNewest('FeedbackDeadLetters', MAX_DEAD_LETTERS);
    });
  }

  count(): { readonly waiting: number; readonly dead: number } {
    return { waiting: this.#countOf('FeedbackOutbox'), dead: this.#countOf('FeedbackDeadLetters') };
  }

  readReport(id: string): BugReport | undefined {
    const row = this.#database.prepare('SELECT * FROM BugReports WHERE id = ?').get(id);
    if (row === undefined) return undefined;
    return {
      id: String(row['id']),
      owner: String(row['owner']),
      createdAt: Number(row['createdAt']),
      historyJson: String(row['history']),
    };
  }

  prune(before: number): void {
    this.#database.transaction(() => {
      this.#database.prepare('DELETE FROM BugReports WHERE createdAt < ?').run(before);
      this.#database.prepare('DELETE FROM FeedbackDeadLetters WHERE diedAt < ?').run(before);
    });
  }

  saveCallFeedback(meetingId: string, experiencedIssues: boolean, version: string): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO AnalyticsSimpleCallFeedback (version, experiencedIssues, meetingId)
         SELECT ?, ?, id FROM Meetings WHERE id = ?`,
      )
      .run(version, experiencedIssues ? 1 : 0, meetingId);
    return Number(changes) > 0;
  }

  saveRefresh(version: string): void {
    this.#database.prepare('INSERT INTO AnalyticsRefreshes (version) VALUES (?)').run(version);
  }

  #countOf(table: 'FeedbackOutbox' | 'FeedbackDeadLetters'): number {
    return Number(this.#database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  }

  #addReport({ id, owner, createdAt, historyJson }: BugReport): void {
    this.#database
      .prepare('INSERT INTO BugReports (id, owner, createdAt, history) VALUES (?, ?, ?, ?)')
      .run(id, owner, Math.floor(createdAt), historyJson);
    this.#keepNewest('BugReports', MAX_BUG_REPORTS);
  }

  #keepNewest(table: 'BugReports' | 'FeedbackDeadLetters', count: number): void {
    this.#database
      .prepare(`DELETE FROM ${table} WHERE seq <= (SELECT max(seq) FROM ${table}) - ?`)
      .run(count);
  }

  /** When there is something to claim; `null` when nothing is in the outbox. */
  #nextAt({ now, minIntervalMs }: FeedbackClaim): number | null {
    const dueAt = this.#database.prepare('SELECT min(dueAt) AS dueAt FROM FeedbackOutbox').get()?.['dueAt'];
    if (typeof dueAt !== 'number') return null;
    const claimedAt = Number(
      this.#database.prepare('SELECT claimedAt FROM FeedbackPace').get()?.['claimedAt'] ?? -Infinity,
    );
    // A claim in the future was made before the clock was set back.
    return claimedAt > now ? dueAt : Math.max(dueAt, claimedAt + minIntervalMs);
  }

  /** The batch of the oldest message that is due; nothing when that message has none yet. */
  #dueBatch(now: number): string | undefined {
    const sql = 'SELECT batchId FROM FeedbackOutbox WHERE dueAt <= ? ORDER BY seq LIMIT 1';
    const batchId = this.#database.prepare(sql).get(now)?.['batchId'];
    return typeof batchId === 'string' ? batchId : undefined;
  }

  /** Puts the oldest messages without a batch into one. */
  #newBatch({ claimId, maxMessages, maxBytes }: FeedbackClaim): string {
    const rows = this.#database
      .prepare(
        'SELECT seq, octet_length(card) AS bytes FROM FeedbackOutbox WHERE batchId IS NULL ORDER BY seq LIMIT ?',
      )
      .all(maxMessages);
    const joiner = this.#database.prepare('UPDATE FeedbackOutbox SET batchId = ? WHERE seq = ?');
    let left = maxBytes;
    for (const [index, row] of rows.entries()) {
      left -= Number(row['bytes']);
      if (left < 0 && index > 0) break;
      joiner.run(claimId, Number(row['seq']));
    }
    return claimId;
  }

  #readBatch(batchId: string): FeedbackBatch {
    const rows = this.#database
      .prepare('SELECT * FROM FeedbackOutbox WHERE batchId = ? ORDER BY seq')
      .all(batchId);
    return {
      id: batchId,
      attempts: Number(rows[0]?.['attempts']) - 1,
      messages: rows.map((row) => ({
        id: String(row['id']),
        createdAt: Number(row['createdAt']),
        cardJson: String(row['card']),
      })),
    };
  }
}
