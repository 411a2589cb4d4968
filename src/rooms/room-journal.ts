import type { Logger } from 'pino';
import type { User } from '../protocol/messages.ts';
import type { Clock } from '../clock.ts';
import { mergePatch } from './merge-patch.ts';
import type { Batch, MeetingChange, RoomChange, Store, StoredParticipant } from '../store/store.ts';

/** How late a change may be stored. */
const FLUSH_DELAY_MS = 40;
/** How long to wait after the store has failed. */
const RETRY_DELAY_MS = 1_000;

/** What a room has to say of itself when it is written down. */
export type RoomRecord = {
  readonly meetingId: string;
  /** How many states it has sent. */
  readonly revision: number;
  readonly startedAt: number;
  /** The most users that were there at once, as far as this host knows. */
  readonly peakUserCount: number;
  readonly users: ReadonlyMap<string, User>;
  /** Everything to store of one of the users. */
  readonly participant: (user: User) => StoredParticipant;
};

/** A meeting that is over. */
export type EndedMeeting = {
  /** The room's name. */
  readonly name: string;
  readonly meetingId: string;
  readonly startedAt: number;
  readonly peakUserCount: number;
};

export interface JournaledRoom {
  readonly name: string;
  /** `undefined` while no meeting is going on. */
  record(): RoomRecord | undefined;
}

/** What one save takes with it, to be given back when it fails. */
type Taken = {
  readonly marked: ReadonlyMap<string, JournaledRoom>;
  readonly over: ReadonlySet<string>;
  readonly ended: ReadonlyMap<string, MeetingChange>;
};

/** What is stored of a room, to tell what has changed since. */
type Saved = { readonly meetingId: string; readonly peak: number; readonly users: ReadonlyMap<string, User> };

/**
 * Writes rooms behind: a change marks its room, and within 50 ms, or when the save before is done, all marked rooms are
 * compared with what is stored and the differences saved in one transaction. Nothing here is on the path of a frame. While the store fails the
 * rooms go on from memory; what was not stored is stored when it works again. [S7, S8]
 */
export class RoomJournal {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #marked = new Map<string, JournaledRoom>();
  readonly #over = new Set<string>();
  readonly #ended = new Map<string, MeetingChange>();
  readonly #saved = new Map<string, Saved>();
  /** When the oldest change that is not being saved was marked. */
  #markedAt: number | undefined = undefined;
  #timer: unknown = undefined;
  #saving: Promise<void> | undefined = undefined;
  #faulty = false;

