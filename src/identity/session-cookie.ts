import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const SESSION_COOKIE = '__session';

/**
 * What the login cookie says. `sid` tells two people of the same name apart; cookies of a page server that knows only
 * the original's format have none.
 */
const sessionSchema = z.object({ username: z.string(), sid: z.string().min(1).max(64).optional() });
export type Session = z.infer<typeof sessionSchema>;

const signature = (payload: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(payload).digest();

/**
 * The cookie's value: `base64(JSON) "." base64(HMAC-SHA256 of the base64, without padding)`, the format of the
 * original's pages (Remix `createCookieSessionStorage`), so that a page server with the same secrets shares the login.
 */
export function signSession(session: Session, secret: string): string {
  const payload = Buffer.from(JSON.stringify(session)).toString('base64');
  return `${payload}.${signature(payload, secret).toString('base64').replace(/=+$/, '')}`;
}

/** The session of a cookie value that one of `secrets` signed; anything else is `undefined`, whatever is wrong. */
export function verifySession(value: string, secrets: readonly string[]): Session | undefined {
  const dot = value.lastIndexOf('.');
  if (dot < 0) return undefined;
  const payload = value.slice(0, dot);
  const given = Buffer.from(value.slice(dot + 1), 'base64');
  const genuine = secrets.some((secret) => {
    const expected = signature(payload, secret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!genuine) return undefined;
  try {
    const parsed = sessionSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
