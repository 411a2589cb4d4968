import { describe, expect, test } from 'vitest';
import { newUser } from '../../machines/room.context.ts';
import type { RoomChange, Store, StoredAiCall, StoredParticipant } from '../../src/store/store.ts';
import { BOTH_STORES } from '../support/both-stores.ts';

const T = 1_700_000_000_000;

const participant = (id: string, more: Partial<StoredParticipant> = {}): StoredParticipant => ({
  id,
  owner: `sid:${id}`,
  role: 'member',
  user: newUser(id, `${id}'s name`),
  lastSeenAt: T,
  ...more,
});
const room = (name: string, change: Partial<RoomChange> = {}): RoomChange => ({
  name,
  meetingId: `meeting of ${name}`,
  revision: 1,
  put: [],
  remove: [],
  ...change,
});
const save = (store: Store, ...rooms: RoomChange[]): Promise<void> => store.save({ meetings: [], rooms });
const call = (callId: string, openedAt: number): StoredAiCall => ({
  callId,
  sessionId: `of-${callId}`,
  mid: '0',
  trackName: 't',
  meetingId: 'm',
  openedAt,
});

describe.each(BOTH_STORES)('the %s store', (_, open) => {
  test('[S1] has nothing at first', async () => {
    const store = await open();
    expect(await store.readLiveRooms()).toEqual([]);
    expect(await store.listAiCalls()).toEqual([]);
  });

  test('[S2] gives back live rooms with their participants, whatever their names are made of', async () => {
    const store = await open();
    const odd = `b'"; DROP TABLE LiveRooms; -- \u{1f34a}`;
    const put = [participant('z'), participant(odd, { role: 'admin', lastSeenAt: T + 5 })];
    await save(store, room(odd, { put, revision: 7 }), room('empty'));
    expect(await store.readLiveRooms()).toEqual([
      { name: odd, meetingId: `meeting of ${odd}`, revision: 7, participants: [put[1], put[0]] },
      { name: 'empty', meetingId: 'meeting of empty', revision: 1, participants: [] },
    ]);
  });

  test('[S2] a record replaces the one before it', async () => {
    const store = await open();
    await save(store, room('r', { put: [participant('a'), participant('b')] }));
    const user = { ...newUser('a', 'alice'), raisedHand: true };
    const changed = participant('a', { user, owner: 'other', lastSeenAt: T + 1 });
    await save(store, room('r', { put: [changed], remove: ['b', 'nobody'], revision: 2 }));
    expect(await store.readLiveRooms()).toEqual([
      { name: 'r', meetingId: 'meeting of r', revision: 2, participants: [changed] },
    ]);
  });

  test('[S2] a room that is over is forgotten, and may live again with another meeting', async () => {
    const store = await open();
    await save(store, room('r', { put: [participant('a')] }), room('other', { put: [participant('a')] }));
    await save(store, room('r', { meetingId: null }), room('never', { meetingId: null }));
    expect((await store.readLiveRooms()).map(({ name }) => name)).toEqual(['other']);
    await save(store, room('r', { meetingId: 'second', put: [participant('b')] }));
    expect((await store.readLiveRooms()).at(-1)).toEqual({
      name: 'r',
      meetingId: 'second',
      revision: 1,
      participants: [participant('b')],
    });
  });

  test('[S3] the same batch twice is the same as once', async () => {
    const store = await open();
    const rooms = [room('r', { put: [participant('a'), participant('b')], remove: ['c'] })];
    const meetings = [{ id: 'm', startedAt: T, at: T, peakUserCount: 2, ended: false }];
    await store.save({ meetings, rooms });
    const once = await store.readLiveRooms();
    await store.save({ meetings, rooms });
    expect(await store.readLiveRooms()).toEqual(once);
  });

  test('[S3] batches are stored in the order of their calls', async () => {
    const store = await open();
    const saves = Array.from({ length: 20 }, (_each, n) => save(store, room('r', { revision: n })));
    await Promise.all(saves);
    expect((await store.readLiveRooms())[0]?.revision).toBe(19);
  });

  test('[S6] AI calls are listed until they are forgotten, oldest first', async () => {
    const store = await open();
    await store.noteAiCall(call('late', T + 1));
    await store.noteAiCall(call('early', T));
    await store.noteAiCall(call('late', T + 1));
    expect(await store.listAiCalls()).toEqual([call('early', T), call('late', T + 1)]);
    await store.forgetAiCall('of-early');
    await store.forgetAiCall('unknown');
    expect(await store.listAiCalls()).toEqual([call('late', T + 1)]);
  });

  test("[S6] [V12] users' connections to the AI are listed too, though no call has their name", async () => {
    const store = await open();
    const connections = ['one', 'two'].map((sessionId) => ({ ...call('', T), sessionId }));
    for (const connection of connections) await store.noteAiCall(connection);
    expect(await store.listAiCalls()).toEqual(connections);
  });
});
