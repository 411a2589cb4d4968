import type { Batch, RoomChange, Store, StoredAiCall, StoredParticipant, StoredRoom } from './store.ts';

type LiveRoom = { meetingId: string; revision: number; participants: Map<string, StoredParticipant> };

/** A store for as long as the process lives: tests, and rooms that need not survive. Meetings that ended are nobody's. */
export class MemoryStore implements Store {
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #calls = new Map<string, StoredAiCall>();

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

  save({ rooms }: Batch): Promise<void> {
    for (const room of rooms) this.#saveRoom(room);
    return Promise.resolve();
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
    this.#calls.set(call.callId, call);
    return Promise.resolve();
  }

  forgetAiCall(callId: string): Promise<void> {
    this.#calls.delete(callId);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
