import { request } from 'undici';
import { MemoryStore } from '../../src/app.ts';
import type { CallsTimeouts } from '../../src/calls/calls.http.ts';
import { HttpCalls } from '../../src/calls/calls.http.ts';
import { APP_ID, APP_SECRET, ScriptedSfu, sdp } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';

/** An answer as a client sees it: a JSON body parsed, any other as text. */
export type Seen = { readonly status: number; readonly type: string; readonly body: unknown };

export type Answer = Seen & {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

/** What of an answer is compared as a whole. */
export const seen = ({ status, type, body }: Seen): Seen => ({ status, type, body });

export type AskOptions = {
  readonly method?: string;
  /** With its question mark. */
  readonly query?: string;
  /** An object goes out as JSON without a content type, as the stock client sends it; text as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The login; `null` is none. */
  readonly as?: string | null;
};

/** One request of a login, `alice` by default. */
export async function ask(server: TestServer, path: string, options: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', query = '', body, headers = {}, as = 'alice' } = options;
  const login = as === null ? {} : { cookie: loginCookie(as) };
  const answer = await request(`${server.url}${path}${query}`, {
    method,
    headers: { ...login, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  const isJson = type === 'application/json' && text !== '';
  return {
    status: answer.statusCode,
    type,
    body: isJson ? (JSON.parse(text) as unknown) : text,
    headers: answer.headers,
    text,
  };
}

/** What a client asks for, by what becomes of a failure. */
export type Operation = 'openSession' | 'push' | 'pull' | 'renegotiate' | 'close' | 'update' | 'state';

type Call = {
  /** As {@link ScriptedSfu.next} calls it. */
  readonly upstream: string;
  readonly method: string;
  readonly path: string;
  readonly body?: (sessionId: string) => object;
};

const offer = (...mids: string[]): object => ({ type: 'offer', sdp: sdp(...mids) });

/** One good request of each kind. It pulls what it pushes: its own tracks may be pulled without a room. */
export const CALLS: Readonly<Record<Operation, Call>> = {
  openSession: { upstream: 'sessions/new', method: 'POST', path: '/partytracks/sessions/new' },
  push: {
    upstream: 'tracks/new',
    method: 'POST',
    path: '/partytracks/sessions/:id/tracks/new',
    body: () => ({
      sessionDescription: offer('0', '1'),
      tracks: [
        { location: 'local', mid: '0', trackName: 'mic' },
        { location: 'local', mid: '1', trackName: 'cam' },
      ],
    }),
  },
  pull: {
    upstream: 'tracks/new',
    method: 'POST',
    path: '/partytracks/sessions/:id/tracks/new',
    body: (sessionId) => ({
      tracks: [
        { location: 'remote', sessionId, trackName: 'mic' },
        { location: 'remote', sessionId, trackName: 'cam' },
      ],
    }),
  },
  renegotiate: {
    upstream: 'renegotiate',
    method: 'PUT',
    path: '/partytracks/sessions/:id/renegotiate',
    body: () => ({ sessionDescription: { type: 'answer', sdp: sdp('101') } }),
  },
  close: {
    upstream: 'tracks/close',
    method: 'PUT',
    path: '/partytracks/sessions/:id/tracks/close',
    body: () => ({ tracks: [{ mid: '0' }], sessionDescription: offer('0'), force: false }),
  },
  update: {
    upstream: 'tracks/update',
    method: 'PUT',
    path: '/partytracks/sessions/:id/tracks/update',
    body: (sessionId) => ({ tracks: [{ location: 'remote', sessionId, trackName: 'mic', mid: '101' }] }),
  },
  state: { upstream: 'session', method: 'GET', path: '/api/calls/sessions/:id' },
};

export const OPERATIONS = Object.keys(CALLS) as readonly Operation[];

/** Makes the good request of an operation on a session, or one that differs from it by `options`. */
export function call(
  server: TestServer,
  operation: Operation,
  sessionId: string,
  options: AskOptions = {},
): Promise<Answer> {
  const { method, path, body } = CALLS[operation];
  return ask(server, path.replace(':id', sessionId), {
    method,
    ...(body !== undefined && { body: body(sessionId) }),
    ...options,
  });
}

/** Opens a session; fails the test when that fails. */
export async function openSession(server: TestServer, as: string = 'alice'): Promise<string> {
  const { status, body } = await call(server, 'openSession', '', { as });
  if (status !== 201) throw new Error(`sessions/new: ${status}`);
  return (body as { sessionId: string }).sessionId;
}

/** The session of alice that is there from the start, in {@link startWithSession}. */
export const SESSION = 'session-of-alice';

/** A server with one session of alice, without a word to the SFU so far; with its timeouts, if need be. */
export async function startWithSession(
  timeouts?: CallsTimeouts,
): Promise<{ readonly server: TestServer; readonly sfu: ScriptedSfu }> {
  const sfu = await ScriptedSfu.start();
  const store = new MemoryStore();
  await store.putSfuSession({ sessionId: SESSION, owner: 'sid:alice', openedAt: 0, tracks: [] });
  const settings = { apiUrl: `${sfu.url}/v1`, appId: APP_ID, appSecret: APP_SECRET };
  const calls = timeouts === undefined ? {} : { calls: new HttpCalls({ ...settings, timeouts }) };
  const server = await startServer(sfu.environment, { store, ...calls });
  return { server, sfu };
}
