import { describe, expect, test } from 'vitest';
import { toRoomState } from '../../machines/room.context.ts';
import { KEPT_STEPS } from '../../src/visualiser/room-trace.ts';
import type { TraceStep } from '../../src/visualiser/trace.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { FakeRooms } from '../support/fake-room.ts';
import { after, liveViewOf, Onlooker } from '../support/onlooker.ts';
import { mls, roomOf, update, user } from '../support/room-of.ts';

/** The parts of a step that a test names. */
const brief = ({ outcome, event, code, transitions, value }: TraceStep): unknown[] => [
  outcome,
  event.type,
  ...(code === undefined ? [] : [code]),
  transitions,
  value,
];

const HIDDEN = { ...user('a'), name: '•••' };

describe('what is told', () => {
  test('[L1] [L2] the state at first, then each event with its transitions and what they changed', async () => {
    const [rooms, a] = await roomOf(['a', 'b']);
    const onlooker = new Onlooker(liveViewOf(rooms));
    const [first] = await onlooker.take();
    expect(first).toEqual({
      event: 'state',
      data: {
        room: 'room',
        start: {
          value: 'active',
          context: {
            meetingId: 'meeting-1',
            invitation: null,
            session: null,
            controller: null,
            aiFailure: null,
            users: [HIDDEN, { ...HIDDEN, id: 'b' }],
          },
        },
        steps: [],
      },
    });
    rooms.say(a, update({ raisedHand: true }));
    rooms.say(a, { type: 'userLeft' });
    const steps = await onlooker.steps();
    expect(steps.map(brief)).toEqual([
      ['taken', 'user.updated', ['room:user.updated:0'], 'active'],
      ['taken', 'user.left', ['room:user.left:1'], 'active'],
    ]);
    const rest = {
      meetingId: 'meeting-1',
      invitation: null,
      session: null,
      controller: null,
      aiFailure: null,
    };
    expect(steps.map(({ seq, change }) => ({ seq, change }))).toEqual([
      { seq: 1, change: { put: [{ ...user('a', { raisedHand: true }), name: '•••' }], gone: [], rest } },
      { seq: 2, change: { put: [], gone: ['a'], rest } },
    ]);
  });

  test('[L2] what is ignored, refused by the machine, or refused before it, is told as such', async () => {
    const [rooms, a] = await roomOf(['a', 'b']);
    const onlooker = new Onlooker(liveViewOf(rooms));
    await onlooker.take();
    rooms.say(a, update());
    rooms.say(a, update());
    rooms.say(a, { type: 'relenquishAiControl' });
    rooms.say(a, { type: 'xstate.stop' });
    rooms.say(a, { type: 'requestAiControl', track: {} });
    expect((await onlooker.steps()).map(brief)).toEqual([
      ['taken', 'user.updated', ['room:user.updated:0'], 'active'],
      ['ignored', 'user.updated', [], 'active'],
      ['refused', 'ai.control.release', 'ai_not_active', ['room:ai.control.release:0'], 'active'],
      ['refused', '', 'unknown_message_type', [], 'active'],
      ['refused', '', 'invalid_message', [], 'active'],
    ]);
  });

  test('[L2] services and times are events too', async () => {
    const [rooms, a] = await roomOf(['a']);
    const onlooker = new Onlooker(liveViewOf(rooms));
    await onlooker.take();
    rooms.say(a, { type: 'enableAi' });
    await endOfTurn();
    rooms.say(a, { type: 'userLeft' });
    rooms.clock.advance(15_000);
    const steps = await onlooker.steps();
    expect(steps.map(({ event, value }) => [event, value])).toEqual([
      [
        { type: 'ai.enable', by: 'a', owner: expect.stringMatching(/^[0-9a-f]{8}$/) as string },
        'aiConnecting',
      ],
      [{ type: 'xstate.error.actor.openVoice', error: { failure: 'not_configured' } }, 'active'],
      [{ type: 'user.left', id: 'a', reason: 'left' }, 'idle'],
      [{ type: 'xstate.after.emptyRoomGrace.room.idle' }, 'idle'],
    ]);
  });

  test('[L1] a room is watched from before it begins to after its end, and again', async () => {
    const rooms = new FakeRooms();
    const onlooker = new Onlooker(liveViewOf(rooms));
    const nothing = { event: 'state', data: { room: 'room', start: null, steps: [] } };
    expect(await onlooker.take()).toEqual([nothing]);
    for (const time of ['first', 'second']) {
      const a = rooms.join('a');
      const begun = await onlooker.take();
      expect([time, ...begun.map(({ event }) => event)]).toEqual([time, 'state']);
      expect(begun[0]).toMatchObject({
        data: { start: { value: 'idle' }, steps: [{ event: { type: 'user.joined' } }] },
      });
      rooms.say(a, { type: 'userLeft' });
      await onlooker.take();
      rooms.clock.advance(15_000);
      const [last, end] = await onlooker.take();
      expect(last).toMatchObject({ data: [{ event: { type: 'xstate.after.emptyRoomGrace.room.idle' } }] });
      expect(end).toEqual(nothing);
    }
  });

  test('[L1] what happens while nobody watches is not remembered', async () => {
    const [rooms, a] = await roomOf(['a']);
    const live = liveViewOf(rooms);
    const seen: string[] = [];
    const [one, other] = [new Onlooker(live), new Onlooker(live)];
    await one.take();
    one.view.stop();
    rooms.say(a, mls(1));
    seen.push(...(await other.steps()).map(({ event }) => event.type));
    other.view.stop();
    other.view.stop();
    rooms.clock.advance(10_000);
    rooms.say(a, mls(2));
    await endOfTurn();
    const late = new Onlooker(live);
    seen.push(...(await late.steps()).map(({ event }) => event.type));
    expect(seen).toEqual(['message.relay']);
  });
});

