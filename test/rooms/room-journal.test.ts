import { describe, expect, test } from 'vitest';
import { newUser } from '../../machines/room.context.ts';
import { AppError } from '../../src/errors.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { Presence } from '../../src/protocol/messages.ts';
import type { Batch, StoredParticipant, StoredRoom } from '../../src/store/store.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { FakeRooms } from '../support/fake-room.ts';
import { update } from '../support/room-of.ts';

/** A store that keeps the batches it got, and fails while it is told to. */
class WatchedStore extends MemoryStore {
  readonly batches: Batch[] = [];
  fails = false;
  attempts = 0;

  override async save(batch: Batch): Promise<void> {
    this.attempts += 1;
    if (this.fails) throw new AppError('store_unavailable');
    this.batches.push(batch);
    await super.save(batch);
  }

  take(): Batch[] {
    return this.batches.splice(0);
  }
}

const stored = (id: string, lastSeenAt: number, presence?: Presence): StoredParticipant => ({
  id,
  owner: id,
  role: 'member',
  user: presence === undefined ? newUser(id, `${id}'s name`) : { id, name: `${id}'s name`, ...presence },
  lastSeenAt,
});

/** Rooms on a watched store; `pass` lets time go by, and the store answer. */
function journaled() {
  const store = new WatchedStore();
  const rooms = new FakeRooms({}, store);
  const pass = async (ms: number): Promise<void> => {
    await endOfTurn();
    rooms.advance(ms);
    await endOfTurn();
  };
  return { store, rooms, pass };
}

describe('writing behind', () => {
  test('[S7] a change is stored within 50 ms, and not at once', async () => {
    const { store, rooms, pass } = journaled();
    const now = rooms.clock.now();
    rooms.join('a');
    rooms.join('b');
    await pass(39);
    expect(store.take()).toEqual([]);
    await pass(11);
    expect(store.take()).toEqual([
      {
        meetings: [{ id: 'meeting-1', at: now + 40, peakUserCount: 2, ended: false }],
        rooms: [
          {
            name: 'room',
            meetingId: 'meeting-1',
            revision: 1,
            put: [stored('a', now), stored('b', now)],
            remove: [],
          },
        ],
      },
    ]);
  });

  test('[S7] only what has changed is written, in one batch', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    const b = rooms.join('b');
    rooms.join('c');
    await pass(50);
    store.take();
    const now = rooms.clock.now();
    rooms.say(a, update({ speaking: true }));
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(b, { type: 'userLeft' });
    await pass(50);
    expect(store.take()).toEqual([
      {
        meetings: [],
        rooms: [
          {
            name: 'room',
            meetingId: 'meeting-1',
            revision: 3,
            put: [stored('a', now, update({ raisedHand: true }).user)],
            remove: ['b'],
          },
        ],
      },
    ]);
    rooms.say(a, { type: 'heartbeat' });
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(a, { type: 'e2eeMlsMessage' });
    await pass(1_000);
    expect(store.take()).toEqual([]);
  });

  test('[S4] the peak is raised and does not fall, the end is stamped', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    const b = rooms.join('b');
    await pass(50);
    rooms.say(b, { type: 'userLeft' });
    await pass(50);
    rooms.join('c');
    rooms.join('d');
    await pass(50);
    expect(store.take().flatMap(({ meetings }) => meetings.map((meeting) => meeting.peakUserCount))).toEqual([
      2, 3,
    ]);
    rooms.say(a, { type: 'userLeft' });
    await pass(15_000);
    await pass(15_000);
    await pass(50);
    const last = store.take().at(-1);
    expect(last).toEqual({
      meetings: [{ id: 'meeting-1', at: expect.any(Number) as number, peakUserCount: 3, ended: true }],
      rooms: [{ name: 'room', meetingId: null, revision: 0, put: [], remove: [] }],
    });
    expect(await store.readLiveRooms()).toEqual([]);
  });

  test('[S7] a meeting that ends and another that starts in one flush are two', async () => {
    const { store, rooms, pass } = journaled();
    rooms.say(rooms.join('a'), { type: 'userLeft' });
    await pass(14_999);
    store.take();
    rooms.clock.advance(1);
    rooms.join('b');
    await pass(50);
    expect(
      (await store.readLiveRooms()).map(({ meetingId, participants }) => [meetingId, participants.length]),
    ).toEqual([['meeting-2', 1]]);
    expect(store.take().flatMap(({ meetings }) => meetings.map(({ id, ended }) => [id, ended]))).toEqual([
      ['meeting-1', true],
      ['meeting-2', false],
    ]);
  });
});

