import * as fc from 'fast-check';
import type { LeaveReason } from '../../machines/room.events.ts';
import type { Presence, Track } from '../../src/protocol/messages.ts';
import { find, type SpecEvent, type SpecState } from './spec-state.ts';

/**
 * Who walks: a moderator, a user with a media library, and one without, who has a connection of its own to the AI
 * instead of a track. Their ids sort otherwise than letters do. The stranger never joins.
 */
type Person = { readonly id: string; readonly moderator: boolean; readonly track: Track | null };
export const PEOPLE: readonly Person[] = [
  { id: 'Zoe', moderator: true, track: { sessionId: 'sfu-zoe', trackName: 'mic' } },
  { id: 'ann', moderator: false, track: { sessionId: 'sfu-ann', trackName: 'mic', location: 'remote' } },
  { id: 'éva', moderator: false, track: null },
];
export const STRANGER: Person = { id: 'max', moderator: true, track: null };

export const joining = (id: string, meetingId: string): SpecEvent => ({
  type: 'user.joined',
  id,
  name: `${id}'s name`,
  meetingId,
});
export const requesting = ({ id, track }: Person): SpecEvent => ({
  type: 'ai.control.request',
  by: id,
  track,
});
export const releasing = ({ id, moderator }: Person): SpecEvent => ({
  type: 'ai.control.release',
  by: id,
  asModerator: moderator,
});

const id = fc.constantFrom(...PEOPLE.map((person) => person.id));
const anyone = fc.constantFrom(...PEOPLE, ...PEOPLE, STRANGER);
const by = anyone.map((person) => person.id);
/** Also who is no user: somebody who never came, and the AI. */
const target = fc.constantFrom(...PEOPLE.map((person) => person.id), 'nobody', 'ai');
const reason = fc.constantFrom<LeaveReason>('left', 'dropped', 'timedOut');
const meetingId = fc.constantFrom('m-1', 'm-2');

const path = fc.constantFrom('s/1', 's/2');
const presence: fc.Arbitrary<Presence> = fc.record(
  {
    joined: fc.boolean(),
    raisedHand: fc.boolean(),
    speaking: fc.boolean(),
    transceiverSessionId: path,
    tracks: fc.record(
      {
        audioEnabled: fc.boolean(),
        audioUnavailable: fc.boolean(),
        videoEnabled: fc.boolean(),
        screenShareEnabled: fc.boolean(),
        audio: path,
        video: path,
        screenshare: path,
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: ['joined', 'raisedHand', 'speaking', 'tracks'], noNullPrototype: true },
);

const invitation = fc.record(
  {
    type: fc.constant('ai.enable' as const),
    by,
    owner: fc.constantFrom('sid:1', 'sid:2'),
    voice: fc.constantFrom('ash', 'sage'),
    instructions: fc.constant('Be brief.'),
  },
  { requiredKeys: ['type', 'by', 'owner'], noNullPrototype: true },
);

const restored = fc
  .tuple(fc.subarray(PEOPLE.map((person) => person.id).toReversed()), presence, meetingId)
  .map(([ids, presence, meetingId]): SpecEvent => {
    const users = ids.map((id) => ({ id, name: `${id}, as before`, ...presence }));
    return { type: 'room.restored', meetingId, users };
  });

const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({
  weight,
  arbitrary,
});

/** What people ask for and what the host says of them. What ends a walk early or changes little is rarer. */
export const requests: fc.Arbitrary<SpecEvent> = fc.oneof(
  weighted(
    8,
    fc.tuple(id, meetingId).map(([id, meetingId]) => joining(id, meetingId)),
  ),
  weighted(3, fc.record({ type: fc.constant('user.left' as const), id: by, reason })),
  weighted(3, fc.record({ type: fc.constant('user.updated' as const), id: by, presence })),
  weighted(3, fc.record({ type: fc.constant('user.mute' as const), by, id: target })),
  weighted(
    2,
    fc.record({
      type: fc.constant('message.deliver' as const),
      by,
      to: target,
      messageJson: fc.constantFrom('"hi"', undefined),
    }),
  ),
  weighted(1, fc.record({ type: fc.constant('message.relay' as const), by, frame: fc.constant('{"a":1}') })),
  weighted(1, restored),
  weighted(8, invitation),
  weighted(2, fc.record({ type: fc.constant('ai.disable' as const), by })),
  weighted(2, fc.record({ type: fc.constant('ai.connect' as const), by, offer: fc.constant('v=0') })),
  weighted(10, anyone.map(requesting)),
  weighted(5, anyone.map(releasing)),
  weighted(1, fc.constant<SpecEvent>({ type: 'ai.ended' })),
);

/** The same presence again, or with one flag turned: found out at run time, for a user who is here. */
export function presenceAgain(state: SpecState, id: string, flag: string | null): SpecEvent | undefined {
  const user = find(state, id);
  if (user === undefined) return undefined;
  const { id: _, name: __, ...presence } = structuredClone(user);
  const turned = { ...presence, tracks: { ...presence.tracks } } as Record<string, unknown>;
  const at = flag !== null && flag in presence ? turned : (turned['tracks'] as Record<string, unknown>);
  if (flag === 'nothing of audio') delete at['audioEnabled'];
  else if (flag !== null) at[flag] = at[flag] !== true;
  return { type: 'user.updated', id, presence: turned as Presence };
}
