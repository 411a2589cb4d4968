import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyRoom, toAiUser } from '../../machines/room.context.ts';
import type { RoomState } from '../../src/protocol/messages.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { PatchEncoder } from '../../src/rooms/patch-encoder.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { claimOf, FakeConnection, FakeRooms } from '../support/fake-room.ts';
import { PatchedState } from '../support/patched-state.ts';
import { SESSION } from '../support/room-actor.ts';
import { left, mls, presence, update, user } from '../support/room-of.ts';

const TOO_MANY = { type: 'error', error: 'Too many messages', code: 'rate_limited' };

/** Somebody who takes patches, in a room with the others. */
async function withPatched(...others: string[]): Promise<[FakeRooms, FakeConnection, ...FakeConnection[]]> {
  const rooms = new FakeRooms();
  const patched = rooms.join('p', 'p', true);
  const connections = others.map((id) => rooms.join(id));
  await endOfTurn();
  return [rooms, patched, ...connections];
}

const patch = (seq: number, more: object = {}) => ({ type: 'roomPatch', seq, ...more });

describe('what a client that takes patches gets', () => {
  test('[P2] a whole state with its place, then only what has changed', async () => {
    const [rooms, p, a] = await withPatched('a');
    expect(p.take()).toEqual([
      {
        type: 'roomState',
        state: { ai: { enabled: false }, meetingId: 'meeting-1', users: [user('a'), user('p')] },
        epoch: 'epoch',
        seq: 1,
      },
    ]);
    const says = async (message: object): Promise<unknown[]> => {
      if (a !== undefined) rooms.say(a, message);
      await endOfTurn();
      return p.take();
    };
    const tracks = { audioEnabled: true, audio: 's/mic' };
    expect(await says(update({ tracks, transceiverSessionId: 's' }))).toEqual([
      patch(2, {
        users: {
          upsert: [
            {
              id: 'a',
              joined: true,
              transceiverSessionId: 's',
              tracks: {
                audioEnabled: true,
                audio: 's/mic',
                audioUnavailable: null,
                videoEnabled: null,
                screenShareEnabled: null,
              },
            },
          ],
        },
      }),
    ]);
    expect(await says(update({ tracks, transceiverSessionId: 's', speaking: true }))).toEqual([
      patch(3, { users: { upsert: [{ id: 'a', speaking: true }] } }),
    ]);
    expect(await says(update({ tracks: { audioEnabled: true }, speaking: true }))).toEqual([
      patch(4, { users: { upsert: [{ id: 'a', transceiverSessionId: null, tracks: { audio: null } }] } }),
    ]);
    rooms.join('b');
    await endOfTurn();
    expect(p.take()).toEqual([patch(5, { users: { upsert: [user('b')] } })]);
    expect(await says({ type: 'userLeft' })).toEqual([left('a'), patch(6, { users: { remove: ['a'] } })]);
  });

  test('[P2] the AI comes and goes as a user, with its state', () => {
    const encoder = new PatchEncoder(new JsonCache());
    const context = { ...emptyRoom, meetingId: 'm' };
    const present = { value: { aiActive: 'free' }, context: { ...context, session: SESSION } } as const;
    encoder.note({ value: 'aiConnecting', context });
    expect(JSON.parse(encoder.encode(7, present))).toEqual(
      patch(7, {
        users: { upsert: [toAiUser(SESSION)] },
        ai: { enabled: true, connectionPending: false },
      }),
    );
    expect(JSON.parse(encoder.encode(8, { value: 'active', context }))).toEqual(
      patch(8, { users: { remove: ['ai'] }, ai: { enabled: false } }),
    );
    expect(JSON.parse(encoder.encode(9, { value: 'idle', context: emptyRoom }))).toEqual(
      patch(9, { meetingId: '' }),
    );
  });

  test('[P2] [H10] a state sent again is a number without a change', async () => {
    const [rooms, p] = await withPatched();
    p.take();
    rooms.clock.advance(15_000);
    rooms.say(p, { type: 'heartbeat' });
    rooms.registry.sweep(rooms.clock.now());
    expect(p.take()).toEqual([patch(2)]);
  });

  test('[P1] a stock client in the same room gets what it always got', async () => {
    const [rooms, , a] = await withPatched('a');
    if (a !== undefined) rooms.say(a, update({ speaking: true }));
    await endOfTurn();
    const state = (...users: object[]) => ({
      type: 'roomState',
      state: { ai: { enabled: false }, meetingId: 'meeting-1', users },
    });
    expect(a?.take()).toEqual([state(user('a'), user('p')), state(user('a', { speaking: true }), user('p'))]);
  });
});

