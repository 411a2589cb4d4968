import type { Role } from '../identity/authorize.ts';
import type { User } from '../protocol/messages.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { Batch, MeetingChange, RoomChange, StoredRoom } from './store.ts';

/** The tables of meetings and of the rooms that are alive. */
export class SqliteRooms {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  readLiveRooms(): StoredRoom[] {
    const rooms = this.#database
      .prepare('SELECT name, meetingId, revision FROM LiveRooms ORDER BY name')
      .all();
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
    for (const row of this.#database.prepare('SELECT * FROM LiveParticipants ORDER BY room, id').iterate()) {
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
    this.#database.transaction(() => {
      for (const meeting of meetings) this.#saveMeeting(meeting);
      for (const room of rooms) this.#saveRoom(room);
    });
  }

  #saveMeeting({ id, startedAt, at, peakUserCount, ended }: MeetingChange): void {
    this.#database
      .prepare(
        `INSERT INTO Meetings (id, created, modified, userCount, ended)
       VALUES (:id, datetime(:startedAt / 1000, 'unixepoch'), datetime(:at / 1000, 'unixepoch'), :peak,
               iif(:ended, datetime(:at / 1000, 'unixepoch'), NULL))
       ON CONFLICT (id) DO UPDATE SET
         modified = excluded.modified,
         userCount = max(userCount, excluded.userCount),
         ended = excluded.ended`,
      )
      .run({
        ':id': id,
        ':startedAt': Math.floor(startedAt),
        ':at': Math.floor(at),
        ':peak': peakUserCount,
        ':ended': ended ? 1 : 0,
      });
  }

  #saveRoom({ name, meetingId, revision, put, remove }: RoomChange): void {
    if (meetingId === null) {
      this.#database.prepare('DELETE FROM LiveRooms WHERE name = ?').run(name);
      return;
    }
    // Not INSERT OR REPLACE: that deletes the row first, and its participants with it.
    this.#database
      .prepare(
        `INSERT INTO LiveRooms VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET meetingId = excluded.meetingId, revision = excluded.revision`,
      )
      .run(name, meetingId, revision);
    const remover = this.#database.prepare('DELETE FROM LiveParticipants WHERE room = ? AND id = ?');
    for (const id of remove) remover.run(name, id);
    const putter = this.#database.prepare(
      'INSERT OR REPLACE INTO LiveParticipants VALUES (?, ?, ?, ?, ?, ?)',
    );
    for (const { id, owner, role, user, lastSeenAt } of put) {
      putter.run(name, id, owner, role, JSON.stringify(user), Math.floor(lastSeenAt));
    }
  }
}
