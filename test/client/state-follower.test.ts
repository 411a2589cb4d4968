import fc from 'fast-check';
import { expect, test } from 'vitest';
import { presenceChanges, StateFollower } from '../../src/client/index.ts';
import type { RoomPatch, RoomState, ServerMessage } from '../../src/protocol/messages.ts';
import { PatchedState } from '../support/patched-state.ts';
import { user } from '../support/room-of.ts';

const ids = fc.constantFrom('a', 'b', 'B', 'ä', 'ai', '2', '10');
const tracks = fc.record(
  { audio: fc.constantFrom('s/1', 's/2', null), audioEnabled: fc.boolean() },
  { requiredKeys: [] },
);
const userPatch = fc.record(
  { id: ids, name: fc.constantFrom('Ada', 'Ben'), raisedHand: fc.boolean(), tracks },
  { requiredKeys: ['id'] },
);
const change = fc.record(
  {
    users: fc.record(
      { remove: fc.array(ids, { maxLength: 3 }), upsert: fc.array(userPatch, { maxLength: 3 }) },
      { requiredKeys: [] },
    ),
    ai: fc.record({ enabled: fc.boolean() }),
    meetingId: fc.constantFrom('m', 'n'),
  },
  { requiredKeys: [] },
);
/** How far the number of a patch is from the one that should come; 0 is a whole state instead. */
const step = fc.constantFrom(1, 1, 1, 1, 1, 2, 0);

const START: RoomState = { ai: { enabled: false }, meetingId: 'm', users: [user('a'), user('b')] };
type StateFrame = Extract<ServerMessage, { type: 'roomState' }>;
const WHOLE = { type: 'roomState', state: START, epoch: 'e' } as const;

test('[P2] it holds after each frame what the protocol says that a client holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, change), { maxLength: 20 }), (steps) => {
      const follower = new StateFollower();
      const reference = new PatchedState();
      let seq = 1;
      const takesInBoth = (frame: StateFrame | RoomPatch): boolean => {
        const canFollow =
          frame.type === 'roomState' || (!reference.hasGap && frame.seq === reference.seq + 1);
        reference.take(frame);
        if (frame.type === 'roomState') follower.replace(frame);
        return frame.type === 'roomState' || follower.apply(frame) === canFollow;
      };
      expect(takesInBoth({ ...WHOLE, seq })).toBe(true);
      for (const [by, fields] of steps) {
        seq += by;
        const frame = by === 0 ? { ...WHOLE, seq } : ({ type: 'roomPatch', seq, ...fields } as RoomPatch);
        expect(takesInBoth(frame)).toBe(true);
        expect(follower.state).toEqual(reference.state);
      }
    }),
  );
});

test('a patch before any state, or after another connection has begun, is not taken', () => {
  const follower = new StateFollower();
  expect(follower.apply({ type: 'roomPatch', seq: 1 })).toBe(false);
  follower.replace({ type: 'roomState', state: START, epoch: 'e', seq: 1 });
  follower.interrupt();
  expect(follower.apply({ type: 'roomPatch', seq: 2, meetingId: 'n' })).toBe(false);
  expect(follower.state).toEqual(START);
});

test('users whom a patch does not name stay the same objects', () => {
  const follower = new StateFollower();
  follower.replace({ type: 'roomState', state: START, epoch: 'e', seq: 1 });
  follower.apply({ type: 'roomPatch', seq: 2, users: { upsert: [{ id: 'b', raisedHand: true }] } });
  expect(follower.state?.users[0]).toBe(START.users[0]);
  expect(follower.state?.users[1]).toEqual({ ...user('b'), raisedHand: true });
});

test('a field named __proto__ is a field', () => {
  const follower = new StateFollower();
  follower.replace({ type: 'roomState', state: START, epoch: 'e', seq: 1 });
  const patch = JSON.parse('{"id":"a","__proto__":{"polluted":true}}') as { id: string };
  follower.apply({ type: 'roomPatch', seq: 2, users: { upsert: [patch] } });
  expect(follower.state?.users[0]).not.toHaveProperty('polluted');
  expect({}).not.toHaveProperty('polluted');
});

test('joins, leaves and updates are what is between two states', () => {
  const [a, b, c] = [user('a'), user('b'), user('c')];
  const raised = { ...b, raisedHand: true };
  expect(presenceChanges([a, b], [{ ...a }, raised, c])).toEqual({
    joined: [c],
    left: [],
    updated: [{ before: b, after: raised }],
  });
  expect(presenceChanges([a, b], [b])).toEqual({ joined: [], left: [a], updated: [] });
});
