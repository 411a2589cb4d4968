import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import {
  expectedOutcome,
  httpRecordingNames,
  HttpReplay,
  loadHttpRecording,
  type Exchange,
  type Outcome,
} from '../support/http-recording.ts';
import { HTTP_DIFFERENCES, type HttpDifferenceName } from './http-differences.ts';
import type { HttpDifference } from './http-edit.ts';

type Scenario = {
  readonly recording: string;
  readonly title: string;
  /** By name, in the order in which they are applied. */
  readonly differences: readonly HttpDifferenceName[];
  /** How much time passes between two exchanges; none by default. */
  readonly pauseMs?: number;
  /** What a person must look at because of it. */
  readonly errors?: readonly string[];
};

/** A login that reports is allowed one more every ten seconds. */
const BETWEEN_REPORTS_MS = 10_000;

const SCENARIOS: readonly Scenario[] = [
  {
    recording: 'http-partytracks',
    title: '[C1] [C2] [C3] [C4] [C7] [C8] [C13] [C15] http-partytracks: the way to the SFU',
    differences: [
      'login-is-enough',
      'login-in-place-of-session-cookies',
      'bearer-is-an-invitation',
      'descriptions-are-checked',
      'close-has-offer-and-answer',
      'session-cookies-not-set',
      'new-session-is-201',
      'headers-not-passed-up',
      'query-not-passed-up',
      'new-session-has-no-body',
      'only-what-the-client-needs',
      'prefix-is-a-room-name',
      'empty-lists-refused',
      'ice-servers-by-get',
      'no-port-53',
      'failed-session-in-plain-text',
      'answers-not-understood-are-502',
      'headers-not-passed-down',
      'fields-not-passed-down',
      'not-stored',
    ],
    errors: ['SFU refuses this server: check CALLS_APP_ID and CALLS_APP_SECRET'],
  },
  {
    recording: 'http-set-username',
    title: '[G11] http-set-username: a name, and the way back',
    differences: [
      'odd-way-back-is-one',
      'empty-name-refused',
      'no-remix-data-requests',
      'lax-login-cookie',
      'access-header-not-believed',
      'ways-back-are-paths',
      'other-forms-are-415',
      'malformed-requests-are-400',
      'own-pages',
      'not-stored',
    ],
  },
  {
    recording: 'http-bug-report',
    title: '[F1] [F2] [F3] [F4] [F5] [F12] [F17] [F18] http-bug-report: reports, and where they can be read',
    differences: [
      'feedback-needs-a-login',
      'report-without-user-agent',
      'report-in-json',
      'posted-until-it-arrives',
      'posts-can-be-told-apart',
      'cards-name-the-login',
      'cards-say-which-server',
      'cards-are-escaped',
      'room-links-lead-here',
      'empty-report-id-is-missing',
      'no-reports-without-a-webhook',
      'wrong-methods-are-405',
      'no-remix-headers',
      'malformed-requests-are-400',
      'not-stored',
    ],
    pauseMs: BETWEEN_REPORTS_MS,
  },
  {
    recording: 'http-dead-track',
    title: '[F1] [F2] [F4] [F17] [F18] http-dead-track: tracks that bring nothing',
    differences: [
      'feedback-needs-a-login',
      'posts-can-be-told-apart',
      'cards-name-the-login',
      'cards-without-empty-parts',
      'cards-say-which-server',
      'wrong-methods-are-405',
      'no-remix-headers',
      'malformed-requests-are-400',
      'not-stored',
    ],
    pauseMs: BETWEEN_REPORTS_MS,
  },
  {
    recording: 'http-report-refresh',
    title: '[F1] [F6] http-report-refresh: pages that were loaded again',
    differences: ['feedback-needs-a-login', 'always-a-database', 'wrong-methods-are-405', 'not-stored'],
  },
  {
    recording: 'http-call-quality-feedback',
    title: '[F1] [F6] [F18] http-call-quality-feedback: how the call was',
    differences: [
      'feedback-needs-a-login',
      'no-remix-data-requests',
      'ways-back-are-paths',
      'unknown-meetings-are-404',
      'malformed-requests-are-400',
      'own-pages',
      'not-stored',
    ],
  },
];

function differenceNamed(name: HttpDifferenceName): HttpDifference {
  const found = HTTP_DIFFERENCES.find((difference) => difference.name === name);
  if (found === undefined) throw new Error(`There is no difference ${name}`);
  return found;
}

/** The exchanges that this server must take part in. Each difference must change something. */
function changed(recording: readonly Exchange[], names: readonly HttpDifferenceName[]) {
  let exchanges = recording;
  const idle: HttpDifferenceName[] = [];
  for (const name of names) {
    const before = exchanges;
    exchanges = before.map((exchange) => differenceNamed(name).apply(exchange, before));
    if (isDeepStrictEqual(exchanges, before)) idle.push(name);
  }
  return { exchanges, idle };
}

const named = (name: string, outcome: Outcome): object => ({ name, ...outcome });

test.each(SCENARIOS.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
  const recording = loadHttpRecording(scenario.recording);
  const { exchanges, idle } = changed(recording, scenario.differences);
  expect(idle, 'differences that change nothing here').toEqual([]);

  const replay = await HttpReplay.start(scenario.pauseMs ?? 0);
  const outcomes: object[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    outcomes.push(named(exchange.name, await replay.play(exchange, recording[index] ?? exchange)));
  }

  expect(outcomes).toEqual(exchanges.map((exchange) => named(exchange.name, expectedOutcome(exchange))));
  expect(replay.errors).toEqual(scenario.errors ?? []);
});

test('every recording is replayed', () => {
  expect(SCENARIOS.map(({ recording }) => recording).sort()).toEqual(httpRecordingNames());
});

test('every difference has a name of its own and is needed by a scenario', () => {
  const names = HTTP_DIFFERENCES.map(({ name }) => name);
  const needed = new Set(SCENARIOS.flatMap(({ differences }) => differences));
  expect(names.filter((name) => !needed.has(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
