import { describe, expect, test } from 'vitest';
import { newUser } from '../../machines/room.context.ts';
import { PRESENCE, RoomUnderTest } from '../support/room-actor.ts';

const CHANGED = { type: 'room.changed' } as const;

describe('joining', () => {
  test('[R1] starts idle, without users and without a meeting', () => {
    const room = new RoomUnderTest();
    expect(room.value).toBe('idle');
    expect(room.state).toEqual({ ai: { enabled: false }, meetingId: '', users: [] });
    expect(room.effects).toEqual([]);
  });

  test('[R2] the first join starts a meeting and makes the room active', () => {
    const room = new RoomUnderTest().join('a');
    expect(room.value).toBe('active');
    expect(room.state.meetingId).toBe('m-a');
    expect(room.effects).toEqual([{ type: 'meeting.started', meetingId: 'm-a' }, CHANGED]);
  });

  test('[R2] a second join belongs to the same meeting', () => {
    const room = new RoomUnderTest().join('a');
    room.take();
    room.join('b');
    expect(room.state.meetingId).toBe('m-a');
    expect(room.effects).toEqual([CHANGED]);
  });

  test('[R3] a join during the grace goes on with the meeting', () => {
    const room = new RoomUnderTest().join('a').send({ type: 'user.left', id: 'a', reason: 'left' });
    room.clock.advance(14_999);
    room.take();
    room.join('b');
    expect(room.value).toBe('active');
    expect(room.state.meetingId).toBe('m-a');
    expect(room.effects).toEqual([CHANGED]);
  });

  test('[R4] a join of a user who is here changes nothing', () => {
    const room = new RoomUnderTest().join('a').send({ type: 'user.updated', id: 'a', presence: PRESENCE });
    const before = room.actor.getSnapshot().context;
    room.take();
    room.send({ type: 'user.joined', id: 'a', name: 'another', meetingId: 'm-2' });
    expect(room.actor.getSnapshot().context).toEqual(before);
    expect(room.effects).toEqual([]);
  });

  test('[R5] a new user has not joined, is silent and has no tracks', () => {
    expect(new RoomUnderTest().join('a').state.users).toEqual([
      {
        id: 'a',
        name: "a's name",
        joined: false,
        raisedHand: false,
        speaking: false,
        tracks: {
          audioEnabled: false,
          audioUnavailable: false,
          videoEnabled: false,
          screenShareEnabled: false,
        },
      },
    ]);
  });

  test('[R6] users stand in the order of their ids, whatever the order of their coming', () => {
    const room = new RoomUnderTest().join('m', 'z', 'a', 'B', 'é', '10', '9');
    expect(room.state.users.map((user) => user.id)).toEqual(['10', '9', 'B', 'a', 'm', 'z', 'é']);
  });
});

describe('presence', () => {
  test('[R7] an update replaces the presence as a whole and leaves id and name', () => {
    const room = new RoomUnderTest()
      .join('a', 'b')
      .send({ type: 'user.updated', id: 'a', presence: PRESENCE });
    const less = { joined: true, raisedHand: true, speaking: false, tracks: { audioUnavailable: true } };
    room.send({ type: 'user.updated', id: 'a', presence: less });
    expect(room.state.users).toEqual([{ id: 'a', name: "a's name", ...less }, newUser('b', "b's name")]);
  });

  test('[R7] an update of a stranger changes nothing', () => {
    const room = new RoomUnderTest().join('a');
    room.take();
    room.send({ type: 'user.updated', id: 'x', presence: PRESENCE });
    expect(room.state.users.map((user) => user.id)).toEqual(['a']);
    expect(room.effects).toEqual([]);
  });

  test.each([
    ['joined', { ...PRESENCE, joined: false }],
    ['raisedHand', { ...PRESENCE, raisedHand: true }],
    ['speaking', { ...PRESENCE, speaking: true }],
    ['transceiverSessionId', { ...PRESENCE, transceiverSessionId: 'other' }],
    ['audioEnabled', { ...PRESENCE, tracks: { ...PRESENCE.tracks, audioEnabled: false } }],
    ['audioUnavailable', { ...PRESENCE, tracks: { ...PRESENCE.tracks, audioUnavailable: true } }],
    ['videoEnabled', { ...PRESENCE, tracks: { ...PRESENCE.tracks, videoEnabled: true } }],
    ['screenShareEnabled', { ...PRESENCE, tracks: { ...PRESENCE.tracks, screenShareEnabled: true } }],
    ['audio', { ...PRESENCE, tracks: { ...PRESENCE.tracks, audio: 'other' } }],
    ['video', { ...PRESENCE, tracks: { ...PRESENCE.tracks, video: 'v' } }],
    ['screenshare', { ...PRESENCE, tracks: { ...PRESENCE.tracks, screenshare: 's' } }],
  ])('[R8] a change of %s is announced, and the same again is not', (_, presence) => {
    const room = new RoomUnderTest().join('a').send({ type: 'user.updated', id: 'a', presence: PRESENCE });
    room.take();
    room.send({ type: 'user.updated', id: 'a', presence });
    expect(room.take()).toEqual([CHANGED]);
    room.send({ type: 'user.updated', id: 'a', presence: structuredClone(presence) });
    expect(room.take()).toEqual([]);
  });
});

