import { MemoryFeedback } from './memory-feedback.ts';
import type {
  Batch,
  BugReport,
  FeedbackBatch,
  FeedbackClaim,
  FeedbackMessage,
  RoomChange,
  Store,
  StoredAiCall,
  StoredParticipant,
  StoredRoom,
  StoredSfuSession,
} from './store.ts';

type LiveRoom = { meetingId: string; revision: number; participants: Map<string, StoredParticipant> };

/** Of so many meetings it is known that there were such: those that began last. */
const MAX_MEETINGS = 10_000;

/** A store for as long as the process lives: tests, and rooms that need not survive. What nobody reads is not kept. */
export class MemoryStore implements Store {
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #meetings = new Set<string>();
  readonly #calls = new Map<string, StoredAiCall>();
  readonly #sessions = new Map<string, StoredSfuSession>();
  readonly #feedback = new MemoryFeedback();

  open(): Promise<void> {
    return Promise.resolve();
  }

  readLiveRooms(): Promise<readonly StoredRoom[]> {
    const rooms = [...this.#rooms].map(([name, { meetingId, revision, participants }]) => ({
      name,
      meetingId,
      revision,
      participants: [...participants.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    }));
    return Promise.resolve(rooms.sort((a, b) => (a.name < b.name ? -1 : 1)));
  }

  save({ meetings, rooms }: Batch): Promise<void> {
    for (const { id } of meetings) this.#noteMeeting(id);
    for (const room of rooms) this.#saveRoom(room);
    return Promise.resolve();
  }

  #noteMeeting(id: string): void {
    this.#meetings.add(id);
    const [oldest] = this.#meetings;
    if (this.#meetings.size > MAX_MEETINGS && oldest !== undefined) this.#meetings.delete(oldest);
  }

  #saveRoom({ name, meetingId, revision, put, remove }: RoomChange): void {
    if (meetingId === null) {
      this.#rooms.delete(name);
      return;
    }
    const participants = this.#rooms.get(name)?.participants ?? new Map<string, StoredParticipant>();
    for (const id of remove) participants.delete(id);
    for (const participant of put) participants.set(participant.id, participant);
    this.#rooms.set(name, { meetingId, revision, participants });
  }

  listAiCalls(): Promise<readonly StoredAiCall[]> {
    return Promise.resolve([...this.#calls.values()].sort((a, b) => a.openedAt - b.openedAt));
  }

  noteAiCall(call: StoredAiCall): Promise<void> {
    this.#calls.set(call.sessionId, call);
    return Promise.resolve();
  }

  forgetAiCall(sessionId: string): Promise<void> {
    this.#calls.delete(sessionId);
    return Promise.resolve();
  }

  listSfuSessions(): Promise<readonly StoredSfuSession[]> {
    return Promise.resolve([...this.#sessions.values()].sort((a, b) => a.openedAt - b.openedAt));
  }

  putSfuSession(session: StoredSfuSession): Promise<void> {
    this.#sessions.set(session.sessionId, session);
    return Promise.resolve();
  }

  forgetSfuSession(sessionId: string): Promise<void> {
    this.#sessions.delete(sessionId);
    return Promise.resolve();
  }

  addFeedback(message: FeedbackMessage, report: BugReport | null, limit: number): Promise<boolean> {
    return Promise.resolve(this.#feedback.add(message, report, limit));
  }

  claimFeedback(claim: FeedbackClaim): Promise<FeedbackBatch | { readonly nextAt: number | null }> {
    return Promise.resolve(this.#feedback.claim(claim));
  }

  deliveredFeedback(claimId: string): Promise<void> {
    return Promise.resolve(this.#feedback.delivered(claimId));
  }

  retryFeedback(claimId: string, at: number, split: boolean): Promise<void> {
    return Promise.resolve(this.#feedback.retry(claimId, at, split));
  }

  buryFeedback(claimId: string, at: number, reason: string): Promise<void> {
    return Promise.resolve(this.#feedback.bury(claimId, at, reason));
  }

  countFeedback(): Promise<{ readonly waiting: number; readonly dead: number }> {
    return Promise.resolve(this.#feedback.count());
  }

  readReport(id: string): Promise<BugReport | undefined> {
    return Promise.resolve(this.#feedback.readReport(id));
  }

  pruneFeedback(before: number): Promise<void> {
    return Promise.resolve(this.#feedback.prune(before));
  }

  saveCallFeedback(meetingId: string): Promise<boolean> {
    return Promise.resolve(this.#meetings.has(meetingId));
  }

  saveRefresh(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
