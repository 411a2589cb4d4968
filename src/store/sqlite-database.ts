import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreOpenError } from './store.ts';

/** How long to wait for another program that writes at this moment (a backup, the server before this one). */
const BUSY_TIMEOUT_MS = 2_000;

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Marks the file as this program's: `Sats` in ASCII, https://www.sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x53617473;

const refusal = (path: string, reason: string, cause?: unknown): StoreOpenError =>
  new StoreOpenError(`The database ${path} ${reason}`, { cause });

/** Numbered files; the number of the last that was applied is the database's `user_version`. */
function readMigrations(): readonly string[] {
  const folder = join(import.meta.dirname, 'migrations');
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

/** The file of the database in a data folder. */
export const databasePath = (dataDir: string): string => join(dataDir, 'satsuma.db');

const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : 0;

function explain(path: string, error: unknown): StoreOpenError {
  if (error instanceof StoreOpenError) return error;
  const text = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case BUSY:
      return refusal(path, 'is locked by another program', error);
    case CORRUPT:
    case NOT_A_DATABASE:
      return refusal(path, `is damaged (${text}); it was left as it is`, error);
    default:
      return refusal(path, `cannot be used: ${text}`, error);
  }
}

const pragma = (db: DatabaseSync, name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);

/** Refuses what it must not touch, on a connection that cannot write. */
function examine(path: string, known: number): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (pragma(db, 'application_id') !== APPLICATION_ID) {
      throw refusal(path, 'belongs to another program; it was left as it is');
    }
    const version = pragma(db, 'user_version');
    if (version > known) {
      const versions = `${version}, this one knows ${known}`;
      throw refusal(path, `is of a newer version of this server (${versions}); it was left as it is`);
    }
    const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (check !== 'ok') throw refusal(path, `is damaged (${String(check)}); it was left as it is`);
  } finally {
    db.close();
  }
}

/**
 * Keeps a second server out of the folder: both would take the live rooms for their own. The lock is SQLite's, on a
 * file of its own, so that a killed process leaves none and other programs may read the database meanwhile.
 */
function lockFolder(dataDir: string): DatabaseSync {
  const lock = new DatabaseSync(join(dataDir, 'satsuma.lock'), { timeout: BUSY_TIMEOUT_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (resultCode(error) !== BUSY) throw error;
    throw new StoreOpenError(`The folder ${dataDir} is in use by another server`, { cause: error });
  }
}

function migrate(db: DatabaseSync, migrations: readonly string[]): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    for (let version = pragma(db, 'user_version'); version < migrations.length; version += 1) {
      db.exec(migrations[version] ?? '');
      db.exec(`PRAGMA user_version = ${version + 1}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * A database file that is this program's and nobody else's while it is open. WAL with `synchronous = NORMAL`: a commit
 * survives the process without waiting for the disk, and a power cut loses the last moments at most.
 */
export class SqliteDatabase {
  readonly db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the database of a folder, which is made when there is none. Throws {@link StoreOpenError}. */
  constructor(dataDir: string) {
    const path = databasePath(dataDir);
    const migrations = readMigrations();
    let lock: DatabaseSync | undefined;
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      lock = lockFolder(dataDir);
      examine(path, migrations.length);
      db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      migrate(db, migrations);
    } catch (error) {
      db?.close();
      lock?.close();
      throw explain(path, error);
    }
    this.db = db;
    this.#lock = lock;
  }

  /** The statement of a text, prepared once. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** All that `work` does, or nothing of it when it throws. */
  transaction<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk may have rolled the transaction back already.
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.db.close();
    this.#lock.close();
  }
}
