import { describe, expect, test } from 'vitest';
import { endOfTurn } from '../support/fake-clock.ts';
import { left, mls, roomOf, state, update, user } from '../support/room-of.ts';

describe('sending the state', () => {
  test('[H7] changes of one turn are sent as one state', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    rooms.say(a, update({ speaking: true }));
    rooms.say(b, update({ speaking: true }));
    rooms.say(a, update({ raisedHand: true }));
    await endOfTurn();
    expect(b.take()).toEqual([state(user('a', { raisedHand: true }), user('b', { speaking: true }))]);
  });

  test('[H7] with a tick, changes of several turns are sent as one state', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b'], { stateTickMs: 50 });
    rooms.clock.advance(50);
    b.take();
    rooms.say(a, update({ speaking: true }));
    await endOfTurn();
    rooms.clock.advance(49);
    rooms.say(a, update({ raisedHand: true }));
    expect(b.take()).toEqual([]);
    rooms.clock.advance(1);
    expect(b.take()).toEqual([state(user('a', { raisedHand: true }), user('b'))]);
  });

  test('[H8] a state that waits is sent before any other frame', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b', 'c']);
    rooms.say(a, update({ speaking: true }));
    rooms.say(a, mls(1));
    rooms.say(a, update({ speaking: false }));
    rooms.say(a, { type: 'muteUser', id: 'b' });
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(a, { type: 'userLeft' });
    await endOfTurn();
    const others = [user('b'), user('c')];
    expect(b.take()).toEqual([
      state(user('a', { speaking: true }), ...others),
      mls(1),
      state(user('a', {}), ...others),
      { type: 'muteMic' },
      state(user('a', { raisedHand: true }), ...others),
      left('a'),
      state(...others),
    ]);
  });

  test('[H8] departures may follow one another before the state that shows them', async () => {
    const [rooms, a, b, c] = await roomOf(['a', 'b', 'c', 'd']);
    rooms.say(b, { type: 'userLeft' });
    rooms.say(c, { type: 'userLeft' });
    await endOfTurn();
    expect(a.take()).toEqual([left('b'), left('c'), state(user('a'), user('d'))]);
  });

  test('[H8] a change after a departure is not overtaken by the next departure', async () => {
    const [rooms, a, b, c] = await roomOf(['a', 'b', 'c']);
    rooms.say(b, { type: 'userLeft' });
    rooms.say(a, update({ speaking: true }));
    rooms.say(c, { type: 'userLeft' });
    await endOfTurn();
    const speaking = user('a', { speaking: true });
    expect(a.take()).toEqual([left('b'), state(speaking, user('c')), left('c'), state(speaking)]);
  });

  test('[H10] the unchanged state is sent once a period, and not otherwise', async () => {
    const [rooms, a] = await roomOf(['a']);
    const beat = (): void => rooms.say(a, { type: 'heartbeat' });
    rooms.say(a, update());
    await endOfTurn();
    a.take();
    rooms.say(a, update());
    await endOfTurn();
    rooms.advance(14_000);
    beat();
    expect(a.take()).toEqual([]);
    rooms.advance(1_000);
    expect(a.take()).toEqual([state(user('a', {}))]);
    rooms.advance(10_000);
    beat();
    rooms.advance(4_999);
    expect(a.take()).toEqual([]);
    rooms.advance(1);
    expect(a.take()).toEqual([state(user('a', {}))]);
  });

  test('[H10] a period of 0 sends none', async () => {
    const [rooms, a] = await roomOf(['a'], { periodicStateMs: 0 });
    for (let minute = 0; minute < 5; minute += 1) {
      for (let beat = 0; beat < 6; beat += 1) {
        rooms.say(a, { type: 'heartbeat' });
        rooms.advance(10_000);
      }
    }
    expect(a.take()).toEqual([]);
  });
});
