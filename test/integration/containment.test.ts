import { describe, expect, test } from 'vitest';
import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import { ERRORS } from '../../src/errors.ts';
import type { RoomState } from '../../src/protocol/messages.ts';
import { CountingVoice } from '../support/counting-voice.ts';
import {
  boom,
  BOOM,
  throwsInGuard,
  throwsOnAnswer,
  throwsOnMeetingEnd,
  throwsOnTimeout,
  throwsOnUpdate,
} from '../support/failing-machines.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { endOfTimers, watchProcess } from '../support/process-errors.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { Frame, TestClient } from '../support/test-client.ts';
import { TwoRooms } from '../support/two-rooms.ts';

const FAILED = { code: 1011, reason: ERRORS.room_failed.text };

const presence = { joined: true, raisedHand: false, speaking: false, tracks: {} };
const relay = (n: number) => ({ type: 'e2eeMlsMessage', n });

class VoiceThatCannotBeLeft extends CountingVoice {
  override onEnded(): () => void {
    return boom;
  }
}

type Doomed = { readonly server: TestServer; readonly alice: TestClient; readonly voice: CountingVoice };

/** Invites the AI, and waits until the room has asked for it. */
async function invite({ alice }: Doomed): Promise<void> {
  alice.send({ type: 'enableAi' });
  await alice.settle();
}

const FAILURES: readonly {
  readonly what: string;
  readonly machine: RoomMachine;
  readonly voice?: CountingVoice;
  readonly fail: (doomed: Doomed) => Promise<void> | void;
}[] = [
  { what: 'an action throws', machine: throwsOnUpdate, fail: ({ alice }) => alice.send(BOOM) },
  {
    what: 'a guard throws',
    machine: throwsInGuard,
    fail: ({ alice }) => alice.send({ type: 'directMessage', to: 'boom', message: '' }),
  },
  {
    what: 'a timer of the machine throws',
    machine: throwsOnTimeout,
    fail: async (doomed) => {
      await invite(doomed);
      doomed.server.clock.advance(2_000);
    },
  },
  {
    what: 'what follows a service throws',
    machine: throwsOnAnswer,
    fail: async (doomed) => {
      await invite(doomed);
      doomed.voice.answer();
    },
  },
  {
    what: 'the clean-up of a service throws',
    machine: roomMachine,
    voice: new VoiceThatCannotBeLeft(),
    fail: async (doomed) => {
      await invite(doomed);
      doomed.voice.answer();
      await doomed.alice.waitFor(({ state }) => (state as { ai: { enabled: boolean } }).ai.enabled);
      doomed.alice.send({ type: 'disableAi' });
    },
  },
];

const EFFECTS: readonly {
  readonly what: string;
  readonly ends: readonly unknown[];
  readonly fail: (rooms: TwoRooms) => void;
}[] = [
  {
    what: 'the sending of a state',
    ends: [FAILED, FAILED],
    fail: (rooms) => {
      rooms.transport.faultyTopic = 'room/doomed';
      rooms.say(rooms.alice, { type: 'userUpdate', user: { ...presence, raisedHand: true } });
    },
  },
  {
    what: 'the sending of a state before something else, which would fail too,',
    ends: [FAILED, FAILED],
    fail: (rooms) => {
      rooms.transport.faultyTopic = 'room/doomed';
      rooms.say(rooms.alice, { type: 'userUpdate', user: { ...presence, raisedHand: true } });
      rooms.say(rooms.bob, { type: 'userLeft' });
    },
  },
  {
    what: 'the periodic state',
    ends: [FAILED, FAILED],
    fail: (rooms) => {
      rooms.advance(10_000);
      for (const connection of rooms.everybody) rooms.say(connection, { type: 'heartbeat' });
      rooms.transport.faultyTopic = 'room/doomed';
      rooms.advance(5_000);
    },
  },
  {
    what: 'the relay of a message',
    ends: [FAILED, FAILED],
    fail: (rooms) => {
      rooms.transport.faultyTopic = 'room/doomed';
      rooms.say(rooms.alice, relay(0));
    },
  },
  {
    what: 'the sending to one connection',
    ends: [FAILED, FAILED],
    fail: (rooms) => {
      rooms.alice.faulty = true;
      rooms.say(rooms.bob, { type: 'muteUser', id: 'alice' });
    },
  },
  {
    what: 'the announcement of who is gone',
    ends: [undefined, FAILED],
    fail: (rooms) => {
      rooms.drop(rooms.alice);
      rooms.transport.faultyTopic = 'room/doomed';
      rooms.advance(9_000);
    },
  },
];

const failureLines = (lines: readonly Record<string, unknown>[]) =>
  lines.filter(({ level }) => Number(level) >= 50);

const failureLine = (room: string) => ({
  level: 50,
  time: expect.any(Number),
  room,
  err: expect.objectContaining({ message: expect.stringContaining('boom') }),
  msg: 'room failed',
});

const stateOf = (...ids: string[]) => ({
  type: 'roomState',
  state: {
    ai: { enabled: false },
    meetingId: expect.any(String),
    users: ids.map((id) => expect.objectContaining({ id })),
  },
});

const meetingOf = (frame: Frame | undefined): unknown =>
  (frame?.['state'] as RoomState | undefined)?.meetingId;

async function join(server: TestServer, room: string, ...ids: string[]): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (const id of ids) clients.push(await server.connect({ room, id, name: id }));
  for (const client of clients) await client.settle();
  return clients;
}

