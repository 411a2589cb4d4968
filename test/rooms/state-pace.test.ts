import { describe, expect, test } from 'vitest';
import { paceMs } from '../../src/rooms/state-pace.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { FakeRooms } from '../support/fake-room.ts';
import { SESSION } from '../support/room-actor.ts';
import { mls, roomOf, update } from '../support/room-of.ts';
import { unconfiguredVoice } from '../../src/voice/voice.unconfigured.ts';

describe('how long changes are gathered', () => {
  test('[H7] not at all in a small room, longer as it grows, and never for longer than 100 ms', () => {
    const of = (users: number, bytesPerUser = 500): number =>
      paceMs(users, users * users * bytesPerUser, 100);
    expect([1, 2, 5, 10].map((users) => of(users))).toEqual([0, 0, 0, 0]);
    const growing = [20, 30, 40].map((users) => Math.round(of(users)));
    expect(growing).toEqual([28, 51, 80]);
    expect([100, 1_000, 10_000].map((users) => of(users))).toEqual([100, 100, 100]);
  });

  test('[H7] for clients that take patches, by what a patch costs', () => {
    expect([40, 100, 200].map((users) => Math.round(paceMs(users, users * 110, 100)))).toEqual([32, 81, 100]);
  });
});

test('[H7] not at all where the operator wants none of it', async () => {
  const [rooms, a, b] = await roomOf(ids, { stateMaxTickMs: 0 });
  if (a === undefined || b === undefined) throw new Error('nobody came');
  for (const speaking of [true, false, true]) {
    rooms.say(a, update({ speaking }));
    await endOfTurn();
    expect(types(b.take())).toEqual(['roomState']);
  }
});

const ids = Array.from({ length: 60 }, (_, n) => `user-${n}`);

test('[H7] in a big room the first change goes at once, those behind it together', async () => {
  const [rooms, a, b] = await roomOf(ids);
  if (a === undefined || b === undefined) throw new Error('nobody came');
  rooms.clock.advance(1_000);
  rooms.say(a, update({ speaking: true }));
  await endOfTurn();
  expect(b.take().length).toBe(1);
  rooms.say(a, update({ speaking: false }));
  await endOfTurn();
  rooms.clock.advance(10);
  rooms.say(a, update({ raisedHand: true }));
  await endOfTurn();
  expect(b.take()).toEqual([]);
  rooms.clock.advance(90);
  const [state, ...more] = b.take();
  expect(more).toEqual([]);
  expect(state).toMatchObject({
    state: {
      users: expect.arrayContaining([
        expect.objectContaining({ raisedHand: true, speaking: false }),
      ]) as unknown,
    },
  });
});

test('[H7] [H8] a state that is gathered is sent before any other frame', async () => {
  const [rooms, a, b] = await roomOf(ids);
  if (a === undefined || b === undefined) throw new Error('nobody came');
  rooms.clock.advance(1_000);
  rooms.say(a, update({ speaking: true }));
  await endOfTurn();
  rooms.say(a, update({ speaking: false }));
  rooms.say(a, mls(1));
  expect(b.take().map((frame) => (frame as { type: string }).type)).toEqual([
    'roomState',
    'roomState',
    'e2eeMlsMessage',
  ]);
});

const types = (frames: readonly unknown[]): unknown[] =>
  frames.map((frame) => (frame as { type: string }).type);

test('[H7] a flush by another frame leaves the pace as it is', async () => {
  const [rooms, a, b] = await roomOf(ids);
  if (a === undefined || b === undefined) throw new Error('nobody came');
  rooms.clock.advance(1_000);
  rooms.say(a, update({ speaking: true }));
  rooms.say(a, mls(1));
  rooms.say(a, update({ raisedHand: true }));
  await endOfTurn();
  expect(types(b.take())).toEqual(['roomState', 'e2eeMlsMessage']);
  rooms.clock.advance(100);
  expect(types(b.take())).toEqual(['roomState']);
});

test('[H7] [P4] nobody waits for a clock that was set back', async () => {
  const [rooms, a, b] = await roomOf(ids);
  if (a === undefined || b === undefined) throw new Error('nobody came');
  rooms.say(b, { type: 'resync' });
  b.take();
  rooms.clock.jump(-3_600_000);
  rooms.say(a, update({ speaking: true }));
  await endOfTurn();
  rooms.clock.advance(100);
  rooms.say(b, { type: 'resync' });
  expect(types(b.take())).toEqual(['roomState', 'roomState']);
});

test.each([false, true])(
  '[H2] [H8] a refusal that comes of a service does not overtake the state that waits, patches: %j',
  async (patches) => {
    let fail = (): void => {};
    const route = (): Promise<void> =>
      new Promise((_, reject) => {
        fail = () => reject(new Error('the SFU says no'));
      });
    const voice = { ...unconfiguredVoice, open: () => Promise.resolve(SESSION), route };
    const rooms = new FakeRooms({}, undefined, voice);
    const [first] = ids.map((id) => rooms.join(id));
    const talker = rooms.join('x', 'x', patches);
    if (first === undefined) throw new Error('nobody came');
    await endOfTurn();
    rooms.say(talker, { type: 'enableAi' });
    await endOfTurn();
    rooms.clock.advance(1_000);
    rooms.say(talker, { type: 'requestAiControl', track: { sessionId: 's', trackName: 't' } });
    rooms.say(first, update({ speaking: true }));
    await endOfTurn();
    rooms.say(first, update({ speaking: false }));
    const again = rooms.join('x', 'x', patches);
    fail();
    await endOfTurn();
    expect(types(again.take())).toEqual(['roomState', 'error']);
  },
);
