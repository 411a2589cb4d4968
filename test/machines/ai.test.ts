import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { VoiceError } from '../../src/voice/voice.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { RoomUnderTest, SESSION, TRACK } from '../support/room-actor.ts';

const CHANGED = { type: 'room.changed' } as const;
const UPSTREAM_TEXT = 'Error establishing connection with AI';

const inviting = (): RoomUnderTest => {
  const room = new RoomUnderTest().join('a', 'b');
  room.take();
  return room.send({ type: 'ai.enable', by: 'a', owner: 'sid:a', voice: 'ash', instructions: 'Be brief.' });
};

const granting = async (): Promise<RoomUnderTest> => {
  const room = await RoomUnderTest.withAi('a', 'b', 'c');
  return room.send({ type: 'ai.control.request', by: 'a', track: TRACK });
};

describe('inviting', () => {
  test('[R15] opens a call with the wishes of the inviter', () => {
    const room = inviting();
    expect(room.value).toBe('aiConnecting');
    expect(room.opens.map((call) => call.input)).toEqual([
      { meetingId: 'm-a', invitation: { by: 'a', owner: 'sid:a', voice: 'ash', instructions: 'Be brief.' } },
    ]);
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false, connectionPending: true });
  });

  test('[R15] clears the last failure', async () => {
    const room = inviting();
    room.opens[0]?.reject(new Error('upstream'));
    await endOfTurn();
    room.send({ type: 'ai.enable', by: 'b', owner: 'sid:a' });
    room.opens[1]?.resolve(SESSION);
    await endOfTurn();
    room.send({ type: 'ai.disable', by: 'b' });
    expect(room.state.ai).toEqual({ enabled: false });
  });

  test('[R16] opens one call, however often it is asked', async () => {
    const room = inviting().send({ type: 'ai.enable', by: 'b', owner: 'sid:a' });
    room.opens[0]?.resolve(SESSION);
    await endOfTurn();
    room.take();
    room.send({ type: 'ai.enable', by: 'b', owner: 'sid:a' });
    expect(room.opens).toHaveLength(1);
    expect(room.take()).toEqual([]);
  });

  test('[R17] [R6] shows the AI as the last participant when the call is open', async () => {
    const room = inviting();
    room.take();
    room.opens[0]?.resolve(SESSION);
    await endOfTurn();
    expect(room.value).toEqual({ aiActive: 'free' });
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: true, connectionPending: false });
    expect(room.state.users.map((user) => user.id)).toEqual(['a', 'b', 'ai']);
    expect(room.state.users.at(-1)).toEqual({
      id: 'ai',
      name: 'AI',
      joined: true,
      raisedHand: false,
      transceiverSessionId: 'sfu-1',
      speaking: false,
      tracks: {
        audioEnabled: true,
        audio: 'sfu-1/ai-generated-voice',
        audioUnavailable: false,
        videoEnabled: false,
        screenShareEnabled: false,
      },
    });
  });

  test.each([
    ['an upstream that fails', new Error('upstream'), UPSTREAM_TEXT],
    ['a thrown string', 'upstream', UPSTREAM_TEXT],
    ['a server without an account', new VoiceError('not_configured'), 'No AI is configured on this server'],
  ])('[R18] says why there is no AI: %s', async (_, error, text) => {
    const room = inviting();
    room.take();
    room.opens[0]?.reject(error);
    await endOfTurn();
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false, connectionPending: false, error: text });
  });

  test('[R19] gives up after the time for connecting', () => {
    const room = inviting();
    room.clock.advance(19_999);
    expect(room.value).toBe('aiConnecting');
    room.take();
    room.clock.advance(1);
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false, connectionPending: false, error: UPSTREAM_TEXT });
    expect(room.opens[0]?.signal.aborted).toBe(true);
    expect(room.clock.timerCount).toBe(0);
  });
});

