import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { importD1 } from '../../src/store/import-d1.ts';

/** A dump as `wrangler d1 export` writes it, made up. */
const DUMP = `PRAGMA defer_foreign_keys=TRUE;
CREATE TABLE d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO "d1_migrations" VALUES(1,'0000_first.sql','2025-01-01 00:00:00');
CREATE TABLE \`AnalyticsRefreshes\` (
  \`id\` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  \`created\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`modified\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`deleted\` text,
  \`version\` text NOT NULL
);
INSERT INTO "AnalyticsRefreshes" VALUES(1,'2025-02-01 10:00:00','2025-02-01 10:00:00',NULL,'dev');
CREATE TABLE \`AnalyticsSimpleCallFeedback\` (
  \`id\` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  \`created\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`modified\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`deleted\` text,
  \`version\` text NOT NULL,
  \`experiencedIssues\` integer NOT NULL
, \`meetingId\` text REFERENCES Meetings(id));
INSERT INTO "AnalyticsSimpleCallFeedback" VALUES(7,'2025-02-01 11:00:00','2025-02-01 11:00:00',NULL,'dev',1,'m-1');
INSERT INTO "AnalyticsSimpleCallFeedback" VALUES(8,'2025-02-01 12:00:00','2025-02-01 12:00:00',NULL,'it''s; odd',0,NULL);
CREATE TABLE \`Meetings\` (
  \`id\` text PRIMARY KEY NOT NULL,
  \`created\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`modified\` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  \`deleted\` text,
  \`userCount\` integer NOT NULL,
  \`ended\` text
);
INSERT INTO "Meetings" VALUES('m-1','2025-02-01 09:00:00','2025-02-01 09:00:00',NULL,4,'2025-02-01 10:30:00');
INSERT INTO "Meetings" VALUES('m-2','2025-02-02 09:00:00','2025-02-02 09:00:00',NULL,1,NULL);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" VALUES('AnalyticsSimpleCallFeedback',8);
`;

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-import-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

const rows = (dataDir: string, sql: string): unknown[] => {
  const db = new DatabaseSync(join(dataDir, 'satsuma.db'), { readOnly: true });
  const result = db.prepare(sql).all();
  db.close();
  return result.map((row) => Object.values(row));
};

test('[S11] a dump of the original brings its rows, and those that are there stay as they are', () => {
  const dataDir = folder();
  const counts = (imported: number[], alreadyThere: number[]) => ({
    Meetings: { imported: imported[0], alreadyThere: alreadyThere[0] },
    AnalyticsRefreshes: { imported: imported[1], alreadyThere: alreadyThere[1] },
    AnalyticsSimpleCallFeedback: { imported: imported[2], alreadyThere: alreadyThere[2] },
  });
  expect(importD1(DUMP, dataDir)).toEqual(counts([2, 1, 2], [0, 0, 0]));
  const all = () => [
    rows(dataDir, 'SELECT * FROM Meetings ORDER BY id'),
    rows(dataDir, 'SELECT * FROM AnalyticsSimpleCallFeedback ORDER BY id'),
  ];
  const expected = [
    [
      ['m-1', '2025-02-01 09:00:00', '2025-02-01 09:00:00', null, 4, '2025-02-01 10:30:00'],
      ['m-2', '2025-02-02 09:00:00', '2025-02-02 09:00:00', null, 1, null],
    ],
    [
      [7, '2025-02-01 11:00:00', '2025-02-01 11:00:00', null, 'dev', 1, 'm-1'],
      [8, '2025-02-01 12:00:00', '2025-02-01 12:00:00', null, "it's; odd", 0, null],
    ],
  ];
  expect(all()).toEqual(expected);
  expect(importD1(DUMP, dataDir)).toEqual(counts([0, 0, 0], [2, 1, 2]));
  expect(all()).toEqual(expected);
});

test('[S11] a query made for the original gives the same here', () => {
  const dataDir = folder();
  importD1(DUMP, dataDir);
  const query = `SELECT m.id, m.userCount, count(f.id) FROM Meetings m
    LEFT JOIN AnalyticsSimpleCallFeedback f ON f.meetingId = m.id AND f.experiencedIssues = 1 GROUP BY m.id`;
  expect(rows(dataDir, query)).toEqual([
    ['m-1', 4, 1],
    ['m-2', 1, 0],
  ]);
});

test.each([
  ['that is no SQL', 'this is no dump', 'syntax error'],
  [
    'that refers to nothing',
    DUMP.replaceAll("'m-1'", "'m-0'").replace("VALUES('m-0'", "VALUES('m-1'"),
    'FOREIGN KEY',
  ],
])('[S11] a dump %s imports nothing', (_, dump, message) => {
  const dataDir = folder();
  expect(() => importD1(DUMP.replace(DUMP, dump), dataDir)).toThrow(message);
  importD1('', dataDir);
  expect(rows(dataDir, 'SELECT * FROM Meetings')).toEqual([]);
});
