import type { Presence } from '../protocol/messages.ts';

type Tracks = Presence['tracks'];

/** What is to change of one's own presence; `undefined` takes an optional field away, an absent one stays. */
export type PresenceChange = {
  readonly joined?: boolean;
  readonly raisedHand?: boolean;
  readonly speaking?: boolean;
  readonly transceiverSessionId?: string | undefined;
  readonly tracks?: { readonly [K in keyof Tracks]?: Tracks[K] | undefined };
};

/** Somebody who has just come in, without sound or picture. */
export const INITIAL_PRESENCE: Presence = {
  joined: true,
  raisedHand: false,
  speaking: false,
  tracks: { audioEnabled: false, videoEnabled: false, screenShareEnabled: false },
};

const withoutAbsent = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The presence after a change; fields that are absent are absent on the wire too. */
export function changedPresence(presence: Presence, change: PresenceChange): Presence {
  const tracks = withoutAbsent({ ...presence.tracks, ...change.tracks });
  return { ...withoutAbsent({ ...presence, ...change }), tracks } as Presence;
}
