import { parseRoomName } from '../protocol/room-name.ts';
import { errorResponse, jsonResponse } from '../gateway/http-response.ts';
import type { Handler, Methods, Request, Router } from '../gateway/request.ts';
import { exactly, firstOf } from '../gateway/routes.ts';
import { DRAWING_POLICY, staticFile } from '../gateway/static-files.ts';
import type { LiveView } from '../visualiser/live-view.ts';
import type { AdminAccess } from './admin-access.ts';
import type { RoomDirectory } from './room-directory.ts';

export type AdminDeps = {
  readonly access: AdminAccess;
  readonly rooms: RoomDirectory;
  readonly live: LiveView;
};

const page = (file: string): Handler => staticFile(new URL(`../visualiser/page/${file}`, import.meta.url));
const machine = (file: string): Handler =>
  staticFile(new URL(`../../machines/${file}`, import.meta.url), DRAWING_POLICY);
const get = (handle: Handler): Methods => ({ GET: { handle } });

/** What the admin port offers beside the health of the server. */
export function adminRoutes({ access, rooms, live }: AdminDeps): Router {
  const files = {
    '/': get(page('index.html')),
    '/assets/page.css': get(page('page.css')),
    '/assets/announcer.js': get(page('announcer.js')),
    '/assets/context.js': get(page('context.js')),
    '/assets/controls.js': get(page('controls.js')),
    '/assets/drawing.js': get(page('drawing.js')),
    '/assets/element.js': get(page('element.js')),
    '/assets/feed.js': get(page('feed.js')),
    '/assets/history.js': get(page('history.js')),
    '/assets/index.js': get(page('index.js')),
    '/assets/keys.js': get(page('keys.js')),
    '/assets/live.js': get(page('live.js')),
    '/assets/log.js': get(page('log.js')),
    '/assets/player.js': get(page('player.js')),
    '/assets/room-table.js': get(page('room-table.js')),
    '/assets/save-as.js': get(page('save-as.js')),
    '/assets/step.js': get(page('step.js')),
    '/assets/words.js': get(page('words.js')),
    ...machineFiles(),
  };
  const open = {
    '/login': { GET: { handle: page('login.html') }, POST: { handle: access.login } },
    '/assets/login.css': get(page('page.css')),
    '/assets/icon.svg': get(page('../../web/icon.svg')),
  };
  const guarded = firstOf(exactly({ ...files, '/rooms': get(listRooms(rooms)) }), liveRoutes(live));
  return firstOf(exactly(open), access.guard(guarded));
}

/** The drawings, and what other tools read. */
function machineFiles(): Readonly<Record<string, Methods>> {
  const files = ['room.svg', 'room.md', 'room.scxml', 'room.mmd', 'room.stately.json'];
  return Object.fromEntries(files.map((file) => [`/machines/${file}`, get(machine(file))]));
}

/** `GET /rooms?name=…`: JSON, rooms whose name has that text in it. */
const listRooms =
  (rooms: RoomDirectory): Handler =>
  ({ query }) =>
    jsonResponse(200, rooms.find(query.get('name') ?? ''));

/** `/rooms/:room/statechart`, and what that page reads. */
function liveRoutes(live: LiveView): Router {
  const view = get(page('live.html'));
  return (path) => {
    const [, first, name = '', second, third, ...rest] = path.split('/');
    const room = parseRoomName(name);
    if (first !== 'rooms' || second !== 'statechart' || room === undefined || rest.length > 0)
      return undefined;
    if (third === undefined) return view;
    if (third === 'events') return get(events(live, room));
    return third === 'trace' ? get(trace(live, room)) : undefined;
  };
}

const withNames = ({ query }: Request): boolean => query.get('names') === 'shown';

/** Server-sent events; see {@link LiveView}. */
const events =
  (live: LiveView, room: string): Handler =>
  (request) => {
    if (live.isFull) return errorResponse('too_many_requests');
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      body: (sink) => live.open(room, withNames(request), sink),
    };
  };

/** What is remembered of the room, for `npm run replay`. */
const trace =
  (live: LiveView, room: string): Handler =>
  (request) => {
    const text = live.traceText(room, withNames(request));
    if (text === undefined) return errorResponse('not_found');
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'content-disposition': 'attachment; filename="trace.json"',
    };
    return { status: 200, headers, body: text };
  };
