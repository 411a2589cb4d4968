import { SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Role } from './authorize.ts';
import { cleanDisplayName } from './display-name.ts';
import { verifyHs256 } from './hs256.ts';

/** Stands for every room. */
export const ANY_ROOM = '*';

export const MAX_SUBJECT_LENGTH = 128;

/**
 * The claims of a join token. `sub` names the person over several tokens; `room` is one room's name or `*`. The grants
 * are LiveKit's.
 */
const claimsSchema = z.object({
  sub: z.string().min(1).max(MAX_SUBJECT_LENGTH),
  name: z.string().min(1).max(100),
  room: z.string().min(1).max(128),
  roomJoin: z.boolean().default(true),
  roomAdmin: z.boolean().default(false),
  canPublish: z.boolean().default(true),
  hidden: z.boolean().default(false),
});
export type JoinClaims = z.infer<typeof claimsSchema>;

/** Times are numbers of seconds, whole or not (RFC 7519, 2). */
const signedSchema = claimsSchema.extend({ exp: z.number(), nbf: z.number().optional() });

/** A token that was found genuine, for the time it has left. */
export type JoinGrant = {
  readonly subject: string;
  readonly name: string;
  readonly room: string;
  readonly role: Role;
  /** Seconds until it expires. */
  readonly secondsLeft: number;
};

const ALGORITHM = 'HS256';

/** Invitations: JSON Web Tokens that whoever holds `JOIN_TOKEN_SECRET` signs, for this server to admit their bearer. */
export class JoinTokens {
  readonly #key: Uint8Array;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(secret: string, clock: Pick<Clock, 'now'>) {
    this.#key = new TextEncoder().encode(secret);
    this.#clock = clock;
  }

  sign(claims: z.input<typeof claimsSchema>, lifetimeSeconds: number): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1_000);
    return new SignJWT(claimsSchema.parse(claims))
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuedAt(now)
      .setExpirationTime(now + lifetimeSeconds)
      .sign(this.#key);
  }

  /** What the token grants; nothing when it is forged, expired, of another algorithm or another form. */
  verify(token: string): JoinGrant | undefined {
    const parsed = signedSchema.safeParse(verifyHs256(token, this.#key));
    if (!parsed.success) return undefined;
    const { exp, nbf = 0, ...claims } = parsed.data;
    const seconds = this.#clock.now() / 1_000;
    const name = cleanDisplayName(claims.name);
    if (seconds >= exp || seconds < nbf || !claims.roomJoin || name === undefined) return undefined;
    const { sub: subject, room } = claims;
    return { subject, name, room, role: roleOf(claims), secondsLeft: Math.floor(exp - seconds) };
  }
}

/** Who is hidden is that before anything else: whatever else it might do would show it. */
function roleOf({ hidden, roomAdmin, canPublish }: JoinClaims): Role {
  if (hidden) return 'hidden';
  if (roomAdmin) return 'admin';
  return canPublish ? 'member' : 'viewer';
}
