import { SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { Clock } from '../../src/clock.ts';
import type { Role } from '../../src/identity/authorize.ts';
import type { ConnectOptions } from './server.ts';

export const TOKEN_SECRET = 'a secret for invitations that is long enough too';
/** The settings of a server that knows invitations. */
export const WITH_TOKENS = { JOIN_TOKEN_SECRET: TOKEN_SECRET };

/** What makes a token one of a role. */
export const GRANTS: Readonly<Record<Role, JWTPayload>> = {
  admin: { roomAdmin: true },
  member: {},
  viewer: { canPublish: false },
  hidden: { hidden: true },
};

/** The clock's time as tokens state it. */
export const epochSeconds = (clock: Pick<Clock, 'now'>): number => Math.floor(clock.now() / 1_000);

/** Any token, signed as another program would sign it. */
export const signToken = (
  claims: JWTPayload,
  { secret = TOKEN_SECRET, header = {} }: { secret?: string; header?: Partial<JWTHeaderParameters> } = {},
): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(new TextEncoder().encode(secret));

/** What the invitation of Ann to `room` says, for a minute from now. */
export const claimsOf = (clock: Pick<Clock, 'now'>, more: JWTPayload = {}): JWTPayload => ({
  sub: 'ann',
  name: 'Ann',
  room: 'room',
  exp: epochSeconds(clock) + 60,
  ...more,
});

/** A genuine token, with these claims in place of the usual ones. */
export const invite = (
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  more: JWTPayload = {},
): Promise<string> => signToken(claimsOf(clock, more));

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** How a client that has a token and no cookie comes to a room. */
export const byToken = (token: string, id: string, room = 'room'): ConnectOptions => ({
  path: `/parties/rooms/${room}?_pk=${id}&token=${encodeURIComponent(token)}`,
  headers: {},
});