describe('what is not told', () => {
  const SECRETS = [
    'sess-a',
    'mic-of-a',
    'sid:a',
    'be a pirate',
    'between us',
    'v=0 an offer',
    'secret-frame',
  ];

  test('[L4] no media path, login, wish or message is in anything that is sent', async () => {
    const [rooms, a] = await roomOf(['a', 'b']);
    const live = liveViewOf(rooms);
    const onlooker = new Onlooker(live, 'room', true);
    const tracks = {
      audioEnabled: true,
      audio: 'sess-a/mic-of-a',
      video: 'sess-a/v',
      screenshare: 'sess-a/s',
    };
    rooms.say(a, update({ transceiverSessionId: 'sess-a', tracks }));
    rooms.say(a, { type: 'directMessage', to: 'b', message: 'between us' });
    rooms.say(a, { type: 'e2eeMlsMessage', frame: 'secret-frame' });
    rooms.say(a, { type: 'establishAiPeerConnection', sdp: 'v=0 an offer' });
    rooms.say(a, { type: 'requestAiControl', track: { sessionId: 'sess-a', trackName: 'mic-of-a' } });
    rooms.say(a, { type: 'enableAi', instructions: 'be a pirate' });
    await endOfTurn();
    expect(onlooker.text).toContain("a's name");
    const all = onlooker.text + (live.traceText('room', true) ?? '');
    expect(SECRETS.filter((secret) => all.includes(secret))).toEqual([]);
  });

  test('[L4] equal things stay equal, and different ones different', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    const onlooker = new Onlooker(liveViewOf(rooms));
    await onlooker.take();
    rooms.say(a, update({ transceiverSessionId: 'one' }));
    rooms.say(b, update({ transceiverSessionId: 'one' }));
    rooms.say(b, update({ transceiverSessionId: 'two' }));
    const [first, second, third] = (await onlooker.steps()).map(
      ({ change }) => change?.put[0]?.transceiverSessionId,
    );
    expect(first).toMatch(/^[0-9a-f]{8}$/);
    expect([second === first, third === first]).toEqual([true, false]);
  });

  test('[L4] names are hidden unless asked for', async () => {
    const [rooms] = await roomOf(['a']);
    const live = liveViewOf(rooms);
    const [hidden, shown] = [new Onlooker(live), new Onlooker(live, 'room', true)];
    rooms.join('b');
    await endOfTurn();
    expect([hidden.text.includes("'s name"), shown.text.includes("b's name")]).toEqual([false, true]);
    expect(
      [live.traceText('room', false), live.traceText('room', true)].map((text) => text?.includes("'s name")),
    ).toEqual([false, true]);
  });
});

