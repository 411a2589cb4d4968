import { parseCookie } from 'cookie';
import type { Role } from './authorize.ts';
import { cleanDisplayName } from './display-name.ts';
import { SESSION_COOKIE, verifySession, type Session } from './session-cookie.ts';

/** Who makes a request. `owner` names the login in a way that nobody can choose freely. */
export type Identity = { readonly name: string; readonly owner: string; readonly role: Role };

/** Reads one header by its lower-case name; empty when absent. */
export type Headers = (name: string) => string;

export type IdentifySettings = {
  readonly secrets: readonly string[];
  /** Whether a proxy in front sets, and strips from outside, `Cf-Access-Authenticated-User-Email`. */
  readonly trustAccessEmailHeader: boolean;
};

/** The session of the request's login cookie, if it has a genuine one. */
export function readSession(header: Headers, secrets: readonly string[]): Session | undefined {
  const cookies = header('cookie');
  const value = cookies === '' ? undefined : parseCookie(cookies)[SESSION_COOKIE];
  return value === undefined ? undefined : verifySession(value, secrets);
}

/** Who makes the request, or nobody. Where the Access header is trusted it beats the cookie, as in the original. */
export function identify(header: Headers, settings: IdentifySettings): Identity | undefined {
  const email = settings.trustAccessEmailHeader ? header('cf-access-authenticated-user-email') : '';
  if (email !== '') {
    const name = cleanDisplayName(email);
    return name === undefined ? undefined : { name, owner: `access:${email}`, role: 'member' };
  }
  const session = readSession(header, settings.secrets);
  const name = session === undefined ? undefined : cleanDisplayName(session.username);
  if (session === undefined || name === undefined) return undefined;
  // Two people of one name cannot be told apart by a cookie without `sid`: they share the ids they use.
  const owner = session.sid === undefined ? `name:${session.username}` : `sid:${session.sid}`;
  return { name, owner, role: 'member' };
}
