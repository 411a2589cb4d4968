import { describe, expect, test } from 'vitest';
import { createActor, type Actor } from 'xstate';
import { roomMachine, type RoomMachine } from '../../machines/room.machine.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { CountingVoice } from '../support/counting-voice.ts';
import { BOOM, boom, throwsOnAnswer, throwsOnUpdate } from '../support/failing-machines.ts';
import { DELAYS } from '../support/fake-room.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';
import { endOfTimers, watchProcess } from '../support/process-errors.ts';
import { TwoRooms } from '../support/two-rooms.ts';

const MICROTASKS = [0, 1, 2, 3, 4, 5, 6];
const ONCE = { opened: ['call-1'], closed: ['call-1'] };

async function microtasks(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await Promise.resolve();
}

/** Both steps in both orders, so many microtasks apart. */
const INTERLEAVINGS = MICROTASKS.flatMap((apart) => [
  { apart, answerFirst: true },
  { apart, answerFirst: false },
]);

async function interleave(
  { apart, answerFirst }: { apart: number; answerFirst: boolean },
  answer: () => void,
  other: () => void,
): Promise<void> {
  const [first, second] = answerFirst ? [answer, other] : [other, answer];
  first();
  await microtasks(apart);
  second();
  await endOfTurn();
}

/** A room's actor with its real services, in which the AI has been asked for. */
class Inviting {
  readonly voice = new CountingVoice();
  readonly clock = new FakeClock();
  readonly actor: Actor<RoomMachine>;

  constructor() {
    const machine = bindRoomMachine(roomMachine, this.voice, DELAYS, this.clock);
    this.actor = createActor(machine, { clock: this.clock });
    this.actor.start();
    this.actor.send({ type: 'user.joined', id: 'a', name: 'a', meetingId: 'meeting' });
    this.enable();
  }

  enable(): void {
    this.actor.send({ type: 'ai.enable', by: 'a', owner: 'sid:a' });
  }

  disable(): void {
    this.actor.send({ type: 'ai.disable', by: 'a' });
  }
}

const CANCELS: readonly { readonly what: string; readonly cancel: (room: Inviting) => void }[] = [
  { what: 'ai.disable', cancel: (room) => room.disable() },
  {
    what: 'the leaving of the last user',
    cancel: ({ actor }) => actor.send({ type: 'user.left', id: 'a', reason: 'left' }),
  },
  {
    what: 'a cancel and a second invitation',
    cancel: (room) => {
      room.disable();
      room.enable();
    },
  },
  { what: 'the stop of the server', cancel: ({ actor }) => void actor.stop() },
];

test.for(CANCELS)('[R30] a call is closed once when $what races its answer', async ({ cancel }) => {
  const errors = watchProcess();
  for (const order of INTERLEAVINGS) {
    const room = new Inviting();
    await interleave(
      order,
      () => room.voice.answer(),
      () => cancel(room),
    );
    expect({ ...order, calls: room.voice.calls }).toEqual({ ...order, calls: ONCE });
    room.actor.stop();
    expect({ ...order, calls: room.voice.calls }).toEqual({ ...order, calls: ONCE });
  }
  await endOfTimers();
  expect(errors).toEqual([]);
});

test('[R30] [R19] a call is closed once when its answer races the timeout; if it is in time it stays', async () => {
  for (const order of INTERLEAVINGS) {
    const room = new Inviting();
    await interleave(
      order,
      () => room.voice.answer(),
      () => room.clock.advance(20_000),
    );
    const inTime = room.actor.getSnapshot().value !== 'active';
    expect({ ...order, ...room.voice.calls }).toEqual({
      ...order,
      ...ONCE,
      closed: inTime ? [] : ['call-1'],
    });
    room.actor.stop();
    expect({ ...order, ...room.voice.calls }).toEqual({ ...order, ...ONCE });
  }
});

test('[R30] [R16] of two invitations each call is closed once, in whatever order they are answered', async () => {
  for (const apart of MICROTASKS) {
    for (const first of [0, 1]) {
      const room = new Inviting();
      room.disable();
      room.enable();
      room.voice.answer(first);
      await microtasks(apart);
      room.voice.answer();
      await endOfTurn();
      expect(room.actor.getSnapshot().context.session?.callId).toBe('call-2');
      expect(room.voice.calls.closed).toEqual(['call-1']);
      room.disable();
      expect(room.voice.calls.closed).toEqual(['call-1', 'call-2']);
      expect([...room.voice.opened].sort()).toEqual(['call-1', 'call-2']);
    }
  }
});

describe('a room that fails', () => {
  /** The doomed room with an AI that was asked for. */
  async function invited(machine: RoomMachine): Promise<TwoRooms> {
    const rooms = await TwoRooms.open(machine);
    rooms.say(rooms.alice, { type: 'enableAi' });
    return rooms;
  }

  test('[H13] [R30] closes the call whose answer races the failure', async () => {
    const errors = watchProcess();
    for (const order of INTERLEAVINGS) {
      const rooms = await invited(throwsOnUpdate);
      await interleave(
        order,
        () => rooms.voice.answer(),
        () => rooms.say(rooms.alice, BOOM),
      );
      expect({ ...order, end: rooms.alice.end?.code, calls: rooms.voice.calls }).toEqual({
        ...order,
        end: 1011,
        calls: ONCE,
      });
    }
    await endOfTimers();
    expect(errors).toEqual([]);
  });

  test('[H13] [R30] closes the call while audio is on its way into it', async () => {
    const rooms = await invited(throwsOnUpdate);
    rooms.voice.answer();
    await endOfTurn();
    rooms.say(rooms.alice, { type: 'requestAiControl', track: { sessionId: 's', trackName: 't' } });
    expect(rooms.registry.get('doomed')?.snapshot.value).toEqual({ aiActive: 'granting' });
    expect(rooms.voice.calls).toEqual({ opened: ['call-1'], closed: [] });
    rooms.say(rooms.alice, BOOM);
    await endOfTurn();
    expect(rooms.voice.calls).toEqual(ONCE);
  });

  test('[H13] [R30] closes the call when what fails is the sending of a state', async () => {
    const rooms = await invited(roomMachine);
    rooms.voice.answer();
    rooms.transport.faultyTopic = 'room/doomed';
    await endOfTurn();
    await endOfTurn();
    expect(rooms.alice.end?.code).toBe(1011);
    expect(rooms.voice.calls).toEqual(ONCE);
  });

  test('[H13] [R30] closes the call when it fails on the answer itself', async () => {
    const rooms = await TwoRooms.open(throwsOnAnswer);
    rooms.say(rooms.alice, { type: 'enableAi' });
    rooms.voice.answer();
    await endOfTurn();
    await endOfTurn();
    expect(rooms.alice.end?.code).toBe(1011);
    expect(rooms.voice.calls).toEqual(ONCE);
  });

  test('[H13] [R30] closes the call when its clean-up is what fails', async () => {
    const rooms = await TwoRooms.open(roomMachine);
    rooms.say(rooms.alice, { type: 'enableAi' });
    rooms.voice.onEnded = () => boom;
    rooms.voice.answer();
    await endOfTurn();
    rooms.say(rooms.alice, { type: 'disableAi' });
    await endOfTurn();
    expect(rooms.alice.end?.code).toBe(1011);
    expect(rooms.voice.calls).toEqual(ONCE);
  });
});
