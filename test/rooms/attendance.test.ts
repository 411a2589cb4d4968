import { describe, expect, test } from 'vitest';
import { Attendance } from '../../src/rooms/attendance.ts';
import { publishes, sessionsOf } from '../../src/rooms/published-sessions.ts';
import { BOOM, throwsOnUpdate } from '../support/failing-machines.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { RoleRooms } from '../support/role-rooms.ts';
import { user } from '../support/room-of.ts';
import { until } from '../support/until.ts';

describe('who is where', () => {
  const where = (attendance: Attendance, owner: string): Record<string, string[]> =>
    Object.fromEntries([...attendance.roomsOf(owner)].map(([room, ids]) => [room, [...ids]]));

  test('[C5] knows a login by its users, room by room', () => {
    const attendance = new Attendance();
    attendance.enter('alice', 'one', 'a1');
    attendance.enter('alice', 'one', 'a2');
    attendance.enter('alice', 'two', 'a1');
    attendance.enter('bob', 'one', 'b');
    expect(where(attendance, 'alice')).toEqual({ one: ['a1', 'a2'], two: ['a1'] });
    expect(where(attendance, 'bob')).toEqual({ one: ['b'] });
    expect([attendance.isPresent('bob'), attendance.isPresent('carol')]).toEqual([true, false]);
  });

  test('[C5] forgets a login with its last user, and nothing before', () => {
    const attendance = new Attendance();
    for (const [room, id] of [
      ['one', 'a1'],
      ['one', 'a2'],
      ['two', 'a1'],
    ] as const) {
      // prettier-ignore
      attendance.enter('alice', room, id);
    }
    attendance.leave('alice', 'one', 'a1');
    expect(where(attendance, 'alice')).toEqual({ one: ['a2'], two: ['a1'] });
    attendance.leave('alice', 'one', 'a2');
    expect(where(attendance, 'alice')).toEqual({ two: ['a1'] });
    attendance.leave('alice', 'two', 'a1');
    expect([where(attendance, 'alice'), attendance.isPresent('alice')]).toEqual([{}, false]);
  });

  test('[C5] counts an entry once, and minds nobody who leaves without one', () => {
    const attendance = new Attendance();
    attendance.enter('alice', 'one', 'a');
    attendance.enter('alice', 'one', 'a');
    attendance.leave('alice', 'two', 'a');
    attendance.leave('bob', 'one', 'a');
    expect(where(attendance, 'alice')).toEqual({ one: ['a'] });
    attendance.leave('alice', 'one', 'a');
    attendance.leave('alice', 'one', 'a');
    expect(attendance.isPresent('alice')).toBe(false);
  });
});

describe('what presence says of sessions', () => {
  test.each([
    [{ tracks: {} }, []],
    [{ transceiverSessionId: 's', tracks: {} }, ['s']],
    [{ transceiverSessionId: '', tracks: { audio: '', video: '/cam' } }, []],
    [
      { transceiverSessionId: 's', tracks: { audio: 's/mic', video: 't/cam', screenshare: 'u/x/y' } },
      ['s', 't', 'u'],
    ],
    [{ tracks: { audio: 'no-slash' } }, ['no-slash']],
  ])('[H16] %j names %j', (presence, sessions) => {
    expect(sessionsOf(user('a', presence))).toEqual(sessions);
  });

  test('[C5] counts only of the given users, and of those who may publish', () => {
    const sends = (id: string) => user(id, { tracks: { audio: `session-${id}/mic` } });
    const users = new Map([sends('a'), sends('b')].map((each) => [each.id, each]));
    const asks = (ids: string[], session: string, may: boolean): boolean =>
      publishes(users, ids, session, () => may);
    expect([
      asks(['a', 'b'], 'session-b', true),
      asks(['a'], 'session-b', true),
      asks(['a', 'b'], 'session-b', false),
      asks(['gone'], 'session-gone', true),
    ]).toEqual([true, false, false, false]);
  });
});

