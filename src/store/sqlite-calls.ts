import type { SqliteDatabase } from './sqlite-database.ts';
import type { StoredAiCall, StoredSfuSession } from './store.ts';

/** The tables of what is open at the SFU and at the AI, and must be closed by whoever opened it. */
export class SqliteCalls {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  listAiCalls(): StoredAiCall[] {
    return this.#database
      .prepare('SELECT * FROM OpenAiCalls ORDER BY openedAt, sessionId')
      .all()
      .map((row) => ({
        callId: String(row['callId']),
        sessionId: String(row['sessionId']),
        mid: String(row['mid']),
        trackName: String(row['trackName']),
        meetingId: String(row['meetingId']),
        openedAt: Number(row['openedAt']),
      }));
  }

  noteAiCall({ callId, sessionId, trackName, meetingId, openedAt, mid }: StoredAiCall): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO OpenAiCalls VALUES (?, ?, ?, ?, ?, ?)')
      .run(sessionId, mid, callId, trackName, meetingId, Math.floor(openedAt));
  }

  forgetAiCall(sessionId: string): void {
    this.#database.prepare('DELETE FROM OpenAiCalls WHERE sessionId = ?').run(sessionId);
  }

  listSfuSessions(): StoredSfuSession[] {
    return this.#database
      .prepare('SELECT * FROM SfuSessions ORDER BY openedAt, sessionId')
      .all()
      .map((row) => ({
        sessionId: String(row['sessionId']),
        owner: String(row['owner']),
        openedAt: Number(row['openedAt']),
        tracks: JSON.parse(String(row['tracks'])) as StoredSfuSession['tracks'],
      }));
  }

  putSfuSession({ sessionId, owner, openedAt, tracks }: StoredSfuSession): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO SfuSessions VALUES (?, ?, ?, ?)')
      .run(sessionId, owner, Math.floor(openedAt), JSON.stringify(tracks));
  }

  forgetSfuSession(sessionId: string): void {
    this.#database.prepare('DELETE FROM SfuSessions WHERE sessionId = ?').run(sessionId);
  }
}
