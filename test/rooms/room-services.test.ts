import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import type { AiSession } from '../../machines/room.context.ts';
import { roomMachine } from '../../machines/room.machine.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { unconfiguredVoice } from '../../src/voice/voice.unconfigured.ts';
import type { Voice } from '../../src/voice/voice.ts';
import { endOfTurn, FakeClock } from '../support/fake-clock.ts';
import { SESSION } from '../support/room-actor.ts';

const DELAYS = { emptyRoomGrace: 1, aiConnectTimeout: 2, aiRouteTimeout: 3, aiSessionLimit: 4 };

function startRoom(voice: Voice, clock = new FakeClock()) {
  const actor = createActor(bindRoomMachine(roomMachine, voice, DELAYS, clock), { clock });
  actor.start();
  actor.send({ type: 'user.joined', id: 'a', name: 'alice', meetingId: 'm' });
  actor.send({ type: 'ai.enable', by: 'a', owner: 'sid:a' });
  return actor;
}

test('[R30] a call that cannot be watched is closed', async () => {
  const closed: AiSession[] = [];
  const actor = startRoom({
    ...unconfiguredVoice,
    open: () => Promise.resolve(SESSION),
    onEnded: () => {
      throw new Error('no subscription');
    },
    close: (session) => void closed.push(session),
  });
  await endOfTurn();
  await endOfTurn();
  expect(actor.getSnapshot().value).toBe('active');
  expect(closed).toEqual([SESSION]);
});

test('[R30] a call is closed, once, when the upstream says that it ended', async () => {
  const closed: AiSession[] = [];
  let end = (): void => {};
  const actor = startRoom({
    ...unconfiguredVoice,
    open: () => Promise.resolve(SESSION),
    onEnded: (_, callback) => {
      end = callback;
      return () => {};
    },
    close: (session) => void closed.push(session),
  });
  await endOfTurn();
  expect(closed).toEqual([]);
  end();
  expect(actor.getSnapshot().value).toBe('active');
  expect(closed).toEqual([SESSION]);
});

test('[R19] the bound delays are those of the configuration', () => {
  const clock = new FakeClock();
  const actor = startRoom({ ...unconfiguredVoice, open: () => new Promise(() => {}) }, clock);
  clock.advance(1);
  expect(actor.getSnapshot().value).toBe('aiConnecting');
  clock.advance(1);
  expect(actor.getSnapshot().value).toBe('active');
});