describe('a room that fails', () => {
  test.for(FAILURES)('[H13] ends alone, and goes on with what remains, when $what', async (failure) => {
    const { machine, voice = new CountingVoice(), fail } = failure;
    const errors = watchProcess();
    const server = await startServer({ AI_CONNECT_TIMEOUT_MS: '1500' }, { machine, voice });
    const [carol, dave] = (await join(server, 'quiet', 'carol', 'dave')) as [TestClient, TestClient];
    const [alice, bob] = (await join(server, 'doomed', 'alice', 'bob')) as [TestClient, TestClient];
    dave.take();
    carol.send(relay(1));

    await fail({ server, alice, voice });
    carol.send(relay(2));
    expect(await Promise.all([alice.closed, bob.closed])).toEqual([FAILED, FAILED]);

    const [again, friend] = (await join(server, 'doomed', 'alice', 'bob')) as [TestClient, TestClient];
    const before = alice.frames.findLast(({ type }) => type === 'roomState');
    expect(again.frames).toEqual([
      { ...before, state: { ...stateOf('alice', 'bob').state, meetingId: meetingOf(before) } },
    ]);
    again.send(relay(7));
    await again.settle();
    await friend.settle();
    expect(friend.frames).toEqual([stateOf('alice', 'bob'), relay(7)]);

    carol.send(relay(3));
    await carol.settle();
    await dave.settle();
    expect(dave.frames).toEqual([relay(1), relay(2), relay(3)]);
    expect(server.app.stats()).toEqual({ rooms: 2, connections: 4 });
    await endOfTimers();
    expect(failureLines(server.logLines)).toEqual([failureLine('doomed')]);
    expect(errors).toEqual([]);
  });
});

describe('a room without sockets', () => {
  test.for(EFFECTS)(
    '[H13] ends alone, and goes on with what remains, when $what fails',
    async ({ fail, ends }) => {
      const errors = watchProcess();
      const rooms = await TwoRooms.open();
      const doomed = rooms.registry.get('doomed');
      fail(rooms);
      await endOfTurn();
      expect([rooms.alice.end, rooms.bob.end]).toEqual(ends);
      expect(rooms.registry.get('doomed')).not.toBe(doomed);
      rooms.transport.faultyTopic = '';

      rooms.carol.take();
      rooms.dave.take();
      rooms.say(rooms.carol, relay(1));
      rooms.say(rooms.dave, relay(2));
      expect([rooms.carol.end, rooms.carol.frames]).toEqual([undefined, [relay(2)]]);
      expect([rooms.dave.end, rooms.dave.frames]).toEqual([undefined, [relay(1)]]);

      const again = rooms.join('doomed', 'alice');
      const friend = rooms.join('doomed', 'bob');
      rooms.say(again, relay(7));
      await endOfTurn();
      expect([again.end, again.frames]).toEqual([undefined, [stateOf('alice', 'bob')]]);
      expect([friend.end, friend.frames]).toEqual([undefined, [stateOf('alice', 'bob'), relay(7)]]);
      await rooms.journal.flush();
      const stored = (await rooms.store.readLiveRooms()).find(({ name }) => name === 'doomed');
      expect(stored?.participants.map(({ id, owner }) => [id, owner])).toEqual([
        ['alice', 'alice'],
        ['bob', 'bob'],
      ]);
      await endOfTimers();
      expect(failureLines(rooms.logLines)).toEqual([failureLine('doomed')]);
      expect(errors).toEqual([]);
    },
  );

  test('[H13] [S7] what a failed room leaves is what the store gets, though its last step was cut short', async () => {
    const rooms = await TwoRooms.open();
    await rooms.journal.flush();
    rooms.drop(rooms.alice);
    rooms.transport.faultyTopic = 'room/doomed';
    rooms.advance(9_000);
    await rooms.journal.flush();
    const stored = (await rooms.store.readLiveRooms()).find(({ name }) => name === 'doomed');
    expect(stored?.participants.map(({ id }) => id)).toEqual(['bob']);
  });

  test('[H13] a newcomer who comes as the room fails is closed with the others', async () => {
    const rooms = await TwoRooms.open();
    rooms.transport.faultyTopic = 'room/doomed';
    const eve = rooms.join('doomed', 'eve');
    await endOfTurn();
    expect([rooms.alice.end, rooms.bob.end, eve.end]).toEqual([FAILED, FAILED, FAILED]);
    expect([rooms.carol.end, rooms.dave.end]).toEqual([undefined, undefined]);
  });

  test('[H13] [H12] leaves nothing when the end of its meeting throws, and nobody is there to notice', async () => {
    const errors = watchProcess();
    const rooms = await TwoRooms.open(throwsOnMeetingEnd);
    for (const connection of [rooms.alice, rooms.bob]) rooms.say(connection, { type: 'userLeft' });
    rooms.clock.advance(14_999);
    expect(rooms.registry.get('doomed')).toBeDefined();
    rooms.clock.advance(1);
    await endOfTurn();
    expect(rooms.registry.get('doomed')).toBeUndefined();
    // The journal writes down that the meeting has ended.
    rooms.clock.advance(50);
    await endOfTurn();
    expect(rooms.clock.timerCount).toBe(0);
    const again = rooms.join('doomed', 'alice');
    await endOfTurn();
    expect([again.end, again.frames]).toEqual([undefined, [stateOf('alice')]]);
    await endOfTimers();
    expect(failureLines(rooms.logLines)).toEqual([failureLine('doomed')]);
    expect(errors).toEqual([]);
  });

  test('[H13] a leaver on whose announcement the room fails is closed with the others', async () => {
    const rooms = await TwoRooms.open();
    rooms.transport.faultyTopic = 'room/doomed';
    rooms.say(rooms.alice, { type: 'userLeft' });
    expect([rooms.alice.end?.code, rooms.bob.end?.code]).toEqual([1011, 1011]);
  });
});
