import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryStore } from '../../src/store/store.memory.ts';
import { countRequests } from '../support/ai-upstreams.ts';
import { endOfTurn } from '../support/fake-clock.ts';
import { RecordingClient } from '../support/recording-client.ts';
import { canonical, withoutLatency } from '../support/recording-compare.ts';
import {
  concreteIds,
  endOf,
  recordedOutcomes,
  type Outcomes,
  type Recording,
  type Seen,
} from '../support/recording.ts';
import { ScriptedSfu, type SfuHandler, type SfuRequest } from '../support/scripted-sfu.ts';
import { loginCookie, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import {
  AI_DIFFERENCES,
  ANSWER,
  LAB_ANSWER,
  LAB_OFFER,
  OFFER,
  type AiDifferenceName,
  type Course,
  type UpstreamRequest,
} from './ai-differences.ts';

const FOLDER = join(import.meta.dirname, 'recordings-ai');
/** How finely time passes: what is asked again after a while is asked in a later step. */
const STEP_MS = 20;

type RecordedRequest = {
  readonly step: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: { readonly authorization: string };
  readonly body: string;
  readonly response: { readonly status: number; readonly body: string };
};
type AiRecording = Recording & { readonly upstream: readonly RecordedRequest[] };

type Scenario = {
  readonly recording: string;
  readonly title: string;
  readonly differences: readonly AiDifferenceName[];
  /** How long the first route took upstream. */
  readonly routeMs?: number;
};

const OPENING: readonly AiDifferenceName[] = ['real-descriptions', 'one-base-path', 'calls-of-the-ga-api'];
const ROUTING: readonly AiDifferenceName[] = [...OPENING, 'route-names-meeting-and-kind'];

const SCENARIOS: readonly Scenario[] = [
  {
    recording: 'ai-enable',
    title: '[R15] [R17] [V1] ai-enable: four requests open the AI, and it is a participant',
    differences: OPENING,
  },
  {
    recording: 'ai-disable',
    title: '[R20] [R30] [V6] ai-disable: anybody dismisses the AI, and nothing of it stays open',
    differences: [...OPENING, 'dismissed-ai-is-closed'],
  },
  {
    recording: 'ai-control',
    title: '[R23] [R24] [R27] [V8] ai-control: who asks is routed to the AI, shown, and lets go',
    differences: ROUTING,
  },
  {
    recording: 'ai-control-concurrent',
    title: '[R23] [R26] ai-control-concurrent: while one is being routed another is refused',
    differences: [...ROUTING, 'pending-control-refused'],
    routeMs: 1_500,
  },
  {
    recording: 'ai-control-takeover',
    title: '[R26] [R27] ai-control-takeover: nobody takes the control from its holder',
    differences: [...ROUTING, 'held-control-refused'],
  },
  {
    recording: 'ai-controller-leaves',
    title: '[R28] ai-controller-leaves: who leaves lets go of the AI',
    differences: [...ROUTING, 'leaver-releases-control', 'leaver-is-unpublished'],
  },
  {
    recording: 'ai-control-fail-errorcode',
    title: '[R25] ai-control-fail-errorcode: who cannot be routed is told, and the next one can',
    differences: [...ROUTING, 'failed-control-is-told'],
  },
  {
    recording: 'ai-enable-fail-openai-401',
    title: '[R18] [V3] [V5] ai-enable-fail-openai-401: the room is told that the account is refused',
    differences: [...OPENING, 'failed-opening-is-closed', 'refused-account-is-told'],
  },
  {
    recording: 'ai-enable-fail-then-ok',
    title:
      '[R15] [R18] [V3] [V5] ai-enable-fail-then-ok: an overloaded API is asked again, and a failure passes',
    differences: [...OPENING, 'failed-opening-is-closed', 'overloaded-api-asked-again'],
  },
];

/** Its times count from its first event; sessions at the SFU have the names of their placeholders. */
function loadAiRecording(name: string): AiRecording {
  const text = readFileSync(join(FOLDER, `${name}.json`), 'utf8').replaceAll(/<(sfu-session-\d)>/g, '$1');
  const recording = JSON.parse(text) as AiRecording;
  const start = recording.events[0]?.t ?? 0;
  return { ...recording, events: recording.events.map((event) => ({ ...event, t: event.t - start })) };
}

function expectedCourse(recording: AiRecording, differences: readonly AiDifferenceName[]) {
  let course: Course = {
    outcomes: recordedOutcomes(recording),
    requests: recording.upstream.map(({ method, path, query, headers, body }) => ({
      method,
      path,
      query,
      authorization: headers.authorization.replace(/<secret:(.*)>/, '$1'),
      body: bodyOf(body),
    })),
  };
  const idle: AiDifferenceName[] = [];
  for (const name of differences) {
    const changed = AI_DIFFERENCES.find((one) => one.name === name)?.apply(course, recording) ?? course;
    if (isDeepStrictEqual(changed, course)) idle.push(name);
    course = changed;
  }
  return { ...course, outcomes: canonical(course.outcomes), idle };
}

/** JSON, the parts of a form, or text. */
function bodyOf(text: string): unknown {
  if (text.startsWith('--')) {
    const [, value = '', json = ''] = /\r\n\r\n(v=0.*?\r\n)\r\n--.*?\r\n\r\n(\{.*\})\r\n--/s.exec(text) ?? [];
    return { sdp: value, session: JSON.parse(json) as unknown };
  }
  return text.startsWith('{') ? JSON.parse(text) : text;
}

const toRequest = ({ method, path, query, headers, body }: SfuRequest): UpstreamRequest => ({
  method,
  path,
  query: query.replace(/[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/, '<meeting-1>'),
  authorization: headers.authorization ?? '',
  body: bodyOf(body),
});

/** Does what the recording did, on a server whose upstreams answer as the recorded ones did. */
class AiReplay {
  readonly #recording: AiRecording;
  readonly #routeMs: number;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #clients = new Map<string, RecordingClient>();
  readonly #replies: RecordedRequest[];
  readonly #held: { readonly at: number; readonly release: () => void }[] = [];
  #server!: TestServer;
  #upstream!: ScriptedSfu;
  #counter!: ReturnType<typeof countRequests>;
  #calls = 0;
  #start = 0;

  constructor(recording: AiRecording, routeMs: number) {
    this.#recording = recording;
    this.#routeMs = routeMs;
    this.#ids = concreteIds(recording);
    // The original did not ask an overloaded API again.
    this.#replies = recording.upstream.flatMap((reply) =>
      Array(reply.response.status === 500 ? 3 : 1).fill(reply),
    );
  }

  async run(): Promise<Course> {
    await this.#open();
    for (const event of this.#recording.events) {
      if (event.ev !== 'connect' && event.ev !== 'send') continue;
      await this.#advanceTo(event.t);
      if (event.ev === 'send')
        this.#clients.get(event.conn)?.send(this.#concrete(JSON.stringify(event.json)));
      else await this.#connect(event.conn, event.url);
      await this.#settle();
    }
    await this.#advanceTo(endOf(this.#recording));
    return {
      outcomes: this.#withPlaceholders([...this.#clients].map(([conn, { seen }]) => [conn, seen])),
      requests: this.#upstream.requests.map(toRequest),
    };
  }

  /** With the recording's placeholders in place of the ids that stood for them. */
  #withPlaceholders(seen: readonly (readonly [string, readonly Seen[]])[]): Outcomes {
    let text = JSON.stringify(Object.fromEntries(seen));
    for (const [placeholder, id] of this.#ids)
      text = text.replaceAll(JSON.stringify(id), JSON.stringify(placeholder));
    return JSON.parse(text) as Outcomes;
  }

  /** The tracks that are asked for are those that each user publishes. */
  async #open(): Promise<void> {
    const store = new MemoryStore();
    for (const [conn, { id }] of Object.entries(this.#recording.connections)) {
      const tracks = [{ mid: '0', trackName: 'audio' }];
      const owner = `sid:${this.#concrete(id)}`;
      await store.putSfuSession({ sessionId: `sess-${conn}`, owner, openedAt: 0, tracks });
    }
    this.#upstream = await ScriptedSfu.start((request, response) => this.#answer(request, response));
    this.#counter = countRequests(this.#upstream.url);
    onTestFinished(() => this.#counter.stop());
    const environment = {
      ...this.#upstream.environment,
      OPENAI_API_TOKEN: 'lab-openai-token',
      OPENAI_MODEL_ENDPOINT: `${this.#upstream.url}/openai/v1/realtime`,
      OPENAI_MODEL_ID: 'gpt-4o-realtime-preview-2024-10-01',
    };
    this.#server = await startServer(environment, { store });
    this.#start = this.#server.clock.now();
  }

  readonly #answer: SfuHandler = ({ path, body }, response) => {
    const send = (status: number, text: string): void => {
      const isCall = path.startsWith('/openai') && status === 201;
      response.writeHead(status, isCall ? { location: `/v1/realtime/calls/rtc_${(this.#calls += 1)}` } : {});
      response.end(
        text.replaceAll(JSON.stringify(LAB_OFFER), JSON.stringify(OFFER)).replaceAll(LAB_ANSWER, ANSWER),
      );
    };
    if (path.endsWith('/hangup')) return send(200, '');
    if (path.endsWith('/tracks/close')) return send(200, '{"tracks":[{"mid":"0"}]}');
    const { status, body: text } = this.#replies.shift()?.response ?? { status: 500, body: 'no' };
    if (!body.includes('"remote"') || this.#routeMs === 0) return send(status, text);
    this.#held.push({ at: this.#now() + this.#routeMs, release: () => send(status, text) });
  };

  #now(): number {
    return this.#server.clock.now() - this.#start;
  }

  async #advanceTo(at: number): Promise<void> {
    while (this.#now() < at) {
      this.#server.clock.advance(Math.min(STEP_MS - (this.#now() % STEP_MS), at - this.#now()));
      const due = this.#held.filter((held) => held.at <= this.#now());
      for (const held of due) this.#held.splice(this.#held.indexOf(held), 1)[0]?.release();
      await this.#settle();
    }
  }

  async #connect(conn: string, recordedUrl: string): Promise<void> {
    const { id = '', name = '' } = this.#recording.connections[conn] ?? {};
    const url = this.#concrete(recordedUrl).replace(/:\d+\//, `:${this.#server.port}/`);
    const headers = { cookie: loginCookie(name, this.#concrete(id)) };
    const client = new RecordingClient(url, headers, () => this.#now());
    onTestFinished(() => client.drop());
    this.#clients.set(conn, client);
    await client.answered;
  }

  #concrete(text: string): string {
    let result = text.replaceAll('<room>', 'room');
    for (const [placeholder, id] of this.#ids) result = result.replaceAll(placeholder, id);
    return result;
  }

  async #settle(): Promise<void> {
    let made = -1;
    do {
      made = this.#counter.made();
      for (const client of this.#clients.values()) await client.settle();
      await until(() => this.#counter.underWay() === this.#held.length);
      await endOfTurn();
    } while (made !== this.#counter.made());
    for (const client of this.#clients.values()) await client.settle();
  }
}

test.each(SCENARIOS.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
  const recording = loadAiRecording(scenario.recording);
  const { idle, ...expected } = expectedCourse(recording, scenario.differences);
  expect(idle, 'differences that change nothing here').toEqual([]);

  const replay = new AiReplay(recording, scenario.routeMs ?? 0);
  const { outcomes, requests } = await replay.run();

  const seen = canonical(outcomes);
  expect(requests).toEqual(expected.requests);
  expect(withoutLatency(seen, expected.outcomes)).toEqual(expected.outcomes);
});

test('every recording of the AI is replayed, and every difference is needed', () => {
  const recordings = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));
  expect(SCENARIOS.map(({ recording }) => recording).sort()).toEqual(recordings.sort());
  const needed = new Set<string>(SCENARIOS.flatMap(({ differences }) => differences));
  expect(AI_DIFFERENCES.map(({ name }) => name).filter((name) => !needed.has(name))).toEqual([]);
});