describe('who missed something', () => {
  test('[P4] asks for the whole state, and goes on from there', async () => {
    const [rooms, p, a] = await withPatched('a');
    p.take();
    if (a !== undefined) rooms.say(a, update({ speaking: true }));
    rooms.say(p, { type: 'resync' });
    rooms.join('b');
    await endOfTurn();
    const [missed, whole, next] = p.take();
    expect(missed).toMatchObject({ type: 'roomPatch', seq: 2 });
    expect(whole).toEqual({
      type: 'roomState',
      state: {
        ai: { enabled: false },
        meetingId: 'meeting-1',
        users: [user('a', { speaking: true }), user('p')],
      },
      epoch: 'epoch',
      seq: 2,
    });
    expect(next).toEqual(patch(3, { users: { upsert: [user('b')] } }));
  });

  test('[P4] gets it once a second', async () => {
    const [rooms, p] = await withPatched();
    const ask = (): unknown[] => {
      p.take();
      rooms.say(p, { type: 'resync' });
      return p.take().map((frame) => (frame as { type: string }).type);
    };
    expect([ask(), ask()]).toEqual([['roomState'], ['error']]);
    rooms.say(p, { type: 'resync' });
    expect(p.take()).toEqual([TOO_MANY]);
    rooms.clock.advance(1_000);
    expect(ask()).toEqual(['roomState']);
  });

  test('[P4] a stock client gets its own kind', async () => {
    const [rooms, , a] = await withPatched('a');
    a?.take();
    if (a !== undefined) rooms.say(a, { type: 'resync' });
    expect(a?.take().map((frame) => Object.keys(frame as object))).toEqual([['type', 'state']]);
  });

  test('[P2] [H3] a reconnect begins with a whole state, whatever waits', async () => {
    const [rooms, p, a, b] = await withPatched('a', 'b');
    p.take();
    if (a !== undefined) rooms.say(a, { type: 'userLeft' });
    const again = rooms.join('p', 'p', true);
    const late = rooms.join('a', 'a');
    if (b !== undefined) rooms.say(b, mls(1));
    await endOfTurn();
    expect(again.take()).toEqual([
      {
        type: 'roomState',
        state: { ai: { enabled: false }, meetingId: 'meeting-1', users: [user('b'), user('p')] },
        epoch: 'epoch',
        seq: 2,
      },
      patch(3, { users: { upsert: [user('a')] } }),
      mls(1),
    ]);
    expect(late.take().length).toBe(2);
  });
});

test('[P2] [H15] who only watches sees the meeting end, by either kind of client', async () => {
  const rooms = new FakeRooms();
  const a = rooms.join('a');
  const watch = (id: string, takesPatches: boolean): FakeConnection => {
    const connection = new FakeConnection(id, rooms.transport, takesPatches);
    rooms.registry.admit('room', connection, { ...claimOf(id), role: 'hidden' });
    return connection;
  };
  const watchers = [watch('stock', false), watch('patched', true)];
  await endOfTurn();
  rooms.say(a, { type: 'userLeft' });
  await endOfTurn();
  for (let second = 0; second < 16; second += 1) {
    rooms.clock.advance(1_000);
    for (const watcher of watchers) rooms.say(watcher, { type: 'heartbeat' });
  }
  watch('late', true);
  await endOfTurn();
  const [stock, patched] = watchers.map((watcher) => watcher.take());
  expect(asStock(patched ?? []).at(-1)).toEqual(stock?.at(-1));
  expect(stock?.at(-1)).toMatchObject({ state: { meetingId: '', users: [] } });
});

type Deed = { readonly who: number; readonly message: unknown; readonly rest: boolean };

