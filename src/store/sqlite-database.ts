import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Role } from '../identity/authorize.ts';
import type { User } from '../protocol/messages.ts';
import type { Batch, MeetingChange, RoomChange, StoredAiCall, StoredRoom } from './store.ts';

/** How long to wait for another program that writes at this moment (a backup, the server before this one). */
const BUSY_TIMEOUT_MS = 2_000;

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** A database that this server must not use; the message is for the person who started it. */
export class StoreOpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreOpenError';
  }

  static of(path: string, reason: string, options?: ErrorOptions): StoreOpenError {
    return new StoreOpenError(`The database ${path} ${reason}`, options);
  }
}

/** Numbered files; the number of the last that was applied is the database's `user_version`. */
const migrations = readdirSync(join(import.meta.dirname, 'migrations'))
  .filter((file) => /^\d{4}-.*\.sql$/.test(file))
  .sort()
  .map((file) => readFileSync(join(import.meta.dirname, 'migrations', file), 'utf8'));

const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : 0;

function explain(path: string, error: unknown): StoreOpenError {
  if (error instanceof StoreOpenError) return error;
  const text = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case BUSY:
      return StoreOpenError.of(path, 'is locked by another program', { cause: error });
    case CORRUPT:
    case NOT_A_DATABASE:
      return StoreOpenError.of(path, `is damaged (${text}); it was left as it is`, { cause: error });
    default:
      return StoreOpenError.of(path, `cannot be used: ${text}`, { cause: error });
  }
}

const versionOf = (db: DatabaseSync): number =>
  Number(db.prepare('PRAGMA user_version').get()?.['user_version']);

/** Refuses what it must not touch, on a connection that cannot write. */
function examine(path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const version = versionOf(db);
    if (version > migrations.length) {
      throw StoreOpenError.of(
        path,
        `is of a newer version of this server (${version}, this one knows ${migrations.length}); it was left as it is`,
      );
    }
    const tables = db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table'").get();
    if (version === 0 && Number(tables?.['count']) > 0) {
      throw StoreOpenError.of(path, 'belongs to another program; it was left as it is');
    }
    const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (check !== 'ok') {
      throw StoreOpenError.of(path, `is damaged (${String(check)}); it was left as it is`);
    }
  } finally {
    db.close();
  }
}

function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    for (let version = versionOf(db); version < migrations.length; version += 1) {
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
 * The database itself, synchronous; lives in a worker of its own (sqlite-worker.ts). WAL with `synchronous = NORMAL`:
 * a commit survives the process without waiting for the disk, and a power cut loses the last moments at most.
 */
export class SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens `satsuma.db` in a folder, which is made when there is none. Throws {@link StoreOpenError}. */
  constructor(dataDir: string) {
    const path = join(dataDir, 'satsuma.db');
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      examine(path);
      db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      migrate(db);
    } catch (error) {
      db?.close();
      throw explain(path, error);
    }
    this.#db = db;
  }

  readLiveRooms(): StoredRoom[] {
    const rooms = this.#prepare('SELECT name, meetingId, revision FROM LiveRooms ORDER BY name').all();
    const byName = new Map(
      rooms.map((row) => {
        const participants: StoredRoom['participants'][number][] = [];
        const name = String(row['name']);
        return [
          name,
          { name, meetingId: String(row['meetingId']), revision: Number(row['revision']), participants },
        ];
      }),
    );
    for (const row of this.#prepare('SELECT * FROM LiveParticipants ORDER BY room, id').iterate()) {
      byName.get(String(row['room']))?.participants.push({
        id: String(row['id']),
        owner: String(row['owner']),
        role: String(row['role']) as Role,
        user: JSON.parse(String(row['user'])) as User,
        lastSeenAt: Number(row['lastSeenAt']),
      });
    }
    return [...byName.values()];
  }

  save({ meetings, rooms }: Batch): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const meeting of meetings) this.#saveMeeting(meeting);
      for (const room of rooms) this.#saveRoom(room);
      this.#db.exec('COMMIT');
    } catch (error) {
      // A full disk may have rolled the transaction back already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  listAiCalls(): StoredAiCall[] {
    return this.#prepare('SELECT * FROM OpenAiCalls ORDER BY openedAt, callId')
      .all()
      .map((row) => ({
        callId: String(row['callId']),
        sessionId: String(row['sessionId']),
        trackName: String(row['trackName']),
        meetingId: String(row['meetingId']),
        openedAt: Number(row['openedAt']),
      }));
  }

  noteAiCall({ callId, sessionId, trackName, meetingId, openedAt }: StoredAiCall): void {
    this.#prepare('INSERT OR REPLACE INTO OpenAiCalls VALUES (?, ?, ?, ?, ?)').run(
      callId,
      sessionId,
      trackName,
      meetingId,
      openedAt,
    );
  }

  forgetAiCall(callId: string): void {
    this.#prepare('DELETE FROM OpenAiCalls WHERE callId = ?').run(callId);
  }

  /** Bounds the file's size, in pages of 4 kB; beyond it every write fails as on a full disk. */
  limitPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pages}`);
  }

  close(): void {
    this.#db.close();
  }

  #saveMeeting({ id, at, peakUserCount, ended }: MeetingChange): void {
    this.#prepare(
      `INSERT INTO Meetings (id, created, modified, userCount, ended)
       VALUES (:id, datetime(:at / 1000, 'unixepoch'), datetime(:at / 1000, 'unixepoch'), :peak,
               iif(:ended, datetime(:at / 1000, 'unixepoch'), NULL))
       ON CONFLICT (id) DO UPDATE SET
         modified = excluded.modified,
         userCount = max(userCount, excluded.userCount),
         ended = excluded.ended`,
    ).run({ ':id': id, ':at': Math.floor(at), ':peak': peakUserCount, ':ended': ended ? 1 : 0 });
  }

  #saveRoom({ name, meetingId, revision, put, remove }: RoomChange): void {
    if (meetingId === null) {
      this.#prepare('DELETE FROM LiveRooms WHERE name = ?').run(name);
      return;
    }
    // Not INSERT OR REPLACE: that deletes the row first, and its participants with it.
    this.#prepare(
      `INSERT INTO LiveRooms VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET meetingId = excluded.meetingId, revision = excluded.revision`,
    ).run(name, meetingId, revision);
    const remover = this.#prepare('DELETE FROM LiveParticipants WHERE room = ? AND id = ?');
    for (const id of remove) remover.run(name, id);
    const putter = this.#prepare('INSERT OR REPLACE INTO LiveParticipants VALUES (?, ?, ?, ?, ?, ?)');
    for (const { id, owner, role, user, lastSeenAt } of put) {
      putter.run(name, id, owner, role, JSON.stringify(user), Math.floor(lastSeenAt));
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
