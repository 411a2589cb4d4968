import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { canonical, statesOutOfOrder, withoutLatency } from '../support/recording-compare.ts';
import { replay } from '../support/recording-replay.ts';
import { loadRecording, recordedOutcomes, recordingNames, type Recording } from '../support/recording.ts';
import { loginCookie } from '../support/server.ts';
import { DIFFERENCES, type Difference, type DifferenceName } from './differences.ts';

type Scenario = {
  readonly recording: string;
  readonly title: string;
  /** By name, in the order in which they are applied. */
  readonly differences?: readonly DifferenceName[];
  readonly environment?: Record<string, string>;
  readonly headersOf?: (conn: string) => Record<string, string> | undefined;
};

const EMAIL_HEADER = { 'cf-access-authenticated-user-email': 'eve@example.com' };

/** The session of a login as its cookie holds it, without the signature. */
const unsigned = Buffer.from(JSON.stringify({ username: 'unsigned' })).toString('base64');
const badSignature = createHmac('sha256', 'not the secret').update(unsigned).digest('base64');

/** What the recorder sent in place of, or beside, a good login. */
const ODD_LOGINS: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  garbage: { cookie: '__session=garbage' },
  badsig: { cookie: `__session=${encodeURIComponent(`${unsigned}.${badSignature}`)}` },
  unsigned: { cookie: `__session=${encodeURIComponent(unsigned)}` },
  access: EMAIL_HEADER,
  both: { cookie: loginCookie('both'), ...EMAIL_HEADER },
  empty: { cookie: loginCookie('', 'empty') },
};
const oddLogin = (conn: string): Record<string, string> | undefined => ODD_LOGINS[conn];

const SCENARIOS: readonly Scenario[] = [
  {
    recording: 'single-connect',
    title: '[H2] single-connect: the first frame is the whole state, and a close is answered',
    differences: ['close-frame-answered'],
  },
  { recording: 'two-connect', title: '[H2] [R5] two-connect: a join sends the state to everybody' },
  { recording: 'user-update', title: '[R7] user-update: everybody sees a change, the sender too' },
  {
    recording: 'user-update-joined',
    title: '[R7] [R8] user-update-joined: `joined` comes and goes, and an update without a change is silent',
    differences: ['unchanged-state-not-resent'],
  },
  {
    recording: 'direct-message',
    title: '[R10] direct-message: it reaches its target alone, in the name of its sender',
    differences: ['unknown-target-refused', 'missing-target-refused'],
  },
  {
    recording: 'mute-user',
    title: '[R9] mute-user: the target is told, and the state follows if it changed',
    differences: ['unchanged-state-not-resent', 'unknown-target-refused', 'missing-target-refused'],
  },
  { recording: 'e2ee-relay', title: '[R11] e2ee-relay: MLS messages reach everybody else as they are' },
  { recording: 'heartbeat', title: '[H6] heartbeat: nobody hears of it' },
  { recording: 'binary-frame', title: '[G7] binary-frame: it is ignored, whatever is in it' },
  { recording: 'calls-api-history', title: 'calls-api-history: nobody hears of it' },
  {
    recording: 'invalid-json',
    title: '[G5] [H11] invalid-json: its sender is told, and the connection goes on',
    differences: ['error-has-code-not-stack'],
  },
  {
    recording: 'unknown-type',
    title: '[G5] [H11] unknown-type: its sender is told, and the connection goes on',
    differences: ['error-has-code-not-stack'],
  },
  {
    recording: 'user-left',
    title: '[H9] [R12] user-left: the others are notified, then see the state; the leaver gets close 1000',
  },
  {
    recording: 'user-left-like-browser',
    title: '[H9] [R12] user-left-like-browser: leaving and closing at once is one departure',
    differences: ['unchanged-state-not-resent'],
  },
  {
    recording: 'raw-drop',
    title: '[H5] [H9] raw-drop: a user whose socket is gone leaves after the grace',
    differences: ['dropped-user-leaves-after-grace'],
  },
  {
    recording: 'no-heartbeat',
    title: '[H6] [H9] no-heartbeat: a silent user leaves with its own notification and close 1011',
    differences: ['silent-user-leaves-after-timeout'],
  },
  {
    recording: 'reconnect-same-id',
    title: '[H3] reconnect-same-id: who comes back within the grace has never left, and keeps its name',
    differences: ['unchanged-state-not-resent'],
  },
  {
    recording: 'reconnect-after-timeout',
    title: '[H5] [R5] reconnect-after-timeout: who comes back after the grace is a new user',
    differences: ['dropped-user-leaves-after-grace'],
  },
  {
    recording: 'same-id-two-sockets',
    title: '[H3] same-id-two-sockets: the newer socket of an id takes the place of the older',
    differences: ['older-socket-closed', 'newer-socket-not-deaf', 'unchanged-state-not-resent'],
  },
  {
    recording: 'meeting-end',
    title: '[R14] meeting-end: who comes long after the last one finds another meeting',
  },
  {
    recording: 'meeting-rejoin-before-alarm',
    title: '[R3] meeting-rejoin-before-alarm: who comes soon after the last one finds the same meeting',
  },
  { recording: 'periodic', title: '[H10] periodic: the state is sent every 15 s' },
  {
    recording: 'no-pk',
    title: '[G2] [R6] no-pk: a client without an id gets one, and any other is taken as it is',
    differences: ['reserved-id-refused'],
  },
  {
    recording: 'no-cookie',
    title: '[G3] no-cookie: without a genuine login there is 401',
    differences: ['access-header-not-believed', 'empty-name-refused'],
    headersOf: oddLogin,
  },
  {
    recording: 'no-cookie',
    title: '[G3] no-cookie: the header of Cloudflare Access is a login where it is trusted',
    differences: ['empty-name-refused'],
    environment: { TRUST_ACCESS_EMAIL_HEADER: 'true' },
    headersOf: oddLogin,
  },
  {
    recording: 'room-names',
    title: '[G1] room-names: a room is its path segment, decoded once',
    differences: ['room-name-decoded', 'encoded-slash-refused'],
  },
];