describe('messages', () => {
  test('[R9] muting tells the target, switches its audio off and announces that', () => {
    const room = new RoomUnderTest()
      .join('a', 'b')
      .send({ type: 'user.updated', id: 'b', presence: PRESENCE });
    room.take();
    room.send({ type: 'user.mute', by: 'a', id: 'b' });
    expect(room.take()).toEqual([{ type: 'user.muted', id: 'b' }, CHANGED]);
    expect(room.state.users[1]?.tracks).toEqual({ ...PRESENCE.tracks, audioEnabled: false });
  });

  test('[R9] muting somebody who is muted tells the target and announces nothing', () => {
    const room = new RoomUnderTest().join('a', 'b');
    room.take();
    room.send({ type: 'user.mute', by: 'a', id: 'b' });
    expect(room.take()).toEqual([{ type: 'user.muted', id: 'b' }]);
  });

  test('[R9] muting somebody who says nothing of audio says that it is off', () => {
    const room = new RoomUnderTest()
      .join('a')
      .send({ type: 'user.updated', id: 'a', presence: { ...PRESENCE, tracks: {} } });
    room.take();
    room.send({ type: 'user.mute', by: 'a', id: 'a' });
    expect(room.take()).toEqual([{ type: 'user.muted', id: 'a' }, CHANGED]);
    expect(room.state.users[0]?.tracks).toEqual({ audioEnabled: false });
  });

  test('[R9] muting nobody is refused to the sender', () => {
    const room = new RoomUnderTest().join('a');
    room.take();
    room.send({ type: 'user.mute', by: 'a', id: 'nobody' });
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'a', code: 'user_not_found' }]);
  });

  test('[R10] a direct message reaches its target with the name of its sender', () => {
    const room = new RoomUnderTest().join('a', 'b');
    room.take();
    room.send({ type: 'message.deliver', by: 'a', to: 'b', messageJson: '"hi"' });
    expect(room.take()).toEqual([
      { type: 'message.directed', by: 'a', to: 'b', from: "a's name", messageJson: '"hi"' },
    ]);
  });

  test('[R10] a direct message to nobody is refused to the sender', () => {
    const room = new RoomUnderTest().join('a');
    room.take();
    room.send({ type: 'message.deliver', by: 'a', to: 'nobody', messageJson: '"hi"' });
    expect(room.take()).toEqual([{ type: 'request.refused', to: 'a', code: 'user_not_found' }]);
  });

  test('[R11] a relayed frame is passed on as it is', () => {
    const room = new RoomUnderTest().join('a', 'b');
    room.take();
    room.send({ type: 'message.relay', by: 'a', frame: '{"type":"e2eeMlsMessage"}' });
    expect(room.take()).toEqual([{ type: 'message.relayed', from: 'a', frame: '{"type":"e2eeMlsMessage"}' }]);
  });

  test('[R12] what a stranger asks for is ignored, from every state', async () => {
    const rooms = [
      new RoomUnderTest(),
      new RoomUnderTest().join('a'),
      new RoomUnderTest().join('a').send({ type: 'ai.enable', by: 'a', owner: 'sid:a' }),
      await RoomUnderTest.withAi('a'),
      await RoomUnderTest.withController('a'),
    ];
    for (const room of rooms) {
      room.take();
      const before = room.actor.getSnapshot();
      room.send(
        { type: 'user.updated', id: 'x', presence: PRESENCE },
        { type: 'user.left', id: 'x', reason: 'left' },
        { type: 'user.mute', by: 'x', id: 'a' },
        { type: 'message.deliver', by: 'x', to: 'a', messageJson: '1' },
        { type: 'message.relay', by: 'x', frame: '{}' },
        { type: 'ai.enable', by: 'x', owner: 'sid:a' },
        { type: 'ai.disable', by: 'x' },
        { type: 'ai.control.request', by: 'x', track: { sessionId: 's', trackName: 't' } },
        { type: 'ai.control.release', by: 'x', asModerator: true },
      );
      expect(room.effects).toEqual([]);
      expect(room.value).toEqual(before.value);
      expect(room.actor.getSnapshot().context).toEqual(before.context);
    }
  });
});

