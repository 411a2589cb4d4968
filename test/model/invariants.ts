import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { toRoomState, type RoomContext } from '../../machines/room.context.ts';
import type { RoomEffect } from '../../machines/room.events.ts';
import { aiPhase, type RoomSnapshot } from '../../machines/room.machine.ts';
import type { RoomState } from '../../src/protocol/messages.ts';
import type { Step } from './model.ts';
import { isOutcome, type Move } from './moves.ts';
import { stateOf, type State } from './states.ts';

/** Which fields hold something, by state; users and meeting apart. */
const HOLDS: Readonly<Record<State, readonly (keyof RoomContext)[]>> = {
  idle: [],
  active: [],
  aiConnecting: ['invitation'],
  'aiActive.free': ['invitation', 'session'],
  'aiActive.granting': ['invitation', 'session', 'controller'],
  'aiActive.held': ['invitation', 'session', 'controller'],
};

export const viewOf = (snapshot: RoomSnapshot): RoomState => toRoomState(aiPhase(snapshot), snapshot.context);

/** With the users in their order, which a comparison of maps does not see. */
export const readable = (context: RoomContext): Readonly<Record<keyof RoomContext, unknown>> => ({
  ...context,
  users: [...context.users.values()],
});

/** What is so in every state of every room, and of every step from one to the next, whatever the machine says. */
export function assertSound(before: RoomSnapshot, move: Move, { snapshot, effects }: Step): void {
  assertSoundState(snapshot);
  assertSoundStep(before.context, snapshot.context, effects);
  const told = effects.some(({ type }) => type === 'room.changed');
  // The grace ends, and a room is restored, where nobody is to be told.
  const silent = move.type === 'room.restored' || effects.some(({ type }) => type === 'meeting.ended');
  const changed = !isDeepStrictEqual(viewOf(before), viewOf(snapshot));
  assert.equal(told, changed && !silent, 'everybody is told of a change, and of nothing else');
  for (const effect of effects) if (effect.type === 'request.refused') assertRefusal(before, move, effect.to);
}

function assertSoundState(snapshot: RoomSnapshot): void {
  const { users, meetingId, aiFailure, invitation, session, controller } = snapshot.context;
  const state = stateOf(snapshot);
  const held = Object.entries({ invitation, session, controller }).filter(([, value]) => value !== null);
  assert.deepEqual(
    held.map(([field]) => field),
    HOLDS[state],
    'what is known of the AI',
  );
  assert.deepEqual([...users.keys()], [...users.keys()].toSorted(), 'the order of users');
  assert.equal(users.size > 0, state !== 'idle', 'users make a room busy');
  assert.ok(meetingId !== null || users.size === 0, 'no users without a meeting');
  assert.ok(controller === null || users.has(controller), 'the controller is here');
  assert.ok(aiFailure === null || state === 'active', 'a failure is shown where there is no AI');
}

function assertSoundStep(before: RoomContext, after: RoomContext, effects: readonly RoomEffect[]): void {
  const types = effects.map(({ type }) => type);
  const gone = [...before.users.keys()].filter((id) => !after.users.has(id));
  const departed = effects.flatMap((effect) => (effect.type === 'user.departed' ? [effect.id] : []));
  assert.deepEqual(departed, gone, 'who leaves is announced');
  const last = types.indexOf('room.changed');
  assert.ok(last < 0 || last === types.length - 1, 'whom it concerns is told before the room');
  const ended = before.meetingId !== null && after.meetingId === null;
  assert.equal(types.includes('meeting.ended'), ended, 'the end of a meeting is announced');
  const goesOn = before.meetingId === null || ended || after.meetingId === before.meetingId;
  assert.ok(goesOn, 'a meeting keeps its id');
}

/** A refusal goes to who asked, or to whom the outcome concerns, and to nobody who is not here. */
function assertRefusal({ context }: RoomSnapshot, move: Move, to: string): void {
  const asker = !isOutcome(move) && 'by' in move ? move.by : context.controller;
  assert.equal(to, asker, 'who is refused');
  assert.ok(context.users.has(to), 'only who is here is refused');
}