  constructor(store: Store, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the last attempt to store something failed. */
  get faulty(): boolean {
    return this.#faulty;
  }

  /** Something of the room may be another; it is asked for its record when it is written. */
  changed(room: JournaledRoom): void {
    this.#marked.set(room.name, room);
    this.#schedule();
  }

  /** The room's meeting is over; the room is to be forgotten. */
  meetingEnded({ name, meetingId: id, startedAt, peakUserCount }: EndedMeeting): void {
    this.#marked.delete(name);
    this.#over.add(name);
    this.#ended.set(id, { id, startedAt, at: this.#clock.now(), peakUserCount, ended: true });
    this.#schedule();
  }

  /** Stores everything that was marked before; resolves also when that failed, see `faulty`. */
  flush(): Promise<void> {
    return this.#save();
  }

  /** Takes up what the store holds, so that the first save of a restored room is no more than what has changed. */
  remember(name: string, meetingId: string, users: ReadonlyMap<string, User>): void {
    this.#saved.set(name, { meetingId, peak: users.size, users });
  }

  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sets the timer for what is marked, if it is not set; while something is being saved that is for its end to do. */
  #schedule(): void {
    const now = this.#clock.now();
    this.#markedAt ??= now;
    if (this.#timer !== undefined || this.#saving !== undefined) return;
    const delayMs = this.#faulty ? RETRY_DELAY_MS : Math.max(0, this.#markedAt + FLUSH_DELAY_MS - now);
    this.#timer = this.#clock.setTimeout(() => void this.#save(), delayMs);
  }

  /** One save after the other: a later one must not be overtaken by an earlier one that is repeated. */
  async #save(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
    this.end();
    this.#markedAt = undefined;
    const taken = { marked: new Map(this.#marked), over: new Set(this.#over), ended: new Map(this.#ended) };
    this.#marked.clear();
    this.#over.clear();
    this.#ended.clear();
    const { batch, saved } = this.#collect(taken);
    // A store that failed is asked with an empty batch too: nothing else would find out that it works again.
    if (batch.rooms.length === 0 && batch.meetings.length === 0 && !this.#faulty) {
      // Otherwise who speaks would be compared with what is stored over and over.
      for (const [name, entry] of saved) this.#saved.set(name, entry);
      return;
    }
    this.#saving = this.#attempt(batch, taken, saved);
    await this.#saving;
  }

  async #attempt(batch: Batch, taken: Taken, saved: ReadonlyMap<string, Saved>): Promise<void> {
    try {
      await this.#store.save(batch);
      this.#stored(batch, taken.over, saved);
    } catch (error) {
      this.#failed(error, taken);
    } finally {
      this.#saving = undefined;
      if (this.#faulty || this.#marked.size + this.#over.size + this.#ended.size > 0) this.#schedule();
    }
  }

  #collect({ marked, over, ended }: Taken): { batch: Batch; saved: Map<string, Saved> } {
    const rooms: RoomChange[] = [...over].map(forgotten);
    const meetings: MeetingChange[] = [...ended.values()];
    const saved = new Map<string, Saved>();
    for (const [name, room] of marked) {
      const record = room.record();
      if (record === undefined) continue;
      const before = over.has(name) ? undefined : this.#saved.get(name);
      const change = changeOf(name, before, record);
      if (change !== undefined) rooms.push(change);
      if (before === undefined || record.peakUserCount > before.peak) {
        const { meetingId: id, startedAt, peakUserCount } = record;
        meetings.push({ id, startedAt, at: this.#clock.now(), peakUserCount, ended: false });
      }
      saved.set(name, {
        meetingId: record.meetingId,
        peak: Math.max(before?.peak ?? 0, record.peakUserCount),
        users: record.users,
      });
    }
    return { batch: { rooms, meetings }, saved };
  }

  #stored(batch: Batch, over: ReadonlySet<string>, saved: ReadonlyMap<string, Saved>): void {
    for (const name of over) this.#saved.delete(name);
    for (const [name, entry] of saved) this.#saved.set(name, entry);
    if (this.#faulty) this.#log.info('store works again');
    this.#faulty = false;
    // At a thousand rooms listing them costs as much as comparing them.
    if (!this.#log.isLevelEnabled('debug')) return;
    const revisions = Object.fromEntries(batch.rooms.map(({ name, revision }) => [name, revision]));
    this.#log.debug({ revisions, meetings: batch.meetings.length }, 'rooms stored');
  }

  /** Nothing was stored; what has been marked since stands, the rest is marked again. */
  #failed(error: unknown, { marked, over, ended }: Taken): void {
    if (!this.#faulty) this.#log.error({ err: error }, 'store failed, rooms go on from memory');
    this.#faulty = true;
    for (const name of over) this.#over.add(name);
    for (const [id, meeting] of ended) if (!this.#ended.has(id)) this.#ended.set(id, meeting);
    for (const [name, room] of marked) {
      // A room that ended while it was being stored is not alive again.
      if (!this.#marked.has(name) && room.record() !== undefined) this.#marked.set(name, room);
    }
  }
}

const forgotten = (name: string): RoomChange => ({ name, meetingId: null, revision: 0, put: [], remove: [] });

/**
 * Whether there is anything to store. Not for who begins or ends to speak: half of all changes in a meeting, and after a restart
 * nobody speaks.
 */
const isWorthStoring = (before: User, after: User): boolean =>
  Object.keys(mergePatch(before, after) ?? {}).some((key) => key !== 'speaking');

/** What differs from what is stored, or nothing. Users are immutable records: the same object is the same user. */
function changeOf(name: string, before: Saved | undefined, record: RoomRecord): RoomChange | undefined {
  const { meetingId, revision, users } = record;
  const put: User[] = [];
  const remove: string[] = [];
  if (before === undefined) put.push(...users.values());
  else if (before.users !== users) compare(before.users, users, put, remove);
  if (before !== undefined && put.length === 0 && remove.length === 0) return undefined;
  return { name, meetingId, revision, put: put.map(record.participant), remove };
}

/** Both rosters are in the machine's order of ids, so one walk over both finds every difference without a look-up. */
function compare(
  before: ReadonlyMap<string, User>,
  after: ReadonlyMap<string, User>,
  put: User[],
  remove: string[],
): void {
  const old = before.values();
  let was = old.next().value;
  for (const user of after.values()) {
    while (was !== undefined && was.id < user.id) {
      remove.push(was.id);
      was = old.next().value;
    }
    if (was?.id !== user.id) put.push(user);
    else {
      if (was !== user && isWorthStoring(was, user)) put.push(user);
      was = old.next().value;
    }
  }
  for (; was !== undefined; was = old.next().value) remove.push(was.id);
}