describe('leaving', () => {
  test.each(['left', 'dropped', 'timedOut'] as const)(
    '[R12] a departure (%s) is announced once, before the change',
    (reason) => {
      const room = new RoomUnderTest().join('a', 'b');
      room.take();
      room.send({ type: 'user.left', id: 'a', reason }, { type: 'user.left', id: 'a', reason });
      expect(room.take()).toEqual([{ type: 'user.departed', id: 'a', reason }, CHANGED]);
      expect(room.state.users).toEqual([newUser('b', "b's name")]);
    },
  );

  test('[R13] the last user to leave makes the room idle, from every state, and nothing of the AI stays', async () => {
    const connecting = new RoomUnderTest().join('a').send({ type: 'ai.enable', by: 'a', owner: 'sid:a' });
    const failed = new RoomUnderTest().join('a').send({ type: 'ai.enable', by: 'a', owner: 'sid:a' });
    failed.opens[0]?.reject(new Error('upstream'));
    const rooms = [
      new RoomUnderTest().join('a'),
      connecting,
      failed,
      await RoomUnderTest.withAi('a'),
      await RoomUnderTest.withController('a'),
    ];
    for (const room of rooms) {
      const { meetingId } = room.state;
      room.take();
      room.send({ type: 'user.left', id: 'a', reason: 'left' });
      expect(room.value).toBe('idle');
      expect(room.take()).toEqual([{ type: 'user.departed', id: 'a', reason: 'left' }, CHANGED]);
      expect(room.state).toEqual({ ai: { enabled: false }, meetingId, users: [] });
      expect(room.held).toEqual([]);
      expect(room.clock.timerCount).toBe(1);
    }
  });

  test('[R14] an empty room ends its meeting after the grace, and leaves no timer', () => {
    const room = new RoomUnderTest().join('a').send({ type: 'user.left', id: 'a', reason: 'left' });
    room.take();
    room.clock.advance(14_999);
    expect(room.take()).toEqual([]);
    room.clock.advance(1);
    expect(room.take()).toEqual([{ type: 'meeting.ended', meetingId: 'm-a' }]);
    expect(room.state.meetingId).toBe('');
    expect(room.clock.timerCount).toBe(0);
  });

  test('[R14] a room that was never used has no meeting to end', () => {
    const room = new RoomUnderTest();
    room.clock.advance(60_000);
    expect(room.effects).toEqual([]);
  });
});

describe('being restored', () => {
  const bob = { ...newUser('b', 'bob'), raisedHand: true };
  const restored = (users = [bob, newUser('a', 'alice')]) =>
    ({ type: 'room.restored', meetingId: 'm-0', users }) as const;

  test('[R31] brings meeting and users back, without telling that anybody came', () => {
    const room = new RoomUnderTest().send(restored());
    expect(room.value).toBe('active');
    expect(room.effects).toEqual([]);
    expect(room.state).toEqual({
      ai: { enabled: false },
      meetingId: 'm-0',
      users: [newUser('a', 'alice'), bob],
    });
    room.clock.advance(60_000);
    expect(room.state.meetingId).toBe('m-0');
  });

  test('[R31] nobody speaks who is not there yet', () => {
    const room = new RoomUnderTest().send(restored([{ ...bob, speaking: true }]));
    expect(room.state.users).toEqual([bob]);
  });

  test('[R31] [R14] without users the room is idle, and its meeting ends after the grace', () => {
    const room = new RoomUnderTest().send(restored([]));
    expect(room.value).toBe('idle');
    room.clock.advance(14_999);
    expect(room.effects).toEqual([]);
    room.clock.advance(1);
    expect(room.effects).toEqual([{ type: 'meeting.ended', meetingId: 'm-0' }]);
  });

  test('[R31] [R14] the grace is a whole one, however long the room was unused', () => {
    for (const unusedMs of [10_000, 15_000]) {
      const room = new RoomUnderTest();
      room.clock.advance(unusedMs);
      room.send({ type: 'room.restored', meetingId: 'm-0', users: [] });
      room.clock.advance(14_999);
      expect(room.take()).toEqual([]);
      room.clock.advance(1);
      expect(room.take()).toEqual([{ type: 'meeting.ended', meetingId: 'm-0' }]);
    }
  });

  test('[R31] a room in use is not overwritten', async () => {
    const emptied = new RoomUnderTest().join('a').send({ type: 'user.left', id: 'a', reason: 'left' });
    const rooms = [
      new RoomUnderTest().join('a'),
      emptied,
      new RoomUnderTest().join('a').send({ type: 'ai.enable', by: 'a', owner: 'sid:a' }),
      await RoomUnderTest.withController('a'),
    ];
    for (const room of rooms) {
      const before = room.actor.getSnapshot();
      room.take();
      room.send(restored());
      expect(room.value).toEqual(before.value);
      expect(room.actor.getSnapshot().context).toEqual(before.context);
      expect(room.effects).toEqual([]);
    }
  });
});
