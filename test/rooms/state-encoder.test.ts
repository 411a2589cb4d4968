import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyRoom, newUser, toRoomState, withUser, type RoomContext } from '../../machines/room.context.ts';
import { aiPhase } from '../../machines/room.machine.ts';
import { JsonCache } from '../../src/rooms/json-cache.ts';
import { StateEncoder } from '../../src/rooms/state-encoder.ts';
import { SESSION } from '../support/room-actor.ts';

const values = ['idle', 'active', 'aiConnecting', { aiActive: 'free' }, { aiActive: 'held' }] as const;

test('[H7] the frame says what the machine says, for any names, ids and sizes', () => {
  const encoder = new StateEncoder(new JsonCache());
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const room = fc.record({
    value: fc.constantFrom(...values),
    names: fc.dictionary(text, text, { maxKeys: 60 }),
    meetingId: fc.option(text),
    controller: text,
    withAi: fc.boolean(),
  });
  fc.assert(
    fc.property(room, ({ value, names, meetingId, controller, withAi }) => {
      let users: RoomContext['users'] = new Map();
      for (const [id, name] of Object.entries(names)) users = withUser(users, newUser(id, name));
      const context = { ...emptyRoom, users, meetingId, controller, session: withAi ? SESSION : null };
      const snapshot = { value, context };
      const frame = JSON.parse(Buffer.from(encoder.encode(snapshot)).toString('utf8')) as unknown;
      const expected = { type: 'roomState', state: toRoomState(aiPhase(snapshot), context) };
      expect(frame).toEqual(JSON.parse(JSON.stringify(expected)));
    }),
  );
});

test('[H7] a user that did not change is not serialised again', () => {
  const encoder = new StateEncoder(new JsonCache());
  let serialisations = 0;
  const user = Object.assign(newUser('a', 'alice'), {
    toJSON: () => {
      serialisations += 1;
      return { id: 'a' };
    },
  });
  const snapshot = { value: 'active', context: { ...emptyRoom, users: new Map([['a', user]]) } } as const;
  encoder.encode(snapshot);
  encoder.encode(snapshot);
  expect(serialisations).toBe(1);
});