describe('ending', () => {
  test('[R20] anyone cancels the attempt, without a failure', () => {
    const room = inviting();
    room.take();
    room.send({ type: 'ai.disable', by: 'b' });
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false });
    expect(room.opens[0]?.signal.aborted).toBe(true);
  });

  test('[R20] an answer after the cancel changes nothing', async () => {
    const room = inviting().send({ type: 'ai.disable', by: 'b' });
    room.take();
    room.opens[0]?.resolve(SESSION);
    await endOfTurn();
    expect(room.value).toBe('active');
    expect(room.effects).toEqual([]);
  });

  test.each([
    ['nobody has control', () => RoomUnderTest.withAi('a', 'b')],
    ['somebody has control', () => RoomUnderTest.withController('a', 'b')],
  ])('[R20] anyone ends the call when %s', async (_, start) => {
    const room = await start();
    room.send({ type: 'ai.disable', by: 'b' });
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false });
    expect(room.state.users.map((user) => user.id)).toEqual(['a', 'b']);
    expect(room.held).toEqual([]);
    expect(room.clock.timerCount).toBe(0);
  });

  test('[R20] clears the last failure, once', async () => {
    const room = inviting();
    room.opens[0]?.reject(new Error('upstream'));
    await endOfTurn();
    room.take();
    room.send({ type: 'ai.disable', by: 'b' }, { type: 'ai.disable', by: 'b' });
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false });
  });

  test('[R21] says that the connection was lost when the upstream ends the call', async () => {
    const room = await RoomUnderTest.withController('a', 'b');
    room.endCall();
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({
      enabled: false,
      connectionPending: false,
      error: 'The connection with the AI was lost',
    });
    expect(room.held).toEqual([]);
  });

  test('[R21] says the same when the service that holds the call fails', async () => {
    const room = inviting();
    room.holdFails = true;
    room.opens[0]?.resolve(SESSION);
    await endOfTurn();
    expect(room.value).toBe('active');
    expect(room.state.ai.error).toBe('The connection with the AI was lost');
  });

  test('[R22] ends a call after the limit of a session, without a failure', async () => {
    const room = await RoomUnderTest.withController('a', 'b');
    room.clock.advance(55 * 60_000 - 1);
    expect(room.value).toEqual({ aiActive: 'held' });
    room.clock.advance(1);
    expect(room.value).toBe('active');
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: false });
    expect(room.held).toEqual([]);
  });
});

