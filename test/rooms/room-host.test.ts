import { describe, expect, test } from 'vitest';
import { startSweep } from '../../src/rooms/liveness.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';
import { claimOf } from '../support/fake-room.ts';
import { left, mls, roomOf, state, update, user } from '../support/room-of.ts';

describe('coming in', () => {
  test('[H1] an id belongs to the login that used it first, also while its user is away', async () => {
    const [rooms, a] = await roomOf(['a', 'b']);
    expect(rooms.room.refusal(claimOf('a', 'thief'))).toBe('id_taken');
    expect(rooms.room.refusal(claimOf('a'))).toBeUndefined();
    rooms.drop(a);
    expect(rooms.room.refusal(claimOf('a', 'thief'))).toBe('id_taken');
    rooms.say(rooms.join('a'), { type: 'userLeft' });
    expect(rooms.room.refusal(claimOf('a', 'thief'))).toBe('id_taken');
  });

  test('[H1] the ids longest unused are forgotten, so that the memory of them is bounded', async () => {
    const [rooms] = await roomOf(['stays'], { maxUsersPerRoom: 2 });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      rooms.say(rooms.join(id), { type: 'userLeft' });
    }
    expect(rooms.room.refusal(claimOf('b', 'other'))).toBe('id_taken');
    expect(rooms.room.refusal(claimOf('a', 'other'))).toBe('id_taken');
    rooms.say(rooms.join('i'), { type: 'userLeft' });
    expect(rooms.room.refusal(claimOf('a', 'other'))).toBeUndefined();
  });

  test('[H1] no number of other ids makes the id of a user who is here free', async () => {
    const [rooms] = await roomOf(['victim'], { maxUsersPerRoom: 2 });
    for (let n = 0; n < 20; n += 1) rooms.say(rooms.join(`id-${n}`, 'mallory'), { type: 'userLeft' });
    expect(rooms.room.refusal(claimOf('victim', 'mallory'))).toBe('id_taken');
    expect(rooms.room.refusal(claimOf('victim'))).toBeUndefined();
  });

  test('[H1] a full room refuses newcomers, never those who come back', async () => {
    const [rooms, a] = await roomOf(['a', 'b'], { maxUsersPerRoom: 2 });
    rooms.drop(a);
    expect(rooms.room.refusal(claimOf('c'))).toBe('room_full');
    expect(rooms.room.refusal(claimOf('a'))).toBeUndefined();
  });

  test('[H2] a join sends one state to everybody, the newcomer too', async () => {
    const [rooms, a] = await roomOf(['a']);
    const b = rooms.join('b');
    await endOfTurn();
    expect(a.take()).toEqual([state(user('a'), user('b'))]);
    expect(b.take()).toEqual([state(user('a'), user('b'))]);
  });

  test('[H2] [H8] the state is first, also when something else is said in the same turn', async () => {
    const [rooms, a] = await roomOf(['a']);
    const b = rooms.join('b');
    rooms.say(a, { type: 'directMessage', to: 'b', message: 'welcome' });
    rooms.say(b, { type: 'partyserver-ping' });
    await endOfTurn();
    expect(b.take()).toEqual([
      state(user('a'), user('b')),
      { type: 'directMessage', from: "a's name", message: 'welcome' },
      { type: 'partyserver-pong' },
    ]);
  });

  test('[H3] who comes back keeps its record; nobody else hears of it', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(b, update({ raisedHand: true }));
    await endOfTurn();
    rooms.drop(b);
    rooms.advance(7_000);
    const again = rooms.join('b');
    a.take();
    await endOfTurn();
    expect(again.take()).toEqual([state(user('a'), user('b', { raisedHand: true }))]);
    expect(a.take()).toEqual([]);
    rooms.advance(7_000);
    expect(rooms.userCount).toBe(2);
  });

  test('[H3] a newer connection replaces the older one, whose end then changes nothing', async () => {
    const [rooms, a, older] = await roomOf(['a', 'b']);
    const newer = rooms.join('b');
    expect(older.end).toEqual({ code: 4500, reason: 'Replaced by a newer connection' });
    rooms.drop(older);
    newer.take();
    rooms.say(a, mls(1));
    rooms.say(newer, mls(2));
    expect(newer.take()).toEqual([mls(1)]);
    expect(a.take()).toEqual([mls(2)]);
    for (let passed = 0; passed < 20_000; passed += 5_000) {
      rooms.say(a, { type: 'heartbeat' });
      rooms.say(newer, { type: 'heartbeat' });
      rooms.advance(5_000);
    }
    expect(rooms.userCount).toBe(2);
  });

  test('[H3] who comes back in a turn in which the state changed gets one state, the last', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.drop(b);
    rooms.say(a, update({ speaking: true }));
    const again = rooms.join('b');
    await endOfTurn();
    expect(again.take()).toEqual([state(user('a', { speaking: true }), user('b'))]);
  });
});

