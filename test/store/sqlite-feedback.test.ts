import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SqliteDatabase } from '../../src/store/sqlite-database.ts';
import { tablesOf } from '../../src/store/sqlite-tables.ts';
import { SqliteStore } from '../../src/store/store.sqlite.ts';
import type { BugReport, FeedbackClaim, FeedbackMessage } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const T = 1_700_000_000_000;
const INTERVAL_MS = 1_000;

const message = (id: string): FeedbackMessage => ({ id, createdAt: T, cardJson: `{"cardId":"${id}"}` });
const report = (id: string): BugReport => ({ id, owner: 'sid:a', createdAt: T, historyJson: '[]' });
const claim = (claimId: string, now: number): FeedbackClaim => ({
  now,
  claimId,
  leaseMs: 60_000,
  minIntervalMs: INTERVAL_MS,
  maxMessages: 10,
  maxBytes: 10_000,
});

const openSqlite = async (dataDir: string): Promise<SqliteStore> => {
  const store = new SqliteStore(dataDir);
  await store.open();
  onTestFinished(() => store.close());
  return store;
};
test('[F7] the outbox, its batches and its pace survive the process', async () => {
  const dataDir = temporaryFolder();
  const first = await openSqlite(dataDir);
  await first.addFeedback(message('a'), report('r'), 10);
  await first.claimFeedback(claim('before', T));
  await first.retryFeedback('before', T, false);
  await first.close();
  const second = await openSqlite(dataDir);
  expect(await second.readReport('r')).toEqual(report('r'));
  expect(await second.claimFeedback(claim('after', T + 1))).toEqual({ nextAt: T + INTERVAL_MS });
  expect(await second.claimFeedback(claim('after', T + INTERVAL_MS))).toEqual({
    id: 'before',
    attempts: 1,
    messages: [message('a')],
  });
});

describe('in SQLite', () => {
  const openDatabase = (dataDir: string): SqliteDatabase => {
    const database = new SqliteDatabase(dataDir);
    onTestFinished(() => database.close());
    return database;
  };
  const rows = (dataDir: string, sql: string): unknown[] => {
    const db = new DatabaseSync(join(dataDir, 'satsuma.db'), { readOnly: true });
    const result = db.prepare(sql).all();
    db.close();
    return result.map((row) => ({ ...row }));
  };

  test('[F7] a message whose report cannot be stored is not stored either', () => {
    const dataDir = temporaryFolder();
    const tables = tablesOf(openDatabase(dataDir));
    tables.addFeedback(message('a'), report('r'), 10);
    expect(() => tables.addFeedback(message('b'), report('r'), 10)).toThrow('UNIQUE');
    expect(rows(dataDir, 'SELECT id FROM FeedbackOutbox')).toEqual([{ id: 'a' }]);
  });

  test('[F14] a dead letter has what a person needs', () => {
    const dataDir = temporaryFolder();
    const tables = tablesOf(openDatabase(dataDir));
    tables.addFeedback(message('a'), null, 10);
    tables.claimFeedback(claim('c', T));
    tables.buryFeedback('c', T + 7, 'http_404');
    expect(rows(dataDir, 'SELECT * FROM FeedbackDeadLetters')).toEqual([
      { seq: 1, id: 'a', createdAt: T, diedAt: T + 7, reason: 'http_404', card: '{"cardId":"a"}' },
    ]);
  });

  test("[F6] refreshes and feedback on calls are rows of the original's tables", () => {
    const dataDir = temporaryFolder();
    const tables = tablesOf(openDatabase(dataDir));
    const meeting = { id: 'm', startedAt: T, at: T, peakUserCount: 1, ended: false };
    tables.save({ meetings: [meeting], rooms: [] });
    tables.saveRefresh('1.0.0');
    tables.saveCallFeedback('m', true, '1.0.0');
    tables.saveCallFeedback('m', false, '1.0.1');
    tables.saveCallFeedback('unknown', true, '1.0.1');
    expect(rows(dataDir, 'SELECT id, version, deleted FROM AnalyticsRefreshes')).toEqual([
      { id: 1, version: '1.0.0', deleted: null },
    ]);
    const feedback = 'SELECT id, version, experiencedIssues, meetingId FROM AnalyticsSimpleCallFeedback';
    expect(rows(dataDir, feedback)).toEqual([
      { id: 1, version: '1.0.0', experiencedIssues: 1, meetingId: 'm' },
      { id: 2, version: '1.0.1', experiencedIssues: 0, meetingId: 'm' },
    ]);
  });
});
