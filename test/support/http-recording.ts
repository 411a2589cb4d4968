import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { MemoryStore } from '../../src/app.ts';
import { verifySession } from '../../src/identity/session-cookie.ts';
import { endOfTurn } from './fake-clock.ts';
import { ScriptedSfu, type SfuHandler, type SfuRequest } from './scripted-sfu.ts';
import { loginCookie, SECRET, startServer, type TestServer } from './server.ts';
import { until } from './until.ts';

/** Recordings of the original's HTTP side, cut down to what a replay uses; ids, logins and times are placeholders. */
const FOLDER = join(import.meta.dirname, '../contract/recordings');

/** Where the original was recorded: what it took for its own address. */
const HOST = '127.0.0.1:8787';

/** A body that is JSON as what it says; of a page the title. */
const bodySchema = z.union([
  z.strictObject({ json: z.unknown() }),
  z.strictObject({ text: z.string() }),
  z.strictObject({ html: z.string() }),
]);
export type Body = z.infer<typeof bodySchema>;

const headersSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
export type Headers = z.infer<typeof headersSchema>;

const upstreamSchema = z.object({
  method: z.string(),
  path: z.string(),
  query: z.string(),
  headers: headersSchema,
  body: bodySchema,
  /** Nothing where the connection was broken. */
  answers: z.object({ status: z.number(), body: bodySchema }).nullable(),
});
export type Upstream = z.infer<typeof upstreamSchema>;

const exchangeSchema = z.object({
  name: z.string(),
  /** Whether the original had an SFU, a webhook and a database. */
  profile: z.enum(['full', 'bare']),
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: headersSchema.default({}),
    body: bodySchema.optional(),
  }),
  /** What was asked of others because of it. */
  upstream: z.array(upstreamSchema).default([]),
  response: z.object({ status: z.number(), headers: headersSchema, body: bodySchema }),
});
export type Exchange = z.infer<typeof exchangeSchema>;

const recordingSchema = z.object({ description: z.string(), exchanges: z.array(exchangeSchema) });

export const httpRecordingNames = (): string[] =>
  readdirSync(FOLDER)
    .map((file) => file.replace(/\.json$/, ''))
    .sort();

export function loadHttpRecording(name: string): readonly Exchange[] {
  const text = readFileSync(join(FOLDER, `${name}.json`), 'utf8');
  return recordingSchema.parse(JSON.parse(text)).exchanges;
}

/** What came of an exchange: to be compared as a whole. */
export type Outcome = {
  readonly upstream: readonly Omit<Upstream, 'answers'>[];
  readonly response: Exchange['response'];
};

/** What must come of it. */
export const expectedOutcome = ({ upstream, response }: Exchange): Outcome => ({
  upstream: upstream.map(({ method, path, query, headers, body }) => ({
    method,
    path,
    query,
    headers: relevant(headers),
    body,
  })),
  response: { ...response, headers: relevant(response.headers) },
});

/** The transport's own, and what every page and answer of ours has, which other tests look at. */
const NOT_COMPARED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-security-policy',
  'cross-origin-opener-policy',
  'date',
  'etag',
  'host',
  'keep-alive',
  'permissions-policy',
  'referrer-policy',
  'transfer-encoding',
  'uwebsockets',
  'x-content-type-options',
  'x-frame-options',
]);

const relevant = (headers: IncomingHttpHeaders | Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined || NOT_COMPARED.has(name)) return [];
      return [[name, name === 'content-type' ? (String(value).split(';')[0] ?? '') : value]];
    }),
  );

function bodyOf(text: string): Body {
  const title = /<title>([^<]*)</.exec(text)?.[1];
  if (title !== undefined) return { html: title };
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return { text };
  }
}

const textOf = (body: Body): string => {
  if ('json' in body) return JSON.stringify(body.json);
  return 'text' in body ? body.text : '';
};

/** pino's number for `error`. */
const ERROR_LEVEL = 50;

const ISO_TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const UUID = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/;
/** The meeting that the recordings of feedback are about. */
const MEETING_ID = '00000000-0000-4000-8000-000000000005';
/** Longer than any of the first waits between two posts of the outbox. */
const RETRY_MS = 10_000;

/** Counts what the outbox has learned of its posts. */
class CountingStore extends MemoryStore {
  settled = 0;

  override async deliveredFeedback(claimId: string): Promise<void> {
    await super.deliveredFeedback(claimId);
    this.settled += 1;
  }

  override async retryFeedback(...args: Parameters<MemoryStore['retryFeedback']>): Promise<void> {
    await super.retryFeedback(...args);
    this.settled += 1;
  }
}

/** Replays exchanges in their order, each profile against a server of its own; time passes only in between. */
export class HttpReplay {
  readonly #servers = new Map<string, TestServer>();
  readonly #pauseMs: number;
  readonly #sfu: ScriptedSfu;
  readonly #store = new CountingStore();
  /** The id of the last bug report. */
  #report = '<report>';

  private constructor(sfu: ScriptedSfu, pauseMs: number) {
    this.#sfu = sfu;
    this.#pauseMs = pauseMs;
  }