describe('control', () => {
  test('[R23] routes the track of the requester and shows nobody yet', async () => {
    const room = await granting();
    expect(room.value).toEqual({ aiActive: 'granting' });
    expect(room.routes.map((call) => call.input)).toEqual([{ session: SESSION, by: 'a', track: TRACK }]);
    expect(room.take()).toEqual([]);
    expect(room.state.ai).toEqual({ enabled: true, connectionPending: false });
  });

  test('[R24] shows the controller when the route is there', async () => {
    const room = await granting();
    room.routes[0]?.resolve();
    await endOfTurn();
    expect(room.value).toEqual({ aiActive: 'held' });
    expect(room.take()).toEqual([CHANGED]);
    expect(room.state.ai).toEqual({ enabled: true, controllingUser: 'a', connectionPending: false });
  });

  test.each([
    ['fails', (room: RoomUnderTest) => room.routes[0]?.reject(new Error('upstream'))],
    ['takes too long', (room: RoomUnderTest) => room.clock.advance(10_000)],
  ])('[R25] tells the requester when the route %s', async (_, happen) => {
    const room = await granting();
    happen(room);
    await endOfTurn();
    expect(room.value).toEqual({ aiActive: 'free' });
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'a', code: 'ai_control_failed' }]);
    room.send({ type: 'ai.control.request', by: 'b', track: TRACK });
    expect(room.value).toEqual({ aiActive: 'granting' });
  });

  test('[R25] tells a requester without a track or a connection what it lacks', async () => {
    const room = await granting();
    room.routes[0]?.reject(new AppError('ai_not_connected'));
    await endOfTurn();
    expect(room.value).toEqual({ aiActive: 'free' });
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'a', code: 'ai_not_connected' }]);
  });

  test('[R26] refuses a second requester while routing, and ignores the same one', async () => {
    const room = await granting();
    room.send(
      { type: 'ai.control.request', by: 'a', track: TRACK },
      { type: 'ai.control.request', by: 'b', track: TRACK },
    );
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'b', code: 'ai_control_pending' }]);
    expect(room.routes).toHaveLength(1);
  });

  test('[R26] refuses a second requester while control is held, and ignores the holder', async () => {
    const room = await RoomUnderTest.withController('a', 'b');
    room.send(
      { type: 'ai.control.request', by: 'a', track: TRACK },
      { type: 'ai.control.request', by: 'b', track: TRACK },
    );
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'b', code: 'ai_control_held' }]);
    expect(room.state.ai.controllingUser).toBe('a');
  });

  test.each([
    ['its holder', { type: 'ai.control.release', by: 'a', asModerator: false }],
    ['a moderator', { type: 'ai.control.release', by: 'b', asModerator: true }],
  ] as const)('[R27] is released by %s', async (_, release) => {
    const held = await RoomUnderTest.withController('a', 'b');
    held.send(release);
    expect(held.value).toEqual({ aiActive: 'free' });
    expect(held.take()).toEqual([CHANGED]);
    expect(held.state.ai).toEqual({ enabled: true, connectionPending: false });

    const pending = await granting();
    pending.send(release);
    expect(pending.value).toEqual({ aiActive: 'free' });
    expect(pending.take()).toEqual([]);
    expect(pending.routes[0]?.signal.aborted).toBe(true);
  });

  test('[R27] is not released by others', async () => {
    const rooms = [
      await RoomUnderTest.withAi('a', 'b'),
      await granting(),
      await RoomUnderTest.withController('a', 'b'),
    ];
    for (const room of rooms) {
      const before = room.value;
      room.send({ type: 'ai.control.release', by: 'b', asModerator: false });
      expect(room.value).toEqual(before);
      expect(room.take()).toEqual([{ type: 'request.refused', to: 'b', code: 'ai_control_not_yours' }]);
    }
  });

  test('[R28] is released when its holder leaves, or whoever is about to hold it', async () => {
    for (const room of [await granting(), await RoomUnderTest.withController('a', 'b', 'c')]) {
      room.send({ type: 'user.left', id: 'a', reason: 'dropped' });
      expect(room.value).toEqual({ aiActive: 'free' });
      expect(room.take()).toEqual([{ type: 'user.departed', id: 'a', reason: 'dropped' }, CHANGED]);
      expect(room.state.ai).toEqual({ enabled: true, connectionPending: false });
      expect(room.state.users.map((user) => user.id)).toEqual(['b', 'c', 'ai']);
    }
  });

  test('[R28] stays when somebody else leaves', async () => {
    const room = await RoomUnderTest.withController('a', 'b', 'c');
    room.send({ type: 'user.left', id: 'b', reason: 'left' });
    expect(room.value).toEqual({ aiActive: 'held' });
    expect(room.state.ai.controllingUser).toBe('a');
  });

  test('[R32] a connection of one’s own is passed on while there is an AI, and changes nothing', async () => {
    const connect = { type: 'ai.connect', by: 'a', offer: 'an offer' } as const;
    const request = { type: 'ai.connection.requested', by: 'a', session: SESSION, offer: 'an offer' };
    for (const room of [
      await RoomUnderTest.withAi('a', 'b'),
      await granting(),
      await RoomUnderTest.withController('b', 'a'),
    ]) {
      const { value, context } = room.actor.getSnapshot();
      room.take();
      room.send(connect, { ...connect, by: 'a stranger' });
      expect(room.take()).toEqual([request]);
      expect(room.actor.getSnapshot()).toMatchObject({ value, context });
    }
  });

  test('[R32] a connection is refused without an AI', () => {
    for (const room of [new RoomUnderTest().join('a', 'b'), inviting()]) {
      room.take();
      room.send({ type: 'ai.connect', by: 'a', offer: 'an offer' });
      expect(room.take()).toEqual([{ type: 'request.refused', to: 'a', code: 'ai_not_active' }]);
    }
  });

  test('[R29] is refused without an AI', () => {
    for (const room of [new RoomUnderTest().join('a', 'b'), inviting()]) {
      room.take();
      room.send(
        { type: 'ai.control.request', by: 'a', track: TRACK },
        { type: 'ai.control.release', by: 'b', asModerator: true },
      );
      expect(room.take()).toEqual([
        { type: 'request.refused', to: 'a', code: 'ai_not_active' },
        { type: 'request.refused', to: 'b', code: 'ai_not_active' },
      ]);
    }
  });
});
