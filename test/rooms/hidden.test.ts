import { describe, expect, test } from 'vitest';
import { endOfTurn } from '../support/fake-clock.ts';
import type { FakeConnection } from '../support/fake-room.ts';
import { claimOf } from '../support/fake-room.ts';
import { byToken, invite, WITH_TOKENS } from '../support/invitations.ts';
import { RoleRooms } from '../support/role-rooms.ts';
import { left, mls, state, update, user } from '../support/room-of.ts';
import { startServer } from '../support/server.ts';

const NOT_ALLOWED = { type: 'error', error: 'You may not do this', code: 'not_allowed' };
const NO_SUCH_USER = { type: 'error', error: 'This user is not in the room', code: 'user_not_found' };
const hidden = { role: 'hidden' } as const;
const nothing = { type: 'roomState', state: { ai: { enabled: false }, meetingId: '', users: [] } };

/** A room with two visible users and one who watches, after their first states. */
async function watched(
  settings: ConstructorParameters<typeof RoleRooms>[0] = {},
): Promise<[RoleRooms, FakeConnection, FakeConnection, FakeConnection]> {
  const rooms = new RoleRooms(settings);
  const connections = [rooms.join('a'), rooms.join('b'), rooms.join('h', hidden)] as const;
  await rooms.settle();
  return [rooms, ...connections];
}

