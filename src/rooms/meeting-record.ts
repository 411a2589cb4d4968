import type { RoomSnapshot } from '../../machines/room.machine.ts';
import type { Clock } from '../clock.ts';
import type { StoredRoom } from '../store/store.ts';
import type { Members } from './members.ts';
import type { RoomJournal, RoomRecord } from './room-journal.ts';

/** What is to be remembered of a room's meeting beyond its state, and how a room is written down. */
export class MeetingRecord {
  readonly #name: string;
  readonly #members: Members;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #journal: Pick<RoomJournal, 'meetingEnded'>;
  #startedAt = 0;
  /** The most users that were here at once. */
  #peak = 0;

  constructor(
    name: string,
    members: Members,
    clock: Pick<Clock, 'now'>,
    journal: Pick<RoomJournal, 'meetingEnded'>,
  ) {
    this.#name = name;
    this.#members = members;
    this.#clock = clock;
    this.#journal = journal;
  }

  started(): void {
    this.#peak = 0;
    this.#startedAt = this.#clock.now();
  }

  counted(users: number): void {
    this.#peak = Math.max(this.#peak, users);
  }

  ended(meetingId: string): void {
    const meeting = { name: this.#name, meetingId, startedAt: this.#startedAt, peakUserCount: this.#peak };
    this.#journal.meetingEnded(meeting);
  }

  /** What is to be written down; nothing while there is no meeting. */
  of({ context: { meetingId, users } }: RoomSnapshot, revision: number): RoomRecord | undefined {
    if (meetingId === null) return undefined;
    return {
      meetingId,
      users,
      revision,
      startedAt: this.#startedAt,
      peakUserCount: this.#peak,
      participant: (user) => this.#members.stored(user),
    };
  }

  /** What another host goes on with; a meeting without users ends here. */
  remains(snapshot: RoomSnapshot, revision: number): StoredRoom | undefined {
    const record = this.of(snapshot, revision);
    if (record === undefined) return undefined;
    const { meetingId, users, participant } = record;
    if (users.size === 0) {
      this.ended(meetingId);
      return undefined;
    }
    return { name: this.#name, meetingId, revision, participants: [...users.values()].map(participant) };
  }
}
