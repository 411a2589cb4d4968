import { Pool, type Dispatcher } from 'undici';
import { signSession } from '../src/identity/session-cookie.ts';
import { sdpOf } from './sdp.ts';

/** Where requests go: to the upstream itself, or through the proxy with a login and a session of its own each. */
export type Target = {
  readonly pool: Pool;
  /** Path and headers of a push on each session; taken in turns, because calls per login and second are bounded. */
  readonly sessions: readonly { readonly path: string; readonly headers: Record<string, string> }[];
};

export type Load = { readonly latenciesMs: readonly number[]; readonly seconds: number };

export const pushBody = (sdpBytes: number): string =>
  JSON.stringify({
    sessionDescription: { type: 'offer', sdp: sdpOf(sdpBytes) },
    tracks: [{ location: 'local', mid: '0', trackName: 't' }],
  });

async function expectOk({ statusCode, body }: Dispatcher.ResponseData, length: number): Promise<void> {
  const text = await body.text();
  if (statusCode >= 300 || text.length < length) throw new Error(`HTTP ${statusCode}: ${text.slice(0, 200)}`);
}

/** Logins with a session each; more come up against the bound of sessions per address. */
const SESSIONS = 150;

export function directTarget(url: string, inFlight: number): Target {
  const pool = new Pool(url, { connections: inFlight });
  const path = '/v1/apps/bench/sessions/s/tracks/new';
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
  return { pool, sessions: [{ path, headers }] };
}

/** Opens the sessions, each with a login of its own. */
export async function proxiedTarget(url: string, inFlight: number, secret: string): Promise<Target> {
  const pool = new Pool(url, { connections: inFlight });
  const opened = Array.from({ length: SESSIONS }, async (_, number) => {
    const username = `bench-${number}`;
    const cookie = `__session=${encodeURIComponent(signSession({ username, sid: username }, secret))}`;
    const headers = { cookie, 'content-type': 'text/plain' };
    const answer = await pool.request({ path: '/partytracks/sessions/new', method: 'POST', headers });
    const { sessionId } = (await answer.body.json()) as { sessionId: string };
    return { path: `/partytracks/sessions/${sessionId}/tracks/new`, headers };
  });
  return { pool, sessions: await Promise.all(opened) };
}

export type Plan = {
  readonly requests: number;
  readonly inFlight: number;
  readonly body: string;
  /** An answer that is shorter is none. */
  readonly replyBytes: number;
};

/** Pushes, so many at a time, until so many are done. */
export async function push(target: Target, { requests, inFlight, body, replyBytes }: Plan): Promise<Load> {
  const latenciesMs: number[] = [];
  let started = 0;
  const run = async (): Promise<void> => {
    while (started < requests) {
      const session = target.sessions[started % target.sessions.length];
      started += 1;
      const at = performance.now();
      const answer = await target.pool.request({ path: '/', ...session, method: 'POST', body });
      await expectOk(answer, replyBytes);
      latenciesMs.push(performance.now() - at);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, run));
  return { latenciesMs, seconds: (performance.now() - start) / 1_000 };
}