const message = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          speaking: fc.boolean(),
          raisedHand: fc.boolean(),
          tracks: fc.record(
            { audioEnabled: fc.boolean(), audio: fc.constantFrom('s/a', 's/b'), video: fc.constant('s/v') },
            { requiredKeys: [] },
          ),
          transceiverSessionId: fc.constantFrom('s', 't'),
        },
        { requiredKeys: [] },
      )
      .map((change) => ({ type: 'userUpdate', user: { ...presence, ...change } })),
  },
  { weight: 3, arbitrary: fc.constantFrom<unknown>('leave', 'drop', 'join', 'replace') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      mls(1),
      { type: 'enableAi' },
      { type: 'disableAi' },
      { type: 'muteUser', id: 'u1' },
      { type: 'resync' },
    ),
  },
  { weight: 1, arbitrary: fc.constant<unknown>('wait') },
);

/** Some people who come, change and go, each by either kind of client. */
class Crowd {
  readonly rooms = new FakeRooms();
  readonly #connections = new Map<number, FakeConnection>();

  async perform({ who, message, rest }: Deed): Promise<void> {
    const connection = this.#connections.get(who);
    if (message === 'join' || message === 'replace') this.#join(who);
    else if (message === 'wait') this.#wait();
    else if (connection !== undefined) this.#say(who, connection, message);
    if (rest) await endOfTurn();
  }

  #join(who: number): void {
    this.#connections.set(who, this.rooms.join(`u${who}`, `u${who}`, who % 2 === 0));
  }

  #say(who: number, connection: FakeConnection, message: unknown): void {
    if (message === 'drop') this.rooms.drop(connection);
    else this.rooms.say(connection, message === 'leave' ? { type: 'userLeft' } : message);
    if (message === 'drop' || message === 'leave') this.#connections.delete(who);
  }

  #wait(): void {
    this.rooms.clock.advance(1_000);
    this.rooms.registry.sweep(this.rooms.clock.now());
  }
}

/** Frames with each patch replaced by the state it leads to. */
function asStock(frames: readonly unknown[]): unknown[] {
  const held = new PatchedState();
  return frames.map((frame) => {
    if (!held.take(frame)) return frame;
    if (held.hasGap) throw new Error('a patch is missing');
    return { type: 'roomState', state: held.state };
  });
}

const deed: fc.Arbitrary<Deed> = fc.record({ who: fc.nat(4), message, rest: fc.boolean() });

test('[P2] [P3] [P5] two who only listen, one by patches, hold the same states among the same frames', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 60 }), async (deeds) => {
      const crowd = new Crowd();
      const { rooms } = crowd;
      const listeners = [rooms.join('x'), rooms.join('y', 'y', true)] as const;
      await endOfTurn();
      for (const one of deeds) {
        // Those who listen stay: a sign of life is no frame.
        for (const listener of listeners) rooms.say(listener, { type: 'heartbeat' });
        await crowd.perform(one);
      }
      await endOfTurn();
      const [stock, patched] = listeners.map((listener) => listener.take());
      expect(asStock(patched ?? [])).toEqual(stock);
    }),
    { numRuns: 300, seed: 7 },
  );
}, 60_000);

test('[P2] [H7] a thousand users: the same states, gathered, and a change of one is a patch of a line', async () => {
  const rooms = new FakeRooms({ maxUsersPerRoom: 2_000 });
  const [stock, patched] = [rooms.join('x'), rooms.join('y', 'y', true)];
  const crowd = Array.from({ length: 998 }, (_, n) => rooms.join(`user-${n}`, `owner-${n}`, n > 0));
  await endOfTurn();
  const [first] = crowd;
  if (first === undefined) throw new Error('nobody came');
  for (let n = 0; n < 20; n += 1) {
    rooms.say(first, update({ speaking: n % 2 === 0 }));
    await endOfTurn();
    rooms.clock.advance(10);
  }
  rooms.clock.advance(100);
  const frames = patched.take();
  const states = stock.take();
  expect(asStock(frames)).toEqual(states);
  expect((states.at(-1) as { state: RoomState }).state.users.length).toBe(1_000);
  expect(frames.at(-1)).toEqual({
    type: 'roomPatch',
    seq: frames.length,
    users: { upsert: [{ id: 'user-0', speaking: expect.any(Boolean) as boolean }] },
  });
  expect(frames.length).toBeLessThan(12);
});