describe('who may hear whom', () => {
  test('[C5] those in one room, and only by the session that the presence names', () => {
    const rooms = new RoleRooms();
    rooms.announce(rooms.join('a'), 's-mic', 's-cam');
    rooms.join('b');
    rooms.join('c', { room: 'other' });
    const hears = (listener: string, publisher: string, session: string): boolean =>
      rooms.registry.canHear(listener, publisher, session);
    expect([hears('b', 'a', 's-mic'), hears('b', 'a', 's-cam')]).toEqual([true, true]);
    expect([hears('b', 'a', 's-secret'), hears('c', 'a', 's-mic'), hears('x', 'a', 's-mic')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('[C5] nobody by naming the session of somebody else', () => {
    const rooms = new RoleRooms();
    rooms.announce(rooms.join('a'), 's-a');
    const thief = rooms.join('c', { room: 'other' });
    rooms.announce(thief, 's-a');
    expect(rooms.registry.canHear('c', 'a', 's-a')).toBe(false);
    expect(rooms.registry.canHear('c', undefined, 's-a')).toBe(false);
    expect(rooms.registry.publishes('a', 's-a')).toBe(true);
    rooms.say(thief, { type: 'userLeft' });
    expect(rooms.departures).toEqual([{ owner: 'c', reason: 'left', sessionIds: ['s-a'] }]);
  });

  test('[C5] in each of several rooms by the role there', () => {
    const rooms = new RoleRooms();
    for (const [room, role] of [
      ['one', 'member'],
      ['two', 'viewer'],
      ['three', 'admin'],
    ] as const) {
      rooms.announce(rooms.join('a', { room, role }), 's');
      rooms.join(`in-${room}`, { room });
    }
    const hears = ['in-one', 'in-two', 'in-three'].map((id) => rooms.registry.canHear(id, 'a', 's'));
    expect(hears).toEqual([true, false, true]);
  });

  test('[C5] each other, two windows of one login, and by either of them', () => {
    const rooms = new RoleRooms();
    rooms.announce(rooms.join('a1', { owner: 'alice' }), 's1');
    rooms.announce(rooms.join('a2', { owner: 'alice' }), 's2');
    rooms.join('b');
    expect(['s1', 's2'].map((session) => rooms.registry.canHear('b', 'alice', session))).toEqual([
      true,
      true,
    ]);
    expect(rooms.registry.canHear('alice', 'alice', 's2')).toBe(true);
  });

  test('[C5] [H5] on both sides for the grace of a lost connection, and no longer', () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    const b = rooms.join('b');
    rooms.announce(a, 's');
    rooms.drop(a);
    rooms.drop(b);
    rooms.advance(7_999);
    expect(rooms.registry.canHear('b', 'a', 's')).toBe(true);
    rooms.advance(1);
    expect(rooms.registry.canHear('b', 'a', 's')).toBe(false);
    expect([rooms.registry.isPresent('a'), rooms.registry.publishes('a', 's')]).toEqual([false, false]);
  });

  test('[C5] the AI, by its session, where it is', async () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    rooms.join('c', { room: 'other' });
    rooms.say(a, { type: 'enableAi' });
    await until(() => rooms.voice.asked > 0);
    expect(rooms.registry.canHear('a', undefined, 'sfu-call-1')).toBe(false);
    rooms.voice.answer();
    await endOfTurn();
    const hears = (listener: string, session: string): boolean =>
      rooms.registry.canHear(listener, undefined, session);
    expect([hears('a', 'sfu-call-1'), hears('a', 'another'), hears('c', 'sfu-call-1')]).toEqual([
      true,
      false,
      false,
    ]);
    rooms.say(a, { type: 'disableAi' });
    await endOfTurn();
    expect(hears('a', 'sfu-call-1')).toBe(false);
  });

  test('[C5] [H3] who has replaced a connection as before', () => {
    const rooms = new RoleRooms();
    const older = rooms.join('a');
    rooms.announce(older, 's');
    rooms.join('b');
    rooms.join('a');
    rooms.drop(older);
    rooms.advance(9_000);
    expect(rooms.registry.canHear('b', 'a', 's')).toBe(true);
  });

  test('[C5] [H13] who has come back to a room that failed as before', async () => {
    const rooms = new RoleRooms({}, throwsOnUpdate);
    const a = rooms.join('a');
    const b = rooms.join('b');
    rooms.announce(a, 's');
    await rooms.settle();
    rooms.say(b, BOOM);
    expect([a.end?.code, b.end?.code]).toEqual([1011, 1011]);
    expect([rooms.registry.isPresent('a'), rooms.registry.canHear('b', 'a', 's')]).toEqual([true, true]);
    rooms.join('a');
    rooms.join('b');
    expect([rooms.registry.isPresent('a'), rooms.registry.canHear('b', 'a', 's')]).toEqual([true, true]);
  });
});

describe('departures', () => {
  test('[H16] tell the login, the reason and the sessions, of each user once', () => {
    const rooms = new RoleRooms();
    const left = rooms.join('l', { owner: 'lea' });
    const dropped = rooms.join('d', { owner: 'dan' });
    const silent = rooms.join('t', { owner: 'tom' });
    for (const [connection, session] of [
      [left, 's-l'],
      [dropped, 's-d'],
      [silent, 's-t'],
    ] as const) {
      // prettier-ignore
      rooms.announce(connection, session, `${session}-cam`);
    }
    rooms.say(left, { type: 'userLeft' });
    rooms.say(left, { type: 'userLeft' });
    rooms.drop(dropped);
    rooms.advance(30_000);
    expect(rooms.departures).toEqual([
      { owner: 'lea', reason: 'left', sessionIds: ['s-l', 's-l-cam'] },
      { owner: 'dan', reason: 'dropped', sessionIds: ['s-d', 's-d-cam'] },
      { owner: 'tom', reason: 'timedOut', sessionIds: ['s-t', 's-t-cam'] },
    ]);
  });

  test('[H16] come after the login is out of the room, so that who asks is told the truth', () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    const present: boolean[] = [];
    rooms.departures.push = (departure) => present.push(rooms.registry.isPresent(departure.owner));
    rooms.say(a, { type: 'userLeft' });
    expect(present).toEqual([false]);
  });

  test('[H16] are none when a connection is replaced, a room fails or the server stops', async () => {
    const rooms = new RoleRooms({}, throwsOnUpdate);
    rooms.join('a');
    const again = rooms.join('a');
    await rooms.settle();
    rooms.say(again, BOOM);
    rooms.registry.stop();
    await endOfTurn();
    expect(rooms.departures).toEqual([]);
  });
});
