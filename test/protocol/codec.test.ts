import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { decode, directMessageFrame, errorFrame, userLeftFrame } from '../../src/protocol/codec.ts';

const presence = {
  joined: true,
  raisedHand: false,
  speaking: true,
  tracks: { audioEnabled: true, audio: 's/t' },
};
const say = (message: unknown): ReturnType<typeof decode> => decode(JSON.stringify(message));
const refused = (code: string) => ({ ok: false, code });
const accepted = (message: object) => ({ ok: true, message });

describe('what is accepted', () => {
  test.each([
    [{ type: 'heartbeat' }, { type: 'heartbeat' }],
    [{ type: 'heartbeat', extra: 1 }, { type: 'heartbeat' }],
    [{ type: 'userLeft' }, { type: 'userLeft' }],
    [{ type: 'disableAi' }, { type: 'disableAi' }],
    [{ type: 'relenquishAiControl' }, { type: 'relenquishAiControl' }],
    [{ type: 'partyserver-ping' }, { type: 'partyserver-ping' }],
    [{ type: 'resync', since: 5 }, { type: 'resync' }],
    [{ type: 'callsApiHistoryEntry', entry: { a: 1 }, sessionId: 's' }, { type: 'callsApiHistoryEntry' }],
    [
      { type: 'muteUser', id: 'x' },
      { type: 'muteUser', id: 'x' },
    ],
    [
      { type: 'enableAi', voice: 'ash', instructions: 'be kind' },
      { type: 'enableAi', voice: 'ash', instructions: 'be kind' },
    ],
    [{ type: 'enableAi' }, { type: 'enableAi' }],
    [{ type: 'requestAiControl' }, { type: 'requestAiControl' }],
    [
      { type: 'establishAiPeerConnection', sdp: 'v=0\r\n', more: 1 },
      { type: 'establishAiPeerConnection', sdp: 'v=0\r\n' },
    ],
    [
      { type: 'requestAiControl', track: { location: 'remote', sessionId: 's', trackName: 't', more: 1 } },
      { type: 'requestAiControl', track: { location: 'remote', sessionId: 's', trackName: 't' } },
    ],
    [
      { type: 'directMessage', to: 'x', message: 'hi', from: 'forged' },
      { type: 'directMessage', to: 'x', messageJson: '"hi"' },
    ],
    [
      { type: 'directMessage', to: 'x', message: { a: [1] } },
      { type: 'directMessage', to: 'x', messageJson: '{"a":[1]}' },
    ],
    [
      { type: 'directMessage', to: 'x' },
      { type: 'directMessage', to: 'x', messageJson: undefined },
    ],
  ])('[G5] %j', (message, expected) => {
    expect(say(message)).toEqual(accepted(expected));
  });

  test('[G5] an update keeps the known fields and drops id, name and the unknown ones', () => {
    const user = { id: 'forged', name: 'forged', admin: true, ...presence };
    const withMore = { ...user, tracks: { ...presence.tracks, more: 'x' } };
    expect(say({ type: 'userUpdate', user: withMore })).toEqual(accepted({ type: 'userUpdate', presence }));
  });

  test('[G5] an MLS message is kept whole, with its unknown fields in their order', () => {
    const text = '{ "payload": "b", "type": "e2eeMlsMessage", "extra": {"z": 1.0, "a": 2} }';
    expect(decode(text)).toEqual(
      accepted({
        type: 'e2eeMlsMessage',
        frame: '{"payload":"b","type":"e2eeMlsMessage","extra":{"z":1,"a":2}}',
      }),
    );
  });
});

