import { parseCookie } from 'cookie';
import { AppError } from '../errors.ts';
import type { AccessJwt } from './access-jwt.ts';
import type { Role } from './authorize.ts';
import {
  JOIN_COOKIE,
  MAX_KEPT_TOKENS,
  TOKEN_SEPARATOR,
  type Credentials,
  type Headers,
} from './credentials.ts';
import { cleanDisplayName } from './display-name.ts';
import { ANY_ROOM, type JoinGrant, type JoinTokens } from './join-token.ts';
import { SESSION_COOKIE, verifySession, type Session } from './session-cookie.ts';

/** Who makes a request. `owner` names the login in a way that nobody can choose freely. */
export type Identity = { readonly name: string; readonly owner: string; readonly role: Role };

export type IdentifySettings = {
  readonly secrets: readonly string[];
  /** Whether a proxy in front sets, and strips from outside, `Cf-Access-Authenticated-User-Email`. */
  readonly trustAccessEmailHeader: boolean;
  /** Whether nobody is let in without an invitation. */
  readonly requireJoinToken: boolean;
  readonly joinTokens: JoinTokens | undefined;
  readonly accessJwt: AccessJwt | undefined;
};

/** The session of the request's login cookie, if it has a genuine one. */
export function readSession(header: Headers, secrets: readonly string[]): Session | undefined {
  const value = readCookie(header, SESSION_COOKIE);
  return value === '' ? undefined : verifySession(value, secrets);
}

const readCookie = (header: Headers, name: string): string => {
  const cookies = header('cookie');
  return cookies === '' ? '' : (parseCookie(cookies)[name] ?? '');
};

/** Two people of one name cannot be told apart by a cookie without `sid`: they share the ids they use. */
const ownerOf = ({ sid, username }: Session): string =>
  sid === undefined ? `name:${username}` : `sid:${sid}`;

const named = (raw: string, owner: string, role: Role): Identity | undefined => {
  const name = cleanDisplayName(raw);
  return name === undefined ? undefined : { name, owner, role };
};

/** That it takes asking somebody else to know who makes a request. */
export const PENDING = 'pending';

/** Finds out who makes a request. One per process. */
export class Identifier {
  readonly #settings: IdentifySettings;

  constructor(settings: IdentifySettings) {
    this.#settings = settings;
  }

  /** Whether a login alone opens no room. */
  get requiresInvitation(): boolean {
    return this.#settings.requireJoinToken;
  }

  /**
   * Who makes the request, or nobody. A join token stated in the request counts before everything else, and is refused
   * with `token_invalid` when it is not genuine or for another room. Then what Access says of the request, then the
   * login cookie; the token of a link by which a browser came lends the latter two its name and grants, in its room.
   */
  async identify(credentials: Credentials): Promise<Identity | undefined> {
    const now = this.identifyNow(credentials);
    if (now !== PENDING) return now;
    const person = await this.#settings.accessJwt?.verify(credentials.header(ASSERTION));
    return this.#admit(credentials, byAccess(person));
  }

  /** As {@link identify}, in this turn of the event loop. */
  identifyNow(credentials: Credentials): Identity | undefined | typeof PENDING {
    const stated = credentials.token || bearerToken(credentials.header);
    if (stated !== '') return this.#byToken(stated, credentials);
    const login = this.#byLogin(credentials.header);
    return login === PENDING ? PENDING : this.#admit(credentials, login);
  }

  /** What an invitation grants that came as part of a link. */
  grantOf(token: string, room: string): JoinGrant | undefined {
    const grant = this.#settings.joinTokens?.verify(token);
    return grant !== undefined && isFor(grant, room) ? grant : undefined;
  }

  #byToken(token: string, { room }: Credentials): Identity | undefined {
    const grant = this.#settings.joinTokens?.verify(token);
    if (grant === undefined || (room !== undefined && !isFor(grant, room)))
      throw new AppError('token_invalid');
    // What is no room's business is no business of one room's admin.
    const role =
      grant.role === 'admin' && room === undefined && grant.room !== ANY_ROOM ? 'member' : grant.role;
    return named(grant.name, `token:${grant.subject}`, role);
  }

  #byLogin(header: Headers): Identity | undefined | typeof PENDING {
    const { accessJwt, trustAccessEmailHeader, secrets } = this.#settings;
    const assertion = accessJwt === undefined ? '' : header(ASSERTION);
    if (accessJwt !== undefined && assertion !== '') {
      const known = accessJwt.remembered(assertion);
      // Not the cookie instead of a false assertion: whoever shows one is nobody.
      return known === undefined ? PENDING : byAccess(known.person);
    }
    const email = trustAccessEmailHeader ? header('cf-access-authenticated-user-email') : '';
    if (email !== '') return byAccess(email);
    const session = readSession(header, secrets);
    return session && named(session.username, ownerOf(session), 'member');
  }

  /** A login, with what its invitations add, or nobody where it takes one and there is none. */
  #admit(credentials: Credentials, login: Identity | undefined): Identity | undefined {
    const { requireJoinToken, joinTokens } = this.#settings;
    if (login === undefined || joinTokens === undefined) return requireJoinToken ? undefined : login;
    const grant = this.#linkGrant(credentials, joinTokens);
    if (grant === undefined) return requireJoinToken ? undefined : login;
    // An invitation says what one is in its room, and nothing of the others.
    return credentials.room === undefined ? login : named(grant.name, login.owner, grant.role);
  }

  #linkGrant({ header, room }: Credentials, joinTokens: JoinTokens): JoinGrant | undefined {
    for (const token of keptTokens(header)) {
      const grant = joinTokens.verify(token);
      if (grant !== undefined && (room === undefined || isFor(grant, room))) return grant;
    }
    return undefined;
  }
}

const ASSERTION = 'cf-access-jwt-assertion';

const byAccess = (person: string | undefined): Identity | undefined =>
  person === undefined ? undefined : named(person, `access:${person}`, 'member');

/** The tokens of the links by which a browser came, newest first. */
export const keptTokens = (header: Headers): readonly string[] =>
  readCookie(header, JOIN_COOKIE)
    .split(TOKEN_SEPARATOR)
    .filter((token) => token !== '')
    .slice(0, MAX_KEPT_TOKENS);

const isFor = (grant: JoinGrant, room: string): boolean => grant.room === ANY_ROOM || grant.room === room;

/** The token of `Authorization: Bearer …`, well-formed or not; empty when there is none. */
const bearerToken = (header: Headers): string => /^Bearer +(.+)$/i.exec(header('authorization'))?.[1] ?? '';
