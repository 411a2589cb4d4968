import { describe, expect, test } from 'vitest';
import type { CallsTimeouts } from '../../src/calls/calls.http.ts';
import { APP_SECRET, type SfuHandler } from '../support/scripted-sfu.ts';
import type { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { MARKER, NO_ANSWERS, sayJson, SLOW_ANSWERS } from './faults.ts';
import {
  call,
  CALLS,
  OPERATIONS,
  seen,
  SESSION,
  startWithSession,
  type Answer,
  type Operation,
  type Seen,
} from './proxy-client.ts';

/** Between the attempts of what the client itself asks for once. */
const DELAYS_MS = [100, 400, 1_600, 3_200];
const ALL = DELAYS_MS.length + 1;

/** How often the SFU is asked, when it says the same each time. All else than these two is asked for once. */
type Attempts = { readonly renegotiate: number; readonly close: number };
const ONCE: Attempts = { renegotiate: 1, close: 1 };
const UNTIL_GIVEN_UP: Attempts = { renegotiate: ALL, close: ALL };
/** A close is answered with a description or tried again, unless the SFU is definite. */
const CLOSE_AGAIN: Attempts = { renegotiate: 1, close: ALL };

const attemptsOf = (attempts: Attempts, operation: Operation): number =>
  operation === 'renegotiate' || operation === 'close' ? attempts[operation] : 1;

const asJson = (status: number, body: object): Seen => ({ status, type: 'application/json', body });
const NO_SESSION: Seen = { status: 502, type: 'text/plain', body: 'sfu_unavailable' };
const UNAVAILABLE = asJson(502, {
  error: { code: 'sfu_unavailable', message: 'The media server cannot be reached' },
});

const failedPull = (errorCode: string): Seen =>
  asJson(200, {
    requiresImmediateRenegotiation: false,
    tracks: ['mic', 'cam'].map((trackName) => ({
      sessionId: SESSION,
      trackName,
      errorCode,
      errorDescription: 'The track cannot be had at the moment',
    })),
  });

/** What a client is answered to each operation, when the SFU answers none of them. */
const WITHOUT_ANSWER: Readonly<Record<Operation, Seen>> = {
  openSession: NO_SESSION,
  push: UNAVAILABLE,
  pull: failedPull('temporarily_unavailable_error'),
  renegotiate: UNAVAILABLE,
  close: UNAVAILABLE,
  update: UNAVAILABLE,
  state: UNAVAILABLE,
};

/** The same where the SFU says what is wrong, in its own words. */
function withError(status: number, errorCode: string): Readonly<Record<Operation, Seen>> {
  const told = asJson(status, { errorCode, errorDescription: 'why' });
  return {
    ...WITHOUT_ANSWER,
    push: told,
    pull: failedPull(errorCode),
    close: told,
    update: told,
    state: told,
  };
}

type Fault = {
  readonly handler: SfuHandler;
  readonly expected: Readonly<Record<Operation, Seen>>;
  readonly attempts: Attempts;
};

const status = (code: number, errorCode: string, attempts: Attempts): Fault => ({
  handler: sayJson(code, { errorCode, errorDescription: 'why' }),
  expected: withError(code, errorCode),
  attempts,
});
const keyRefused = (code: number): Fault => ({
  handler: sayJson(code, { errorCode: 'unauthorized', errorDescription: MARKER }),
  expected: WITHOUT_ANSWER,
  attempts: ONCE,
});

const TRACKS = [
  { sessionId: SESSION, trackName: 'mic', mid: '0' },
  { sessionId: SESSION, trackName: 'cam', mid: '1' },
];

/** Answers in the API's form that say that the operation failed. */
const FAILURES: Readonly<Record<string, Fault>> = {
  'an error at the top of a 200': status(200, 'internal_error', CLOSE_AGAIN),
  'an error at the top of a 200 with tracks': {
    handler: sayJson(200, {
      errorCode: 'internal_error',
      errorDescription: 'why',
      sessionId: 'not-to-be-used',
      tracks: TRACKS,
    }),
    expected: withError(200, 'internal_error'),
    attempts: CLOSE_AGAIN,
  },
  'a refusal of our key, 401': keyRefused(401),
  'a refusal of our key, 403': keyRefused(403),
  'a refusal of our key in a 200': keyRefused(200),
  'a refusal of our key in a 400': keyRefused(400),
  '400': status(400, 'decoding_error', ONCE),
  '404': status(404, 'not_found', ONCE),
  '406': status(406, 'invalid_session_description', CLOSE_AGAIN),
  '409': status(409, 'signaling_state_not_stable', CLOSE_AGAIN),
  '410': status(410, 'session_error', ONCE),
  '425': status(425, 'session_error', UNTIL_GIVEN_UP),
  '429': status(429, 'too_many_requests', UNTIL_GIVEN_UP),
  '500': status(500, 'internal_error', UNTIL_GIVEN_UP),
  '503': status(503, 'temporarily_unavailable_error', UNTIL_GIVEN_UP),
  'a 500 without a code': {
    handler: sayJson(500, {}),
    expected: {
      ...WITHOUT_ANSWER,
      push: asJson(500, { errorCode: 'internal_error' }),
      close: asJson(500, { errorCode: 'internal_error' }),
      update: asJson(500, { errorCode: 'internal_error' }),
      state: asJson(500, { errorCode: 'internal_error' }),
    },
    attempts: UNTIL_GIVEN_UP,
  },
  'a code that is not a text': {
    handler: sayJson(200, { errorCode: 17, tracks: TRACKS }),
    expected: {
      ...WITHOUT_ANSWER,
      push: asJson(200, { errorCode: 'internal_error' }),
      pull: failedPull('internal_error'),
      close: asJson(200, { errorCode: 'internal_error' }),
      update: asJson(200, { errorCode: 'internal_error' }),
      state: asJson(200, { errorCode: 'internal_error' }),
    },
    attempts: CLOSE_AGAIN,
  },
};

/** Makes the request, and lets time pass whenever the server waits for it, for as long as it may. */
async function callThrough(server: TestServer, operation: Operation): Promise<Answer> {
  const idle = server.clock.timerCount;
  let isOver = false;
  const answer = call(server, operation, SESSION).finally(() => (isOver = true));
  // A wait for the end of a body may look like one between attempts; the attempts are counted where they arrive.
  for (const delayMs of [...DELAYS_MS, ...DELAYS_MS]) {
    await until(() => isOver || server.clock.timerCount > idle);
    if (isOver) break;
    server.clock.advance(delayMs);
  }
  return answer;
}

/** Headers that an answer of ours may have; `date`, `uwebsockets` and the framing are uWebSockets.js's own. */
const HEADERS = new Set([
  'content-type',
  'cache-control',
  'x-content-type-options',
  'retry-after',
  'date',
  'uwebsockets',
  'content-length',
]);

/** What the stock client must never get, whatever the SFU did: it would hang, break or reload its page. */
function expectLive(operation: Operation, answer: Answer): void {
  expect(answer.status < 300 || answer.status >= 400, 'no redirect').toBe(true);
  expect(Object.keys(answer.headers).filter((name) => !HEADERS.has(name))).toEqual([]);
  const body = answer.body as { errorCode?: unknown; tracks?: { errorCode?: unknown; mid?: unknown }[] };
  switch (operation) {
    case 'openSession':
      return expect(answer.type).toBe('text/plain');
    case 'pull':
      expect([answer.type, body.errorCode]).toEqual(['application/json', undefined]);
      expect(body.tracks?.map(({ errorCode, mid }) => [typeof errorCode, mid])).toEqual([
        ['string', undefined],
        ['string', undefined],
      ]);
      return;
    case 'push':
      return expect(body.tracks).toBeUndefined();
    case 'renegotiate':
      return expect([answer.type, body.errorCode]).toEqual(['application/json', undefined]);
    default:
      return expect(answer.type).toBe('application/json');
  }
}

/** Nothing of the SFU's own words, and nothing of our key. */
function expectNoLeak(server: TestServer, answer: Answer): void {
  const shown = JSON.stringify([answer.headers, answer.text]);
  expect(shown).not.toContain(MARKER);
  expect(shown).not.toContain(APP_SECRET);
  const logged = JSON.stringify(server.logLines);
  expect(logged).not.toContain(APP_SECRET);
  expect(logged, 'an SDP in the log').not.toContain('ice-ufrag');
}

async function expectCell(operation: Operation, fault: Fault, timeouts?: CallsTimeouts): Promise<void> {
  const { server, sfu } = await startWithSession(timeouts);
  sfu.next(CALLS[operation].upstream, ...Array.from({ length: ALL }, () => fault.handler));
  const answer = await callThrough(server, operation);
  expect(seen(answer)).toEqual(fault.expected[operation]);
  expectLive(operation, answer);
  expectNoLeak(server, answer);
  expect(sfu.requests).toHaveLength(attemptsOf(fault.attempts, operation));
}

const cells = <T>(faults: Readonly<Record<string, T>>): [string, Operation, T][] =>
  Object.entries(faults).flatMap(([name, fault]) =>
    OPERATIONS.map((operation): [string, Operation, T] => [name, operation, fault]),
  );

describe('an SFU that answers nothing that could be used', () => {
  test.each(cells(NO_ANSWERS))('[C12] [C7] [C8] [C9] [C10] %s: %s', async (_, operation, handler) => {
    await expectCell(operation, { handler, expected: WITHOUT_ANSWER, attempts: UNTIL_GIVEN_UP });
  });

  test.each(OPERATIONS)('[C12] a port where nobody listens: %s', async (operation) => {
    const { server, sfu } = await startWithSession();
    await sfu.stop();
    expect(seen(await callThrough(server, operation))).toEqual(WITHOUT_ANSWER[operation]);
  });
});

describe('an SFU that says that it failed', () => {
  test.each(cells(FAILURES))('[C12] [C7] [C8] [C9] [C10] %s: %s', async (_, operation, fault) => {
    await expectCell(operation, fault);
  });

  test.each(OPERATIONS)('[C12] the log tells that our key was refused: %s', async (operation) => {
    const { server, sfu } = await startWithSession();
    sfu.next(CALLS[operation].upstream, sayJson(401, { errorCode: 'unauthorized' }));
    await callThrough(server, operation);
    expect(server.logLines.filter(({ level }) => Number(level) >= 40)).toHaveLength(1);
  });
});

describe('an SFU that takes its time', () => {
  /** Only one of them may be the reason; the others are tried in test/calls/calls.http.test.ts. */
  const NEVER_MS = 60_000;
  const timeouts = { connectMs: NEVER_MS, headersMs: NEVER_MS, bodyMs: NEVER_MS, totalMs: 40 };

  test.each(cells(SLOW_ANSWERS))('[C12] %s: %s', async (_, operation, handler) => {
    await expectCell(operation, { handler, expected: WITHOUT_ANSWER, attempts: UNTIL_GIVEN_UP }, timeouts);
  });
});
