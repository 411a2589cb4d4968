import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SqliteDatabase } from '../../src/store/sqlite-database.ts';
import { tablesOf } from '../../src/store/sqlite-tables.ts';
import { SqliteStore } from '../../src/store/store.sqlite.ts';

const openStore = async (dataDir: string): Promise<SqliteStore> => {
  const store = new SqliteStore(dataDir);
  await store.open();
  return store;
};

const T = Date.UTC(2026, 0, 2, 3, 4, 5);

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'satsuma-sqlite-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** A folder with a database file made by `make`. */
function prepared(make: (db: DatabaseSync) => void): string {
  const dataDir = folder();
  const db = new DatabaseSync(join(dataDir, 'satsuma.db'));
  make(db);
  db.close();
  return dataDir;
}

const rows = (dataDir: string, sql: string): unknown[] => {
  const db = new DatabaseSync(join(dataDir, 'satsuma.db'), { readOnly: true });
  const result = db.prepare(sql).all();
  db.close();
  return result.map((row) => ({ ...row }));
};

describe('opening', () => {
  test('[S1] makes the folder and the file, readable by the owner alone, and applies every migration', async () => {
    const dataDir = join(folder(), 'deep', 'data');
    await (await openStore(dataDir)).close();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(rows(dataDir, 'PRAGMA user_version')).toEqual([{ user_version: 6 }]);
    await (await openStore(dataDir)).close();
    expect(rows(dataDir, 'PRAGMA user_version')).toEqual([{ user_version: 6 }]);
  });

  test.each([
    [
      'of a newer version',
      () =>
        prepared((db) =>
          db.exec('CREATE TABLE t (x); PRAGMA user_version = 99; PRAGMA application_id = 1398895731'),
        ),
      'is of a newer version of this server (99, this one knows 6); it was left as it is',
    ],
    [
      'of another program',
      () => prepared((db) => db.exec('CREATE TABLE t (x); PRAGMA user_version = 1')),
      'belongs to another program; it was left as it is',
    ],
    [
      'that is no database',
      () => {
        const dataDir = folder();
        writeFileSync(join(dataDir, 'satsuma.db'), 'not a database '.repeat(1_000));
        return dataDir;
      },
      'is damaged (file is not a database); it was left as it is',
    ],
    [
      'with overwritten pages',
      () => {
        const dataDir = folder();
        const db = new SqliteDatabase(dataDir);
        tablesOf(db).save({ meetings: Array.from({ length: 500 }, (_, n) => meeting(`m${n}`)), rooms: [] });
        db.close();
        const path = join(dataDir, 'satsuma.db');
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4_096 * 2);
        writeFileSync(path, bytes);
        return dataDir;
      },
      'it was left as it is',
    ],
  ])('[S5] refuses a file %s, and leaves it untouched', async (_, make, message) => {
    const dataDir = make();
    const path = join(dataDir, 'satsuma.db');
    const before = readFileSync(path);
    await expect(openStore(dataDir)).rejects.toThrow(message);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('[S5] refuses a file that another program has locked', async () => {
    const dataDir = folder();
    new SqliteDatabase(dataDir).close();
    const other = new DatabaseSync(join(dataDir, 'satsuma.db'));
    other.exec('BEGIN IMMEDIATE');
    await expect(openStore(dataDir)).rejects.toThrow('is locked by another program');
    other.exec('ROLLBACK');
    other.close();
    await (await openStore(dataDir)).close();
  });

  test('[S5] refuses a folder in which another server is at work', async () => {
    const dataDir = folder();
    const first = await openStore(dataDir);
    await expect(openStore(dataDir)).rejects.toThrow(`The folder ${dataDir} is in use by another server`);
    await first.close();
    await (await openStore(dataDir)).close();
  });

  test('[S5] says why a folder cannot be used', async () => {
    const parent = folder();
    writeFileSync(join(parent, 'file'), '');
    await expect(openStore(join(parent, 'file', 'data'))).rejects.toThrow('cannot be used: ENOTDIR');
    mkdirSync(join(parent, 'data', 'satsuma.db'), { recursive: true });
    await expect(openStore(join(parent, 'data'))).rejects.toThrow('cannot be used');
  });

  test('[S5] a migration that fails changes nothing', () => {
    const dataDir = prepared((db) => {
      db.exec(
        readFileSync(
          join(import.meta.dirname, '../../src/store/migrations/0001-original-tables.sql'),
          'utf8',
        ),
      );
      db.exec('CREATE TABLE OpenAiCalls (x); PRAGMA user_version = 1; PRAGMA application_id = 1398895731');
    });
    expect(() => new SqliteDatabase(dataDir)).toThrow('table OpenAiCalls already exists');
    expect(rows(dataDir, 'PRAGMA user_version')).toEqual([{ user_version: 1 }]);
    expect(rows(dataDir, "SELECT name FROM sqlite_schema WHERE name = 'LiveRooms'")).toEqual([]);
  });
});

const meeting = (id: string, more = {}) => ({
  id,
  startedAt: T,
  at: T,
  peakUserCount: 1,
  ended: false,
  ...more,
});

describe('meetings', () => {
  const stored = (dataDir: string): unknown => rows(dataDir, 'SELECT * FROM Meetings')[0];
  const at = (seconds: number): string => `2026-01-02 03:04:0${seconds}`;

  test('[S4] are kept in the columns of the original, with times in its form', () => {
    const dataDir = folder();
    const db = new SqliteDatabase(dataDir);
    onTestFinished(() => db.close());
    tablesOf(db).save({ meetings: [meeting('m')], rooms: [] });
    const row = { id: 'm', created: at(5), modified: at(5), deleted: null, userCount: 1, ended: null };
    expect(stored(dataDir)).toEqual(row);
    tablesOf(db).save({ meetings: [meeting('m', { at: T + 1_000, peakUserCount: 3 })], rooms: [] });
    expect(stored(dataDir)).toEqual({ ...row, modified: at(6), userCount: 3 });
    tablesOf(db).save({
      meetings: [meeting('m', { at: T + 2_000, peakUserCount: 2, ended: true })],
      rooms: [],
    });
    expect(stored(dataDir)).toEqual({ ...row, modified: at(7), userCount: 3, ended: at(7) });
    tablesOf(db).save({ meetings: [meeting('m', { at: T + 3_000 })], rooms: [] });
    expect(stored(dataDir)).toEqual({ ...row, modified: at(8), userCount: 3 });
  });

  test('[S4] feedback refers to a meeting that is there', () => {
    const dataDir = folder();
    const db = new SqliteDatabase(dataDir);
    tablesOf(db).save({ meetings: [meeting('m')], rooms: [] });
    db.close();
    const other = new DatabaseSync(join(dataDir, 'satsuma.db'));
    onTestFinished(() => other.close());
    const insert = 'INSERT INTO AnalyticsSimpleCallFeedback (version, experiencedIssues, meetingId) VALUES';
    other.exec(`${insert} ('dev', 1, 'm')`);
    expect(() => other.exec(`${insert} ('dev', 1, 'unknown')`)).toThrow('FOREIGN KEY');
  });
});

/** A database on a disk of which a test says how much is left. */
class LimitedDatabase extends SqliteDatabase {
  /** In pages of 4 kB. */
  limitPages(pages: number): void {
    this.db.exec(`PRAGMA max_page_count = ${pages}`);
  }
}

describe('faults', () => {
  const live = (n: number) => ({
    meetings: [],
    rooms: [{ name: `room ${n}`, meetingId: 'm'.repeat(2_000), revision: n, put: [], remove: [] }],
  });

  test('[S3] a batch that does not fit on the disk is not stored in part, and the next one that does is', () => {
    const dataDir = folder();
    const db = new LimitedDatabase(dataDir);
    onTestFinished(() => db.close());
    tablesOf(db).save(live(0));
    const big = { meetings: [], rooms: Array.from({ length: 3_000 }, (_, n) => live(n + 1).rooms).flat() };
    db.limitPages(100);
    expect(() => tablesOf(db).save(big)).toThrow('database or disk is full');
    expect(
      tablesOf(db)
        .readLiveRooms()
        .map(({ name }) => name),
    ).toEqual(['room 0']);
    db.limitPages(1_000_000);
    tablesOf(db).save(big);
    expect(tablesOf(db).readLiveRooms()).toHaveLength(3_001);
  });

  test('[S3] a batch while another program writes is refused as such, and goes through afterwards', async () => {
    const dataDir = folder();
    const store = await openStore(dataDir);
    onTestFinished(() => store.close());
    const other = new DatabaseSync(join(dataDir, 'satsuma.db'));
    other.exec('BEGIN IMMEDIATE');
    await expect(store.save(live(1))).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    other.exec('ROLLBACK');
    other.close();
    await store.save(live(1));
    expect(await store.readLiveRooms()).toHaveLength(1);
  });

  test('[S3] a store that was closed says so', async () => {
    const store = await openStore(folder());
    await store.close();
    await store.close();
    await expect(store.save(live(1))).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