describe('what is refused', () => {
  test.each(['', ' ', '{not json', '{"type":"heartbeat"', 'undefined', 'NaN', "{'type':1}"])(
    '[G5] %j is not JSON',
    (text) => {
      expect(decode(text)).toEqual(refused('invalid_json'));
    },
  );

  test.each([
    null,
    42,
    'heartbeat',
    [],
    true,
    {},
    { type: 5 },
    { type: null },
    { type: 'nope' },
    { type: 'xstate.stop' },
    { type: 'xstate.init' },
    { type: 'xstate.done.actor.openVoice', output: {} },
    { type: 'xstate.after.emptyRoomGrace.room.idle' },
    { type: 'user.joined', id: 'x', name: 'x', meetingId: 'x' },
    { type: 'user.left', id: 'other', reason: 'left' },
    { type: 'ai.ended' },
    { type: '__proto__' },
    { type: 'constructor' },
    { type: 'toString' },
    [{ type: 'heartbeat' }],
  ])('[G5] %j is of no known type', (message) => {
    expect(say(message)).toEqual(refused('unknown_message_type'));
  });

  test.each([
    { type: 'userUpdate' },
    { type: 'userUpdate', user: null },
    { type: 'userUpdate', user: 'x' },
    { type: 'userUpdate', user: [] },
    { type: 'userUpdate', user: { ...presence, joined: 'yes' } },
    { type: 'userUpdate', user: { ...presence, tracks: undefined } },
    { type: 'userUpdate', user: { ...presence, tracks: { audio: 'x'.repeat(513) } } },
    { type: 'userUpdate', user: { ...presence, transceiverSessionId: 'x'.repeat(257) } },
    { type: 'directMessage', message: 'to nobody' },
    { type: 'directMessage', to: 5, message: '' },
    { type: 'directMessage', to: 'x'.repeat(129), message: '' },
    { type: 'muteUser' },
    { type: 'muteUser', id: {} },
    { type: 'enableAi', voice: 5 },
    { type: 'enableAi', voice: 'x'.repeat(65) },
    { type: 'enableAi', instructions: 'x'.repeat(16_385) },
    { type: 'establishAiPeerConnection' },
    { type: 'establishAiPeerConnection', sdp: '' },
    { type: 'establishAiPeerConnection', sdp: { type: 'offer', sdp: 'v=0' } },
    { type: 'requestAiControl', track: null },
    { type: 'requestAiControl', track: { sessionId: 's' } },
    { type: 'requestAiControl', track: { sessionId: '', trackName: 't' } },
  ])('[G5] a message of the wrong shape: %j', (message) => {
    expect(say(message)).toEqual(refused('invalid_message'));
  });

  test.each([
    { type: 'userUpdate', user: presence, pad: 'x'.repeat(8_192) },
    { type: 'establishAiPeerConnection', sdp: 'x'.repeat(65_536) },
    { type: 'directMessage', to: 'x', message: 'x'.repeat(65_536) },
    { type: 'heartbeat', pad: 'x'.repeat(1_024) },
  ])('[G5] a message too large for its type', (message) => {
    expect(say(message)).toEqual(refused('message_too_large'));
  });

  test('[G5] a message nested too deeply to be written again', () => {
    const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(decode(`{"type":"e2eeMlsMessage","payload":${deep(400_000)}}`)).toEqual(
      refused('invalid_message'),
    );
  });

  test('[G5] a message that would change prototypes changes none', () => {
    const text = `{"type":"userUpdate","__proto__":{"polluted":1},"user":{"__proto__":{"polluted":1},"joined":true,
      "raisedHand":false,"speaking":false,"tracks":{"__proto__":{"polluted":1}}}}`;
    expect(decode(text)).toEqual(
      accepted({
        type: 'userUpdate',
        presence: { joined: true, raisedHand: false, speaking: false, tracks: {} },
      }),
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('[G5] any text gives a message or a code, never a throw', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.jsonValue().map((v) => JSON.stringify(v)),
    );
    const known = fc.record({
      type: fc.constantFrom(
        'userUpdate',
        'directMessage',
        'muteUser',
        'enableAi',
        'requestAiControl',
        'e2eeMlsMessage',
      ),
      user: fc.jsonValue(),
      to: fc.jsonValue(),
      id: fc.jsonValue(),
      track: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          known.map((v) => JSON.stringify(v)),
        ),
        (text) => {
          const decoded = decode(text);
          expect(decoded.ok || decoded.code in ERRORS).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what is sent', () => {
  test('[H11] an error is its fixed text and its code', () => {
    expect(JSON.parse(errorFrame('invalid_json'))).toEqual({
      type: 'error',
      error: 'The message is not valid JSON',
      code: 'invalid_json',
    });
  });

  test('[R10] a direct message carries the name, and no message where there was none', () => {
    expect(JSON.parse(directMessageFrame('"quoted"', '{"a":1}'))).toEqual({
      type: 'directMessage',
      from: '"quoted"',
      message: { a: 1 },
    });
    expect(JSON.parse(directMessageFrame('alice', undefined))).toEqual({
      type: 'directMessage',
      from: 'alice',
    });
  });

  test('[H9] a notification names the leaver, whatever its id is made of', () => {
    expect(JSON.parse(userLeftFrame('a"\\b'))).toEqual({ type: 'userLeftNotification', id: 'a"\\b' });
  });
});