describe('who does not keep up', () => {
  test('[L3] is sent nothing more, and then goes on where it was', async () => {
    const [rooms, a] = await roomOf(['a']);
    const onlooker = new Onlooker(liveViewOf(rooms));
    await onlooker.take();
    onlooker.answers.push(false);
    for (let n = 1; n <= 3; n += 1) {
      rooms.say(a, mls(n));
      await endOfTurn();
    }
    expect((await onlooker.steps()).map(({ seq }) => seq)).toEqual([1]);
    rooms.clock.advance(60_000);
    expect(onlooker.text).not.toContain(':\n\n:\n\n');
    onlooker.view.resume();
    const steps = await onlooker.steps();
    expect(steps.slice(0, 2).map(({ seq }) => seq)).toEqual([2, 3]);
  });

  test('[L3] misses what is forgotten meanwhile, and is sent the state anew', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    const live = liveViewOf(rooms);
    const [slow, quick] = [new Onlooker(live), new Onlooker(live)];
    await slow.take();
    slow.answers.push(false);
    const events = KEPT_STEPS * 3;
    for (let n = 0; n < events; n += 1) {
      rooms.say(n % 2 === 0 ? a : b, update({ raisedHand: n % 4 < 2 }));
      if (n % 100 === 99) await endOfTurn();
    }
    rooms.say(a, { type: 'userLeft' });
    expect((await slow.steps()).length).toBeLessThan(300);
    slow.view.resume();
    const [state, ...more] = await slow.take();
    expect([state?.event, more]).toEqual(['state', []]);
    if (state?.event !== 'state' || state.data.start === null) throw new Error('no state');
    const { start, steps } = state.data;
    expect(steps.length).toBeGreaterThanOrEqual(KEPT_STEPS);
    expect(steps.map(({ seq }) => seq)).toEqual(steps.map((_, index) => events + 2 - steps.length + index));
    expect((await quick.steps()).map(({ seq }) => seq)).toEqual(
      Array.from({ length: events + 1 }, (_, index) => index + 1),
    );
    // What is rolled forward and what is folded meet in the room as it is.
    const { value, context } = rooms.room.snapshot;
    const end = after(start, steps);
    expect(end.value).toEqual(value);
    const names = new Map([...context.users.values()].map(({ id, name }) => [id, name]));
    const users = end.context.users.map((one) => ({ ...one, name: names.get(one.id) ?? '' }));
    expect(users).toEqual(toRoomState('none', context).users);
  });

  test('[L3] one that throws is not called again, and the room goes on', async () => {
    const [rooms, a, b] = await roomOf(['a', 'b']);
    let calls = 0;
    const fail = (): void => {
      calls += 1;
      throw new Error('a bad onlooker');
    };
    rooms.registry.watch('room', { began: () => {}, stepped: fail, refused: fail, over: fail });
    const onlooker = new Onlooker(liveViewOf(rooms));
    await onlooker.take();
    rooms.say(a, update({ speaking: true }));
    rooms.say(a, update({ speaking: false }));
    expect((await onlooker.steps()).length).toBe(2);
    expect(calls).toBe(1);
    rooms.say(a, mls(1));
    await endOfTurn();
    expect(b.take().at(-1)).toEqual(mls(1));
  });

  test('[L3] there are at most 32, and one who goes makes room', () => {
    const live = liveViewOf(new FakeRooms());
    const onlookers = Array.from({ length: 32 }, (_, n) => new Onlooker(live, `room ${n}`));
    expect(live.isFull).toBe(true);
    onlookers[0]?.view.stop();
    expect(live.isFull).toBe(false);
  });

  test('[L1] who comes back within 10 s finds what has happened meanwhile', async () => {
    const [rooms, a] = await roomOf(['a']);
    const live = liveViewOf(rooms);
    const lost = new Onlooker(live);
    rooms.say(a, mls(1));
    await endOfTurn();
    lost.view.stop();
    rooms.clock.advance(9_000);
    rooms.say(a, mls(2));
    const back = new Onlooker(live);
    rooms.clock.advance(9_000);
    rooms.say(a, mls(3));
    expect((await back.steps()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('[L1] a quiet room is told of every 5 s, until the onlooker goes', () => {
    const rooms = new FakeRooms();
    const onlooker = new Onlooker(liveViewOf(rooms));
    const before = onlooker.text.length;
    rooms.clock.advance(10_000);
    expect(onlooker.text.slice(before)).toBe(':\n\n:\n\n');
    onlooker.view.stop();
    rooms.clock.advance(10_000);
    expect(rooms.clock.timerCount).toBe(0);
  });
});
