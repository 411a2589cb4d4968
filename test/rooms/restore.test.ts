import { describe, expect, test } from 'vitest';
import type { StoredRoom } from '../../src/store/store.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { journaled, stored } from '../support/journaled-rooms.ts';
import { update } from '../support/room-of.ts';

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

  test('[S9] nobody speaks who has not come back', async () => {
    const { store, rooms, pass } = journaled();
    const participants = [stored('a', 0, update({ speaking: true }).user), stored('b', 0)];
    rooms.registry.restore([{ ...before, participants }]);
    const b = rooms.join('b');
    await endOfTurn();
    expect(b.take()).toMatchObject([{ state: { users: [{ id: 'a', speaking: false }, { id: 'b' }] } }]);
    await pass(50);
    expect(store.take()).toEqual([]);
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
    expect(rooms.userCount).toBe(1);
  });

  test('[S9] [S7] nothing is written for users who come back, in whatever order the database has their ids', async () => {
    const { store, rooms, pass } = journaled();
    // SQLite sorts by UTF-8, the machine by UTF-16: these two stand the other way round.
    const participants = [stored('\uff5e', 0), stored('\u{1f34a}', 0)];
    rooms.registry.restore([{ ...before, participants }]);
    rooms.join('\uff5e');
    await pass(50);
    expect(store.take()).toEqual([]);
  });

  test('[S9] a room that cannot be restored is over', async () => {
    const { store, rooms, pass } = journaled();
    const again = { ...before, participants: [{ ...before.participants[0], user: null }] };
    await store.save({ meetings: [], rooms: [{ ...before, put: before.participants, remove: [] }] });
    rooms.registry.restore([again as unknown as StoredRoom]);
    expect(rooms.registry.roomCount).toBe(0);
    await pass(50);
    expect(await store.readLiveRooms()).toEqual([]);
    expect(store.take().at(-1)?.meetings).toMatchObject([{ id: 'meeting-0', ended: true }]);
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
