import { getParts } from 'uWebSockets.js';
import { stringifySetCookie } from 'cookie';
import { nanoid } from 'nanoid';
import { AppError } from '../errors.ts';
import { cleanDisplayName } from '../identity/display-name.ts';
import { identify, readSession, type IdentifySettings } from '../identity/identify.ts';
import { originAllowed } from '../identity/origin.ts';
import { safeReturnPath } from '../identity/return-url.ts';
import { SESSION_COOKIE, signSession } from '../identity/session-cookie.ts';
import { parseRoomName } from '../protocol/room-name.ts';
import type { Handler, Request, Router } from './http.ts';
import { errorResponse, jsonResponse, type Response } from './http-response.ts';
import { staticFile } from './static-files.ts';

export type RoutesDeps = {
  readonly identifySettings: IdentifySettings;
  readonly allowedOrigins: readonly string[];
  /** Why the server is not ready for new clients, if so. */
  readonly unreadyReason: () => string | undefined;
};

const web = (file: string): Handler => staticFile(new URL(`../web/${file}`, import.meta.url));
const partysocket = (file: string): Handler => staticFile(new URL(file, import.meta.resolve('partysocket')));

const redirect = (location: string, headers: Readonly<Record<string, string>> = {}): Response => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store', ...headers },
  body: '',
});

/** `/livez` and `/readyz`, the same on the public and on the admin port. */
export function healthRoutes(unreadyReason: () => string | undefined): Readonly<Record<string, Handler>> {
  return {
    '/livez': () => jsonResponse(200, { status: 'ok' }),
    '/readyz': () => {
      const reason = unreadyReason();
      return reason === undefined
        ? jsonResponse(200, { status: 'ok' })
        : jsonResponse(503, { status: 'unready', reason });
    },
  };
}

/** Routes of one method, by exact path. */
export const getRoutes =
  (handlers: Readonly<Record<string, Handler>>): Router =>
  (path) => {
    const handler = Object.hasOwn(handlers, path) ? handlers[path] : undefined;
    return handler && { GET: handler };
  };

/** Everything on the public port that is no WebSocket. */
export function publicRoutes(deps: RoutesDeps): Router {
  const roomPage = forNamed(deps, web('room.html'));
  const fixed = getRoutes({
    ...healthRoutes(deps.unreadyReason),
    '/': forNamed(deps, web('home.html')),
    '/assets/room.js': web('room.js'),
    '/assets/home.js': web('home.js'),
    '/assets/style.css': web('style.css'),
    '/assets/icon.svg': web('icon.svg'),
    // The page uses the stock client, as published.
    '/assets/partysocket/index.js': partysocket('index.js'),
    '/assets/partysocket/ws.js': partysocket('ws.js'),
  });
  const setUsername = { GET: web('set-username.html'), POST: postUsername(deps) };
  return (path) => {
    const methods = fixed(path);
    if (methods !== undefined) return methods;
    if (path === '/set-username') return setUsername;
    const [, first = '', second, third] = path.split('/');
    if (first === 'parties') return second === 'rooms' && third ? { GET: notASocket(deps) } : undefined;
    if (second !== undefined || first === 'favicon.ico') return undefined;
    return parseRoomName(first) === undefined ? undefined : { GET: roomPage };
  };
}

/** A page for people with a name; the others are asked for one and come back. */
function forNamed(deps: RoutesDeps, page: Handler): Handler {
  return (request) => {
    if (identify(request.header, deps.identifySettings) !== undefined) return page(request);
    return redirect(`/set-username?return-url=${encodeURIComponent(request.path)}`);
  };
}

/** `GET /parties/rooms/:room` without an upgrade: as recorded, 401 without a name and 404 with one. */
function notASocket(deps: RoutesDeps): Handler {
  return (request) => {
    if (identify(request.header, deps.identifySettings) === undefined) {
      return { ...errorResponse('unauthorized'), body: '' };
    }
    // A WebSocket handshake that got here lacks its key.
    if (request.header('upgrade').toLowerCase() === 'websocket') return errorResponse('bad_request');
    return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Not implemented' };
  };
}

/** `POST /set-username`: a form with `username`; answers with the login cookie and the way back. */
function postUsername(deps: RoutesDeps): Handler {
  return async (request) => {
    const { host, secure } = request.forwarding;
    if (!originAllowed(request.header('origin'), host, deps.allowedOrigins)) {
      return errorResponse('forbidden_origin');
    }
    const name = cleanDisplayName((await readForm(request)).get('username') ?? '');
    if (name === undefined) return errorResponse('bad_request');
    const { secrets } = deps.identifySettings;
    // A changed name is still the same login: its connection ids stay its own.
    const sid = readSession(request.header, secrets)?.sid ?? nanoid();
    const cookie = stringifySetCookie({
      name: SESSION_COOKIE,
      value: signSession({ username: name, sid }, secrets[0] ?? ''),
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
    });
    return redirect(safeReturnPath(request.query.get('return-url'), host), { 'set-cookie': cookie });
  };
}

/** The text fields of a form, URL-encoded or multipart. */
async function readForm(request: Request): Promise<URLSearchParams> {
  const contentType = request.header('content-type');
  const body = await request.body();
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(body.toString('utf8'));
  }
  if (!contentType.startsWith('multipart/form-data')) throw new AppError('unsupported_media_type');
  const parts = getParts(body, contentType);
  if (parts === undefined) throw new AppError('bad_request');
  return new URLSearchParams(parts.map((part) => [part.name, Buffer.from(part.data).toString('utf8')]));
}
