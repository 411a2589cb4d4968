import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newUser, rosterOf } from '../../machines/room.context.ts';
import { createLog } from '../../src/log.ts';
import type { User } from '../../src/protocol/messages.ts';
import { RoomJournal, type RoomRecord } from '../../src/rooms/room-journal.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';
import { journaled, stored } from '../support/journaled-rooms.ts';
import { update } from '../support/room-of.ts';

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
        meetings: [{ id: 'meeting-1', startedAt: now, at: now + 40, peakUserCount: 2, ended: false }],
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
    const startedAt = rooms.clock.now();
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
      meetings: [
        { id: 'meeting-1', startedAt, at: expect.any(Number) as number, peakUserCount: 3, ended: true },
      ],
      rooms: [{ name: 'room', meetingId: null, revision: 0, put: [], remove: [] }],
    });
    expect(await store.readLiveRooms()).toEqual([]);
  });

  test('[S7] who begins or ends to speak is not written, but with what else has changed', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    const b = rooms.join('b');
    rooms.say(b, update());
    await pass(50);
    store.take();
    const now = rooms.clock.now();
    rooms.say(a, update());
    rooms.say(b, update({ speaking: true }));
    await pass(50);
    const written = store.take().flatMap((batch) => batch.rooms.map(({ put }) => put));
    expect(written).toEqual([[stored('a', now, update().user)]]);
    rooms.say(b, update({ speaking: false }));
    rooms.say(a, update({ speaking: true }));
    await pass(50);
    expect(store.take()).toEqual([]);
    rooms.say(b, update({ speaking: true, raisedHand: true }));
    await pass(50);
    const later = store.take().flatMap((batch) => batch.rooms.map(({ put }) => put));
    expect(later).toEqual([[stored('b', now + 100, update({ speaking: true, raisedHand: true }).user)]]);
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

test('[S2] [S7] whatever rosters follow one another, the store holds the last', async () => {
  const id = fc.constantFrom('a', 'b', 'c', 'B', '10', '9', 'é');
  const roster = fc.uniqueArray(fc.record({ id, raisedHand: fc.boolean() }), { selector: (user) => user.id });
  await fc.assert(
    fc.asyncProperty(fc.array(roster, { minLength: 1, maxLength: 6 }), async (rosters) => {
      const store = new MemoryStore();
      const journal = new RoomJournal(store, new FakeClock(), createLog('silent'));
      let users: ReadonlyMap<string, User> = new Map();
      const record = (): RoomRecord => ({
        meetingId: 'm',
        revision: 0,
        startedAt: 0,
        peakUserCount: users.size,
        users,
        participant: (user) => ({ ...stored(user.id, 0), user }),
      });
      for (const next of rosters) {
        // Who has not changed is the same object, as in the machine.
        users = rosterOf(
          next.map(({ id: name, raisedHand }) => {
            const before = users.get(name);
            return before?.raisedHand === raisedHand ? before : { ...newUser(name, name), raisedHand };
          }),
        );
        journal.changed({ name: 'room', record });
        await journal.flush();
      }
      const [room] = await store.readLiveRooms();
      expect(room?.participants.map(({ user }) => user)).toEqual([...users.values()]);
    }),
  );
});

describe('a store that is slow', () => {
  test('[S7] what changes during a save is saved next, one save after the other, and as soon as it is due', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    store.hold();
    await pass(40);
    expect(store.attempts).toBe(1);
    rooms.say(a, update({ speaking: true }));
    await pass(60);
    const flushes = [rooms.journal.flush(), rooms.journal.flush()];
    await endOfTurn();
    expect(store.attempts).toBe(1);
    store.release();
    await Promise.all(flushes);
    expect(store.take().map(({ rooms: [room] }) => room?.put[0]?.user.speaking)).toEqual([false, true]);
  });

  test('[S7] what is overdue when a save ends does not wait again', async () => {
    const { store, rooms, pass } = journaled();
    const a = rooms.join('a');
    store.hold();
    await pass(40);
    rooms.say(a, update({ speaking: true }));
    await pass(60);
    store.release();
    await endOfTurn();
    await pass(1);
    expect(store.take()).toHaveLength(2);
  });
});

describe('a store that fails', () => {
  test('[S8] it is found to work again also when nothing is left to store', async () => {
    const { store, rooms, pass } = journaled();
    rooms.join('a');
    rooms.join('x');
    await pass(50);
    store.fails = true;
    rooms.say(rooms.join('b'), { type: 'userLeft' });
    rooms.join('y');
    await pass(50);
    expect(rooms.journal.faulty).toBe(true);
    store.fails = false;
    await pass(1_000);
    await pass(1_000);
    expect(rooms.journal.faulty).toBe(false);
  });

  test('[S4] [S8] a meeting of that time is stored with its own start and end', async () => {
    const { store, rooms, pass } = journaled();
    store.fails = true;
    const startedAt = rooms.clock.now();
    const a = rooms.join('a');
    await pass(2_000);
    rooms.say(a, { type: 'userLeft' });
    await pass(15_000);
    const endedAt = rooms.clock.now();
    store.fails = false;
    await pass(2_000);
    const [meeting] = store.take().flatMap(({ meetings }) => meetings);
    expect(meeting).toEqual({ id: 'meeting-1', startedAt, at: endedAt, peakUserCount: 1, ended: true });
  });

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