describe('being heard', () => {
  test('[H4] what comes on a connection whose user has left is ignored', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(b, { type: 'userLeft' });
    rooms.say(b, update({ raisedHand: true }));
    rooms.say(b, { type: 'partyserver-ping' });
    rooms.say(b, { type: 'nonsense' });
    await endOfTurn();
    expect(a.take()).toEqual([left('b'), state(user('a'))]);
    expect(b.take()).toEqual([]);
  });

  test('[H4] what comes on a connection that was replaced is ignored', async () => {
    const [rooms, a, older] = await roomOf(['a', 'b']);
    rooms.join('b');
    a.take();
    rooms.say(older, update({ raisedHand: true }));
    rooms.say(older, { type: 'userLeft' });
    await endOfTurn();
    expect(a.take()).toEqual([]);
    expect(rooms.userCount).toBe(2);
  });

  test('[H11] an error goes to its sender alone', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(a, { type: 'nonsense' });
    rooms.say(a, { type: 'requestAiControl', track: { sessionId: 's', trackName: 't' } });
    expect(a.take()).toEqual([
      { type: 'error', error: 'The message type is not known', code: 'unknown_message_type' },
      { type: 'error', error: 'There is no AI in this room', code: 'ai_not_active' },
    ]);
    expect(b.take()).toEqual([]);
  });

  test('[H14] a message to somebody who is reconnecting is refused, not lost in silence', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.drop(b);
    rooms.say(a, { type: 'directMessage', to: 'b', message: 'hi' });
    expect(a.take()).toEqual([{ type: 'error', error: 'This user is reconnecting', code: 'user_away' }]);
  });

  test('[R18] inviting an AI where none is configured says so, and leaves nothing pending', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(a, { type: 'enableAi' });
    await endOfTurn();
    const ai = { enabled: false, connectionPending: false, error: 'No AI is configured on this server' };
    expect(b.take()).toEqual([
      { type: 'roomState', state: { ai, meetingId: 'meeting-1', users: [user('a'), user('b')] } },
    ]);
  });
});

describe('going', () => {
  test('[H9] who leaves gets its close and nothing else; the others the notification, then the state', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(b, { type: 'userLeft' });
    await endOfTurn();
    expect(a.take()).toEqual([left('b'), state(user('a'))]);
    expect(b.take()).toEqual([]);
    expect(b.end).toEqual({ code: 1000, reason: 'User left' });
  });

  test('[H5] a user without a socket leaves after the reconnect grace', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.drop(b);
    rooms.advance(7_999);
    await endOfTurn();
    expect(a.take()).toEqual([]);
    rooms.advance(1);
    await endOfTurn();
    expect(a.take()).toEqual([left('b'), state(user('a'))]);
  });

  test('[H6] [H9] a silent user leaves, and is told', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b'], { periodicStateMs: 0 });
    rooms.advance(10_000);
    rooms.say(a, { type: 'heartbeat' });
    rooms.advance(4_999);
    expect(b.end).toBeUndefined();
    rooms.advance(1);
    await endOfTurn();
    expect(a.take()).toEqual([left('b'), state(user('a'))]);
    expect(b.take()).toEqual([left('b')]);
    expect(b.end).toEqual({ code: 1011, reason: '' });
  });

  test.each([
    ['a heartbeat', { type: 'heartbeat' }],
    ['an update', update()],
    ['a message to nobody', { type: 'directMessage', to: 'nobody', message: '' }],
    ['a note about the SFU', { type: 'callsApiHistoryEntry', entry: {}, sessionId: 's' }],
  ])('[H6] %s is a sign of life', async (_, message) => {
    const [rooms, a] = await roomOf(['a']);
    rooms.advance(14_000);
    rooms.say(a, message);
    rooms.advance(14_000);
    expect(rooms.userCount).toBe(1);
    rooms.advance(1_000);
    expect(rooms.userCount).toBe(0);
  });

  test('[H6] an invalid message is no sign of life', async () => {
    const [rooms, a] = await roomOf(['a']);
    rooms.advance(14_000);
    rooms.say(a, { type: 'nonsense' });
    rooms.advance(1_000);
    expect(rooms.userCount).toBe(0);
  });

  test('[H6] a process that stood still, or a clock that was set, makes nobody silent', async () => {
    const [rooms] = await roomOf(['a']);
    const clock = new FakeClock();
    const sweeps: number[] = [];
    const forgiven: number[] = [];
    startSweep(clock, { sweep: (now) => sweeps.push(now), forgive: (ms) => forgiven.push(ms) });
    clock.advance(2_000);
    clock.jump(60_000);
    clock.advance(1_000);
    expect([sweeps.length, forgiven]).toEqual([3, [60_000]]);
    rooms.advance(14_000);
    rooms.registry.forgive(60_000);
    rooms.advance(60_999);
    expect(rooms.userCount).toBe(1);
    rooms.advance(1);
    expect(rooms.userCount).toBe(0);
  });

  test('[H6] a heartbeat does not reach the machine', async () => {
    const [rooms, a] = await roomOf(['a']);
    const before = rooms.room.snapshot;
    rooms.say(a, { type: 'heartbeat' });
    expect(rooms.room.snapshot).toBe(before);
  });
});

describe('ending', () => {
  test('[H12] [R14] nothing of a room is left when its meeting has ended', async () => {
    const [rooms, a] = await roomOf(['a']);
    rooms.say(a, { type: 'userLeft' });
    rooms.advance(14_999);
    expect(rooms.registry.roomCount).toBe(1);
    const { room } = rooms;
    rooms.advance(1);
    expect(rooms.registry.roomCount).toBe(0);
    await endOfTurn();
    expect(room.snapshot.status).toBe('stopped');
    // The journal, which serves all rooms, writes down that the meeting has ended.
    rooms.clock.advance(50);
    await endOfTurn();
    expect(rooms.clock.timerCount).toBe(0);
    expect(rooms.transport.connections.size).toBe(0);
    rooms.join('a');
    await endOfTurn();
    expect(rooms.room.snapshot.context.meetingId).toBe('meeting-2');
  });

  test('[H12] who comes back during the grace finds the same meeting', async () => {
    const [rooms, a] = await roomOf(['a']);
    rooms.say(a, { type: 'userLeft' });
    rooms.advance(14_000);
    const again = rooms.join('a');
    await endOfTurn();
    expect(again.take()).toEqual([state(user('a'))]);
  });
});
