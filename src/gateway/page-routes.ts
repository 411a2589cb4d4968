import { stringifySetCookie } from 'cookie';
import { nanoid } from 'nanoid';
import { AppError } from '../errors.ts';
import { JOIN_COOKIE, MAX_KEPT_TOKENS, TOKEN_SEPARATOR } from '../identity/credentials.ts';
import { cleanDisplayName } from '../identity/display-name.ts';
import { keptTokens, readSession, type Identifier } from '../identity/identify.ts';
import { safeReturnPath } from '../identity/return-url.ts';
import { SESSION_COOKIE, signSession } from '../identity/session-cookie.ts';
import { parseRoomName } from '../protocol/room-name.ts';
import { errorResponse, redirect, textResponse } from './http-response.ts';
import { readForm } from './request-body.ts';
import type { Handler, Methods, Request, Response, Router } from './request.ts';
import { readBuiltPage } from './built-page.ts';
import { staticFile } from './static-files.ts';

export type PageDeps = {
  readonly identifier: Identifier;
  readonly sessionSecrets: readonly string[];
};

const web = (file: string): Handler => staticFile(new URL(`../web/${file}`, import.meta.url));
const get = (handle: Handler): Methods => ({ GET: { handle } });

/** The pages, what they are made of, and the login. */
export function pageRoutes(deps: PageDeps): Router {
  const built = readBuiltPage();
  const pages: Readonly<Record<string, Methods>> = {
    '/': get(forNamed(deps, web('home.html'))),
    '/assets/home.js': get(web('home.js')),
    '/assets/set-username.js': get(web('set-username.js')),
    '/assets/style.css': get(web('style.css')),
    '/assets/icon.svg': get(web('icon.svg')),
    ...Object.fromEntries(Object.entries(built.assets).map(([path, asset]) => [path, get(asset)])),
    '/set-username': { GET: { handle: web('set-username.html') }, POST: { handle: postUsername(deps) } },
  };
  const room = get(roomPage(deps, built.document));
  const socket = get(notASocket(deps));
  return (path) => {
    if (Object.hasOwn(pages, path)) return pages[path];
    const [, first = '', second, third] = path.split('/');
    if (first === 'parties') return second === 'rooms' && third ? socket : undefined;
    if (second !== undefined || first === 'favicon.ico') return undefined;
    return parseRoomName(first) === undefined ? undefined : room;
  };
}

const invitedOnly = web('invited-only.html');

/** A page for people with a name; the others are asked for one and come back, or are told that they need more. */
export function forNamed(
  { identifier }: PageDeps,
  page: Handler,
  roomOf?: (path: string) => string,
): Handler {
  return async (request) => {
    const room = roomOf === undefined ? {} : { room: roomOf(request.path) };
    const identity = await identifier.identify({ header: request.header, token: '', ...room });
    if (identity !== undefined) return page(request);
    if (identifier.requiresInvitation) return { ...(await invitedOnly(request)), status: 401 };
    const query = request.query.toString();
    const url = query === '' ? request.path : `${request.path}?${query}`;
    return redirect(`/set-username?return-url=${encodeURIComponent(url)}`);
  };
}

const roomOf = (path: string): string => parseRoomName(path.slice(1)) ?? '';

/** `GET /:room`: the page; with `?token=`, the way in of an invitation. */
function roomPage(deps: PageDeps, document: Handler): Handler {
  const page = forNamed(deps, document, roomOf);
  return (request) => {
    const token = request.query.get('token');
    return token === null ? page(request) : acceptInvitation(deps, request, token);
  };
}

/**
 * Exchanges the token of a link for cookies, and leads to the same page without it: a token must not stay in the address
 * bar, the history and the `Referer`.
 */
function acceptInvitation(
  { identifier, sessionSecrets }: PageDeps,
  request: Request,
  token: string,
): Response {
  const room = roomOf(request.path);
  const grant = identifier.grantOf(token, room);
  if (grant === undefined) throw new AppError('token_invalid');
  const { header, forwarding } = request;
  const common = { path: '/', httpOnly: true, sameSite: 'lax', secure: forwarding.secure } as const;
  const others = keptTokens(header).filter((kept) => kept !== token);
  const value = [token, ...others].slice(0, MAX_KEPT_TOKENS).join(TOKEN_SEPARATOR);
  const cookies = [stringifySetCookie({ ...common, name: JOIN_COOKIE, value, maxAge: grant.secondsLeft })];
  // The invitation is for the room; who comes by it is a login like any other.
  if (readSession(header, sessionSecrets) === undefined) {
    const login = signSession({ username: grant.name, sid: nanoid() }, sessionSecrets[0] ?? '');
    cookies.push(stringifySetCookie({ ...common, name: SESSION_COOKIE, value: login }));
  }
  return redirect(`/${encodeURIComponent(room)}`, {
    'set-cookie': cookies,
    'referrer-policy': 'no-referrer',
  });
}

/** `GET /parties/rooms/:room` without an upgrade: as recorded, 401 without a name and 404 with one. */
function notASocket({ identifier }: PageDeps): Handler {
  return async (request) => {
    const token = request.query.get('token') ?? '';
    const identity = await identifier.identify({ header: request.header, token });
    if (identity === undefined) return { ...errorResponse('unauthorized'), body: '' };
    // A WebSocket handshake that got here lacks its key.
    if (request.header('upgrade').toLowerCase() === 'websocket') throw new AppError('bad_request');
    return textResponse(404, 'Not implemented');
  };
}

/** `POST /set-username`: a form with `username`; answers with the login cookie and the way back. */
function postUsername({ sessionSecrets }: PageDeps): Handler {
  return async (request) => {
    const { host, secure } = request.forwarding;
    const name = cleanDisplayName((await readForm(request)).get('username') ?? '');
    if (name === undefined) throw new AppError('bad_request');
    // A changed name is still the same login: its connection ids stay its own.
    const sid = readSession(request.header, sessionSecrets)?.sid ?? nanoid();
    const cookie = stringifySetCookie({
      name: SESSION_COOKIE,
      value: signSession({ username: name, sid }, sessionSecrets[0] ?? ''),
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
    });
    return redirect(safeReturnPath(request.query.get('return-url'), host), { 'set-cookie': cookie });
  };
}