describe('who watches', () => {
  test('[H15] is told of to nobody, and gets the state at once', async () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    await rooms.settle();
    const h = rooms.join('h', hidden);
    expect(h.take()).toEqual([state(user('a'))]);
    await endOfTurn();
    expect([a.take(), h.take()]).toEqual([[], []]);
  });

  test('[H15] gets every frame that all get, in their order', async () => {
    const [rooms, a, b, h] = await watched();
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(a, mls(1));
    rooms.say(a, { type: 'directMessage', to: 'b', message: 'between us' });
    rooms.say(b, { type: 'userLeft' });
    const c = rooms.join('c');
    await endOfTurn();
    const raised = user('a', { raisedHand: true });
    const frames = [state(raised, user('b')), mls(1), left('b'), state(raised, user('c'))];
    expect(h.take()).toEqual(frames);
    expect(c.take()).toEqual([frames[3]]);
  });

  test.each([
    ['presence', update({ raisedHand: true })],
    ['a message', { type: 'directMessage', to: 'a', message: 'boo' }],
    ['an MLS message', mls(1)],
    ['a muting', { type: 'muteUser', id: 'a' }],
    ['an invitation of the AI', { type: 'enableAi' }],
    ['a dismissal of the AI', { type: 'disableAi' }],
    ['a wish to talk to the AI', { type: 'requestAiControl', track: { sessionId: 's', trackName: 't' } }],
    ['a connection to the AI', { type: 'establishAiPeerConnection', sdp: 'v=0' }],
    ['a release of the AI', { type: 'relenquishAiControl' }],
  ])('[H15] can send nothing that others would see: %s', async (_, message) => {
    const [rooms, a, b, h] = await watched();
    const before = rooms.registry.get('room')?.snapshot;
    rooms.say(h, message);
    await endOfTurn();
    expect([h.take(), a.take(), b.take()]).toEqual([[NOT_ALLOWED], [], []]);
    expect(rooms.registry.get('room')?.snapshot).toBe(before);
  });

  test('[H15] is nobody to a message or a muting that is meant for it', async () => {
    const [rooms, a, , h] = await watched();
    rooms.say(a, { type: 'directMessage', to: 'h', message: 'are you there?' });
    rooms.say(a, { type: 'muteUser', id: 'h' });
    await endOfTurn();
    expect([a.take(), h.take()]).toEqual([[NO_SUCH_USER, NO_SUCH_USER], []]);
  });

  test('[H15] [H6] is heard all the same: its pings are answered, its heartbeats keep it', async () => {
    const [rooms, , , h] = await watched({ periodicStateMs: 0 });
    rooms.say(h, { type: 'partyserver-ping' });
    expect(h.take()).toEqual([{ type: 'partyserver-pong' }]);
    rooms.advance(14_000);
    rooms.say(h, { type: 'heartbeat' });
    rooms.advance(14_000);
    expect(h.end).toBeUndefined();
  });

  test('[H15] is not stored', async () => {
    const [rooms] = await watched();
    await rooms.journal.flush();
    const [room] = await rooms.store.readLiveRooms();
    expect(room?.participants.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('[H15] takes a place', async () => {
    const [rooms] = await watched({ maxUsersPerRoom: 3 });
    expect(rooms.registry.refusal('room', claimOf('c'))).toBe('room_full');
    expect(rooms.registry.refusal('room', claimOf('h'))).toBeUndefined();
  });

  test('[H15] [H1] keeps its id from others, and its role under it', async () => {
    const [rooms, a, , h] = await watched();
    expect(rooms.registry.refusal('room', claimOf('h', 'thief'))).toBe('id_taken');
    rooms.drop(h);
    const again = rooms.join('h', { role: 'admin' });
    rooms.say(again, mls(1));
    await endOfTurn();
    expect(again.take()).toEqual([state(user('a'), user('b')), NOT_ALLOWED]);
    expect(a.take()).toEqual([]);
  });

  test('[H15] [C5] may hear those who are in its room, and nobody may hear it', async () => {
    const [rooms, a, , h] = await watched();
    rooms.announce(a, 's-a');
    rooms.announce(h, 's-h');
    const hears = (listener: string, publisher: string, session: string): boolean =>
      rooms.registry.canHear(listener, publisher, session);
    expect([hears('h', 'a', 's-a'), hears('a', 'h', 's-h')]).toEqual([true, false]);
    rooms.say(h, { type: 'userLeft' });
    expect(hears('h', 'a', 's-a')).toBe(false);
  });
});

describe('who watched leaves in silence', () => {
  test('[H15] [H9] when it says so', async () => {
    const [rooms, a, b, h] = await watched();
    rooms.say(h, { type: 'userLeft' });
    await endOfTurn();
    expect([h.end, h.take(), a.take(), b.take()]).toEqual([{ code: 1000, reason: 'User left' }, [], [], []]);
  });

  test('[H15] [H6] when it is silent', async () => {
    const [rooms, a, b, h] = await watched({ periodicStateMs: 0 });
    rooms.advance(10_000);
    for (const connection of [a, b]) rooms.say(connection, { type: 'heartbeat' });
    rooms.advance(5_000);
    await endOfTurn();
    expect([h.end, h.take(), a.take(), b.take()]).toEqual([{ code: 1011, reason: '' }, [], [], []]);
  });

  test('[H15] [H5] when its connection stays away for the grace', async () => {
    const [rooms, a, , h] = await watched({ periodicStateMs: 0 });
    rooms.drop(h);
    rooms.advance(7_999);
    expect(rooms.registry.isPresent('h')).toBe(true);
    rooms.advance(1);
    await endOfTurn();
    expect([rooms.registry.isPresent('h'), a.take()]).toEqual([false, []]);
  });
});

describe('a room in which there are only watchers', () => {
  test('[H15] has no meeting, and is gone with the last of them', async () => {
    const rooms = new RoleRooms();
    const h = rooms.join('h', hidden);
    const i = rooms.join('i', hidden);
    await endOfTurn();
    expect([h.take(), i.take()]).toEqual([[nothing], [nothing]]);
    rooms.say(h, { type: 'userLeft' });
    expect(rooms.registry.roomCount).toBe(1);
    rooms.say(i, { type: 'userLeft' });
    expect(rooms.registry.roomCount).toBe(0);
    await rooms.journal.flush();
    await endOfTurn();
    expect([rooms.clock.timerCount, rooms.transport.connections.size]).toEqual([0, 0]);
    expect(await rooms.store.readLiveRooms()).toEqual([]);
  });

  test.each(['dropped', 'silent'])('[H15] is gone also when the last is %s', async (how) => {
    const rooms = new RoleRooms();
    const h = rooms.join('h', hidden);
    if (how === 'dropped') rooms.drop(h);
    rooms.advance(15_000);
    await endOfTurn();
    expect([rooms.registry.roomCount, rooms.clock.timerCount]).toEqual([0, 0]);
  });

  test('[H15] takes in who comes, in a meeting of its own, seen by those who watch', async () => {
    const rooms = new RoleRooms();
    const h = rooms.join('h', hidden);
    await rooms.settle();
    const a = rooms.join('a');
    await endOfTurn();
    expect([a.take(), h.take()]).toEqual([[state(user('a'))], [state(user('a'))]]);
    rooms.say(a, { type: 'userLeft' });
    await endOfTurn();
    expect(h.take()).toEqual([left('a'), state()]);
  });

  test('[H15] after a meeting: ends with its grace, not with the watcher who leaves in it', async () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    const h = rooms.join('h', hidden);
    rooms.say(a, { type: 'userLeft' });
    rooms.advance(5_000);
    rooms.say(h, { type: 'userLeft' });
    expect(rooms.registry.roomCount).toBe(1);
    const again = rooms.join('a');
    await endOfTurn();
    expect(again.take()).toEqual([state(user('a'))]);
  });

  test('[H15] [H12] after a meeting: whoever still watches is asked to come again, not told that it left', () => {
    const rooms = new RoleRooms();
    const a = rooms.join('a');
    const h = rooms.join('h', hidden);
    rooms.say(a, { type: 'userLeft' });
    for (let passed = 0; passed < 15_000; passed += 5_000) {
      rooms.say(h, { type: 'heartbeat' });
      rooms.advance(5_000);
    }
    expect(h.end).not.toEqual({ code: 1000, reason: 'User left' });
  });
});

test('[H15] over real sockets: the meeting never learns that somebody watched', async () => {
  const server = await startServer(WITH_TOKENS);
  const watcher = await server.connect(byToken(await invite(server, { hidden: true, sub: 'w' }), 'w'));
  await watcher.settle();
  expect(watcher.take()).toEqual([nothing]);
  const alice = await server.connect({ id: 'a', name: 'alice' });
  await alice.settle();
  watcher.send(update({ raisedHand: true }));
  watcher.send(mls(1));
  await watcher.settle();
  watcher.send({ type: 'userLeft' });
  expect(await watcher.closed).toEqual({ code: 1000, reason: 'User left' });
  await alice.settle();
  const seen = alice.frames.map(({ state }) =>
    (state as { users: { id: string }[] }).users.map(({ id }) => id),
  );
  expect(seen).toEqual([['a']]);
  expect(watcher.frames.map(({ type, code }) => code ?? type)).toEqual([
    'roomState',
    'not_allowed',
    'not_allowed',
  ]);
});