  static async start(pauseMs: number): Promise<HttpReplay> {
    const replay = new HttpReplay(await ScriptedSfu.start(), pauseMs);
    await replay.#store.open();
    const meeting = { id: MEETING_ID, startedAt: 0, at: 0, peakUserCount: 1, ended: false };
    await replay.#store.save({ meetings: [meeting], rooms: [] });
    return replay;
  }

  /** What the servers logged that a person would have to look at. */
  get errors(): readonly unknown[] {
    const lines = [...this.#servers.values()].flatMap(({ logLines }) => logLines);
    return lines.filter(({ level }) => Number(level) >= ERROR_LEVEL).map(({ msg }) => msg);
  }

  /** Does what the client did, with the upstreams answering as they did, and gives what came of it. */
  async play(exchange: Exchange, recorded: Exchange): Promise<Outcome> {
    const server = await this.#server(exchange.profile);
    server.clock.advance(this.#pauseMs);
    for (const upstream of exchange.upstream) this.#script(upstream, recorded.response.headers);
    const before = this.#sfu.requests.length;
    const settled = this.#store.settled;
    const response = await this.#send(server, exchange.request);
    const posts = exchange.upstream.filter(({ path }) => path === '/feedback').length;
    for (let post = 1; post <= posts; post += 1) {
      await until(() => this.#store.settled >= settled + post);
      // By then the outbox waits for its next turn.
      await endOfTurn();
      if (post < posts) server.clock.advance(RETRY_MS);
    }
    const upstream = this.#sfu.requests.slice(before).map((request) => this.#seenUpstream(request));
    return { upstream, response };
  }

  async #server(profile: 'full' | 'bare'): Promise<TestServer> {
    const there = this.#servers.get(profile);
    if (there !== undefined) return there;
    const full = {
      ...this.#sfu.environment,
      FEEDBACK_URL: `${this.#sfu.url}/feedback`,
      TRACE_LINK: 'https://trace/{id}',
    };
    const server = await startServer(profile === 'full' ? full : {}, { store: this.#store });
    this.#servers.set(profile, server);
    return server;
  }

  /** The original passed on all headers of an answer: what it answered shows what it was answered. */
  #script({ path, answers }: Upstream, headers: Headers): void {
    const operation =
      path
        .split('/')
        .slice(path.endsWith('/sessions/new') ? 4 : 6)
        .join('/') || 'session';
    const handler: SfuHandler = (_, response) => {
      if (answers === null) return void response.socket?.destroy();
      response.writeHead(answers.status, { ...headers });
      response.end(textOf(answers.body));
    };
    this.#sfu.next(path === '/feedback' ? path : operation, handler);
  }

  #send({ port }: TestServer, request: Exchange['request']): Promise<Exchange['response']> {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, this.#concrete(String(value))]),
    );
    return new Promise((resolve, reject) => {
      const { method } = request;
      const path = this.#concrete(request.path);
      const sent = httpRequest({ port, method, path, headers: { host: HOST, ...headers }, agent: false });
      sent.on('error', reject);
      sent.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(this.#seenResponse(answer.statusCode ?? 0, answer.headers, text)));
      });
      sent.end(request.body === undefined ? undefined : this.#concrete(textOf(request.body)));
    });
  }

  #seenResponse(status: number, headers: IncomingHttpHeaders, text: string): Exchange['response'] {
    const shown = JSON.parse(this.#shown(JSON.stringify(relevant(headers)))) as Headers;
    return { status, headers: shown, body: bodyOf(this.#shown(text)) };
  }

  #seenUpstream({ method, path, query, headers, body }: SfuRequest): Omit<Upstream, 'answers'> {
    this.#report = /debugInfo\?id=([\da-f-]{36})/.exec(body)?.[1] ?? this.#report;
    return {
      method,
      path,
      query: query.replace(UUID, '<uuid>'),
      headers: relevant(headers),
      body: bodyOf(this.#shown(body)),
    };
  }

  /** With what stands for a placeholder in this run. */
  #concrete(text: string): string {
    return text
      .replace(/<(\d+) times (.)>/g, (_, times: string, char: string) => char.repeat(Number(times)))
      .replace(/__session=<login of (\w+)>/g, (_, name: string) => loginCookie(name))
      .replace(/__session=<tampered login of (\w+)>/g, (_, name: string) => tampered(loginCookie(name)))
      .replaceAll('<meeting>', MEETING_ID)
      .replaceAll('<report>', this.#report);
  }

  /** With placeholders for what is another in each run. */
  #shown(text: string): string {
    return text
      .replaceAll(ISO_TIME, '<iso-time>')
      .replaceAll(this.#report, '<report>')
      .replace(/__session=([^;"]+)/g, (_, value: string) => {
        const session = verifySession(decodeURIComponent(value), [SECRET]);
        return `__session=<login of ${session?.username ?? 'nobody'}>`;
      });
  }
}

/** With another first character in its signature. */
function tampered(cookie: string): string {
  const dot = cookie.lastIndexOf('.');
  return `${cookie.slice(0, dot + 1)}${cookie[dot + 1] === 'A' ? 'B' : 'A'}${cookie.slice(dot + 2)}`;
}
