import { createActor } from 'xstate';
import { emptyRoom, rosterOf, newUser, samePresence, withPresence } from '../../machines/room.context.ts';
import { roomMachine } from '../../machines/room.machine.ts';
import { systemClock } from '../../src/clock.ts';
import { decode } from '../../src/protocol/codec.ts';
import type { Presence } from '../../src/protocol/messages.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { bindRoomMachine } from '../../src/rooms/room-services.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { unconfiguredVoice } from '../../src/voice/voice.unconfigured.ts';
import { changes, NUMBER, people, sameAgain } from './people.ts';

/**
 * What a room's machine costs: the same messages through XState, and through the same pure functions called by hand. Both
 * decode each frame and write the state once a turn; sockets are left out. Prints one JSON object.
 */

const USERS = 10;
/** Frames that come in one turn of the event loop. */
const TURN = 10;

type Room = { readonly update: (id: string, presence: Presence) => void; readonly turn: () => void };

const everybody = people(USERS, USERS);
const meetingId = crypto.randomUUID();

function withXState(): Room {
  const encoder = new StateEncoder(new JsonCache());
  const delays = { emptyRoomGrace: 1, aiConnectTimeout: 1, aiRouteTimeout: 1, aiSessionLimit: 1 };
  const actor = createActor(bindRoomMachine(roomMachine, unconfiguredVoice, delays, systemClock), {
    clock: systemClock,
  });
  let changed = false;
  actor.subscribe({ error: (error) => console.error(error) });
  actor.on('*', ({ type }) => {
    if (type === 'room.changed') changed = true;
  });
  actor.start();
  for (const { id, name } of everybody) actor.send({ type: 'user.joined', id, name, meetingId });
  return {
    update: (id, presence) => actor.send({ type: 'user.updated', id, presence }),
    turn: () => {
      if (changed) encoder.encode(actor.getSnapshot());
      changed = false;
    },
  };
}

function byHand(): Room {
  const encoder = new StateEncoder(new JsonCache());
  let users = rosterOf(everybody.map(({ id, name }) => newUser(id, name)));
  let changed = false;
  return {
    update: (id, presence) => {
      const user = users.get(id);
      if (user === undefined || samePresence(user, presence)) return;
      users = withPresence(users, id, presence);
      changed = true;
    },
    turn: () => {
      if (changed) encoder.encode({ value: 'active', context: { ...emptyRoom, meetingId, users } });
      changed = false;
    },
  };
}

function receive(room: Room, id: string, text: string): void {
  const decoded = decode(text);
  if (decoded.ok && decoded.message.type === 'userUpdate') room.update(id, decoded.message.presence);
}

/** Events per second of CPU. */
function rate(room: Room, texts: readonly (readonly string[])[], seconds: number): number {
  const before = process.cpuUsage();
  const end = performance.now() + seconds * 1_000;
  let events = 0;
  for (let turn = 0; performance.now() < end; turn += 1) {
    for (let index = 0; index < TURN; index += 1) {
      const variants = texts[index] ?? [];
      receive(room, everybody[index]?.id ?? '', variants[turn % variants.length] ?? '');
    }
    room.turn();
    events += TURN;
  }
  const { user, system } = process.cpuUsage(before);
  return (1e6 * events) / (user + system);
}

const seconds = Number(process.argv[2] ?? '1');
const toggling = everybody.map((_, index) =>
  changes(index).map((text, odd) => text.replace(NUMBER, `0000000${odd}`)),
);
const same = everybody.map((_, index) => [sameAgain(index)]);
const result: Record<string, { with: number; without: number }> = {};
for (const [name, texts] of Object.entries({ toggling, same })) {
  const rooms = { with: withXState(), without: byHand() };
  rate(rooms.with, texts, seconds / 4);
  rate(rooms.without, texts, seconds / 4);
  result[name] = {
    with: rate(rooms.with, texts, seconds),
    without: rate(rooms.without, texts, seconds),
  };
}
console.log(JSON.stringify(result));
// The machine of an empty room would wait for its grace.
process.exit();