function differenceNamed(name: DifferenceName): Difference {
  const found = DIFFERENCES.find((difference) => difference.name === name);
  if (found === undefined) throw new Error(`There is no difference ${name}`);
  return found;
}

/** What our clients must see: what the original's saw, with the scenario's differences. Each must change something. */
function expectedOutcomes(recording: Recording, differences: readonly DifferenceName[]) {
  let outcomes = recordedOutcomes(recording);
  const idle: DifferenceName[] = [];
  for (const name of differences) {
    const changed = differenceNamed(name).apply(outcomes, recording);
    if (isDeepStrictEqual(changed, outcomes)) idle.push(name);
    outcomes = changed;
  }
  return { outcomes: canonical(outcomes), idle };
}

test.each(SCENARIOS.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
  const { recording: name, differences = [], environment, headersOf } = scenario;
  const recording = loadRecording(name);
  const expected = expectedOutcomes(recording, differences);
  expect(expected.idle, 'differences that change nothing here').toEqual([]);

  const replayed = await replay(recording, { environment, headersOf });

  const actual = canonical(replayed.outcomes, replayed.placeholders);
  expect(withoutLatency(actual, expected.outcomes)).toEqual(expected.outcomes);
  expect(statesOutOfOrder(replayed.outcomes)).toEqual([]);
  expect(replayed.errors).toEqual([]);
});

test('every recording is replayed', () => {
  expect(new Set(SCENARIOS.map(({ recording }) => recording))).toEqual(new Set(recordingNames()));
});

test('every difference has a name of its own and is needed by a scenario', () => {
  const names = DIFFERENCES.map(({ name }) => name);
  const needed = new Set(SCENARIOS.flatMap(({ differences = [] }) => differences));
  expect(names.filter((name) => !needed.has(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