describe('a store that fails', () => {
  test('[S8] rooms go on, and what was missed is stored when it works again', async () => {
    const { store, rooms, pass } = journaled();
    store.fails = true;
    const a = rooms.join('a');
    const b = rooms.join('b');
    await pass(50);
    expect(rooms.journal.faulty).toBe(true);
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(b, { type: 'userLeft' });
    await pass(950);
    store.fails = false;
    await pass(1_050);
    expect(rooms.journal.faulty).toBe(false);
    const [room] = await store.readLiveRooms();
    expect(room?.participants.map(({ user }) => user)).toEqual([rooms.room.snapshot.context.users.get('a')]);
    expect(a.end).toBeUndefined();
  });

  test('[S8] it is asked once a second, not for every change', async () => {
    const { store, rooms, pass } = journaled();
    store.fails = true;
    const a = rooms.join('a');
    await pass(50);
    store.attempts = 0;
    for (let n = 0; n < 40; n += 1) {
      rooms.say(a, update({ speaking: n % 2 === 0 }));
      await pass(50);
    }
    expect(store.attempts).toBeLessThanOrEqual(2);
    expect(store.attempts).toBeGreaterThan(0);
  });

  test('[S8] a meeting that ends while it fails is stamped afterwards, and is not alive again', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    await pass(50);
    store.take();
    store.fails = true;
    rooms.say(a, { type: 'userLeft' });
    await pass(20_000);
    store.fails = false;
    await pass(1_050);
    expect(await store.readLiveRooms()).toEqual([]);
    expect(store.take().flatMap(({ meetings }) => meetings.map(({ id, ended }) => [id, ended]))).toEqual([
      ['meeting-1', true],
    ]);
  });

  test('[S8] a flush resolves all the same', async () => {
    const { store, rooms } = journaled();
    store.fails = true;
    rooms.join('a');
    await rooms.journal.flush();
    expect(rooms.journal.faulty).toBe(true);
    store.fails = false;
    await rooms.journal.flush();
    expect((await store.readLiveRooms()).length).toBe(1);
  });
});

describe('a restart', () => {
  const before: StoredRoom = {
    name: 'room',
    meetingId: 'meeting-0',
    revision: 41,
    participants: [stored('a', 0, update({ raisedHand: true }).user), stored('b', 0)],
  };

  test('[S9] users find their records and their meeting, and nobody hears of it', async () => {
    const { store, rooms, pass } = journaled();
    rooms.registry.restore([before]);
    const a = rooms.join('a');
    await endOfTurn();
    const state = {
      type: 'roomState',
      state: {
        ai: { enabled: false },
        meetingId: 'meeting-0',
        users: before.participants.map(({ user }) => user),
      },
    };
    expect(a.take()).toEqual([state]);
    const b = rooms.join('b');
    await endOfTurn();
    expect([a.take(), b.take()]).toEqual([[], [state]]);
    await pass(50);
    expect(store.take()).toEqual([]);
    rooms.say(b, update());
    await pass(50);
    expect(store.take()[0]?.rooms[0]?.revision).toBe(42);
  });

  test('[S9] [H1] the id of a user who has not come back yet is still its own', () => {
    const { rooms } = journaled();
    rooms.registry.restore([before]);
    const claim = { userId: 'a', name: 'mallory', role: 'member' } as const;
    expect(rooms.registry.refusal('room', { ...claim, owner: 'mallory' })).toBe('id_taken');
    expect(rooms.registry.refusal('room', { ...claim, owner: 'a' })).toBeUndefined();
  });

  test('[S9] who does not come back leaves by the ordinary rule', async () => {
    const { rooms, pass } = journaled();
    rooms.registry.restore([before]);
    const a = rooms.join('a');
    await pass(14_000);
    rooms.say(a, { type: 'heartbeat' });
    a.take();
    await pass(1_000);
    expect(a.take()).toMatchObject([{ type: 'userLeftNotification', id: 'b' }, { type: 'roomState' }]);
    expect(rooms.room.userCount).toBe(1);
  });

  test('[S9] [R14] a room to which nobody comes back ends', async () => {
    const { store, rooms, pass } = journaled();
    await store.save({ meetings: [], rooms: [{ ...before, put: before.participants, remove: [] }] });
    rooms.registry.restore(await store.readLiveRooms());
    await pass(15_000);
    await pass(15_000);
    await pass(50);
    expect(rooms.registry.roomCount).toBe(0);
    expect(await store.readLiveRooms()).toEqual([]);
    expect(store.take().at(-1)?.meetings).toMatchObject([{ id: 'meeting-0', peakUserCount: 2, ended: true }]);
  });
});
