import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { answer, sdp, type ScriptedSfu } from '../support/scripted-sfu.ts';
import { loginCookie } from '../support/server.ts';
import { until } from '../support/until.ts';
import { Held, sayJson } from './faults.ts';
import { call, CALLS, openSession, seen, SESSION, startWithSession, type Operation } from './proxy-client.ts';

/** What the SFU was asked for, in order: method and path behind the application. */
const asked = (sfu: ScriptedSfu): string[] =>
  sfu.requests.map(({ method, path }) => `${method} ${path.replace('/v1/apps/lab-app-id/', '')}`);

/** Enough of an answer for all of them. */
const DONE = answer(200, { sessionDescription: { type: 'answer', sdp: sdp('0') } });

const ON_A_SESSION = ['push', 'pull', 'renegotiate', 'close', 'update', 'state'] as const;

/** As the SFU is asked for it. */
function upstreamOf(operation: Operation, sessionId: string): string {
  const { method, upstream } = CALLS[operation];
  const path = `${method} sessions/${sessionId}`;
  return upstream === 'session' ? path : `${path}/${upstream}`;
}

describe('operations on one session', () => {
  test.each(ON_A_SESSION)('[C6] nothing overtakes, and nothing overlaps: %s', async (first) => {
    const { server, sfu } = await startWithSession();
    const { upstream } = CALLS[first];
    const held = new Held(DONE);
    sfu.next(upstream, held.handler);
    const started = call(server, first, SESSION);
    await sfu.asked(upstream, 1);
    // Another connection, and the way there and back: had these been let through, they would be there before.
    const behind = ON_A_SESSION.map((operation) => call(server, operation, SESSION));
    await openSession(server);
    expect(asked(sfu)).toEqual([upstreamOf(first, SESSION), 'POST sessions/new']);
    held.release();
    await Promise.all([started, ...behind]);
    expect(asked(sfu).slice(2).sort()).toEqual(
      ON_A_SESSION.map((operation) => upstreamOf(operation, SESSION)).sort(),
    );
  });

  test('[C6] at no time are there two at the SFU', async () => {
    const { server, sfu } = await startWithSession();
    let open = 0;
    let most = 0;
    for (const operation of ON_A_SESSION) {
      const { upstream } = CALLS[operation];
      sfu.next(upstream, (request, response) => {
        most = Math.max(most, (open += 1));
        response.on('finish', () => (open -= 1));
        setImmediate(() => DONE(request, response));
      });
    }
    await Promise.all(ON_A_SESSION.map((operation) => call(server, operation, SESSION)));
    expect([most, sfu.requests.length]).toEqual([1, ON_A_SESSION.length]);
  });

  test('[C6] a failure lets the next one go', async () => {
    const { server, sfu } = await startWithSession();
    const held = new Held((_, response) => void response.socket?.destroy());
    sfu.next('tracks/new', held.handler);
    const first = call(server, 'push', SESSION);
    await sfu.asked('tracks/new', 1);
    const second = call(server, 'close', SESSION);
    held.release();
    expect([(await first).status, (await second).status]).toEqual([502, 200]);
  });

  test('[C6] a client that has gone does not let the next one go', async () => {
    const { server, sfu } = await startWithSession();
    const held = new Held(DONE);
    sfu.next('tracks/update', held.handler);
    const impatient = new AbortController();
    const path = CALLS.update.path.replace(':id', SESSION);
    const gone = fetch(`${server.url}${path}`, {
      method: 'PUT',
      body: JSON.stringify(CALLS.update.body?.(SESSION)),
      headers: { cookie: loginCookie('alice') },
      signal: impatient.signal,
    });
    await sfu.asked('tracks/update', 1);
    impatient.abort();
    await expect(gone).rejects.toThrow('aborted');
    const next = call(server, 'state', SESSION);
    await openSession(server);
    expect(sfu.of('session')).toHaveLength(0);
    held.release();
    expect((await next).status).toBe(200);
  });
});

test('[C6] operations on different sessions do not wait for one another', async () => {
  const { server, sfu } = await startWithSession();
  const other = await openSession(server);
  const held = new Held(sayJson(200, {}));
  sfu.next('tracks/update', held.handler);
  const first = call(server, 'update', SESSION);
  await sfu.asked('tracks/update', 1);
  for (const operation of ON_A_SESSION) {
    const body = CALLS[operation].body?.(other);
    expect((await call(server, operation, other, body === undefined ? {} : { body })).status).toBe(200);
  }
  held.release();
  expect((await first).status).toBe(200);
});

describe('more than may wait', () => {
  const TOO_MANY = { error: { code: 'too_many_requests', message: 'Too many requests' } };
  const failed = ['mic', 'cam'].map((trackName) => ({
    sessionId: SESSION,
    trackName,
    errorCode: 'temporarily_unavailable_error',
    errorDescription: 'The track cannot be had at the moment',
  }));

  test.each([
    ['push', 429, TOO_MANY],
    ['pull', 200, { requiresImmediateRenegotiation: false, tracks: failed }],
    ['renegotiate', 429, TOO_MANY],
    ['close', 429, TOO_MANY],
    ['update', 429, TOO_MANY],
    ['state', 429, TOO_MANY],
  ] as const)(
    '[C6] behind one at the SFU 32 wait, and the others are told: %s',
    async (operation, status, body) => {
      const { server, sfu } = await startWithSession();
      const held = new Held(DONE);
      sfu.next('tracks/update', held.handler);
      const atTheSfu = call(server, 'update', SESSION);
      await sfu.asked('tracks/update', 1);
      let told = 0;
      const asked = Array.from({ length: 40 }, async () => {
        const answered = await call(server, operation, SESSION);
        told += 1;
        return seen(answered);
      });
      // By then all have come in: those who wait are not answered before the one at the SFU is.
      await until(() => told >= 8);
      held.release();
      expect((await atTheSfu).status).toBe(200);
      const refused = { status, type: 'application/json', body };
      const answers = await Promise.all(asked);
      expect(answers.filter((each) => isDeepStrictEqual(each, refused))).toHaveLength(8);
      expect(answers.filter((each) => each.status === 200)).toHaveLength(operation === 'pull' ? 40 : 32);
      expect(sfu.requests).toHaveLength(33);
      expect((await call(server, 'state', SESSION)).status, 'there is place again').toBe(200);
    },
  );
});
