import { expect, test } from 'vitest';
import { connectionIdSchema } from '../../src/protocol/messages.ts';
import { parseRoomName } from '../../src/protocol/room-name.ts';

test.each([
  ['daily', 'daily'],
  ['a%20b', 'a b'],
  ['a b', 'a b'],
  ['a+b', 'a+b'],
  ['%61', 'a'],
  ['%2561', '%61'],
  ['r%C3%A4um', 'räum'],
  ['räum', 'räum'],
  ['A', 'A'],
  ['..', '..'],
  ['__proto__', '__proto__'],
  ['x'.repeat(128), 'x'.repeat(128)],
])('[G1] the segment %j is the room %j', (segment, name) => {
  expect(parseRoomName(segment)).toBe(name);
});

test.each(['', '%2F', 'a%2fb', 'a/b', '%00', 'a%0Ab', '%7F', '%', '%zz', '%ff', 'x'.repeat(129)])(
  '[G1] the segment %j is no room',
  (segment) => {
    expect(parseRoomName(segment)).toBeUndefined();
  },
);

test.each(['a', 'AI', 'ä/ %?', '3f0c7b1e-8a7e-4c58-9d6e-0a1b2c3d4e5f', 'x'.repeat(128)])(
  '[G2] %j is a connection id',
  (id) => {
    expect(connectionIdSchema.safeParse(id).success).toBe(true);
  },
);

test.each(['', 'ai', '__proto__', 'constructor', 'prototype', 'a\u0000', 'a\nb', 'a\u0085', 'x'.repeat(129)])(
  '[G2] %j is no connection id',
  (id) => {
    expect(connectionIdSchema.safeParse(id).success).toBe(false);
  },
);
