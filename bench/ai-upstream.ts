import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sdpOf } from './sdp.ts';
import { serve } from './worker.ts';

export type AiUpstreamCalls = {
  /** `latencyMs`: how long each answer takes. */
  readonly listen: {
    readonly input: { readonly latencyMs: number };
    readonly output: { readonly port: number };
  };
  /** Answers when every call that was opened has been closed, and forgets them. */
  readonly settle: { readonly input: null; readonly output: Account };
};

/** What has been asked for since the last account. */
export type Account = {
  readonly openings: number;
  readonly requests: number;
  /** Calls that were opened or closed in any other way than by {@link OPENING} and {@link CLOSING}; empty is good. */
  readonly faults: readonly string[];
};

type Step = 'session' | 'offer' | 'call' | 'answer' | 'hangup' | 'close';

/** The four requests that open a call, and the two that close it; nothing but these, once each, in this order. */
const OPENING: readonly Step[] = ['session', 'offer', 'call', 'answer'];
const CLOSING: readonly Step[] = ['hangup', 'close'];
const EXPECTED = [...OPENING, ...CLOSING].join(' ');

const SDP_BYTES = 2_000;
const SETTLE_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

/** The session is in the offer's name, so that what is asked of OpenAI can be told to belong to it. */
const offerOf = (session: string): string => sdpOf(SDP_BYTES).replace('s=-', `s=${session}`);
const ANSWER = sdpOf(SDP_BYTES);

/** By the SFU's session: what was asked for, in order. */
const asked = new Map<string, Step[]>();
let sessions = 0;
let requests = 0;
let underWay = 0;
let latencyMs = 0;
let strange: string[] = [];

type Question = { readonly step: Step; readonly session: string };

/** What a request is about; nothing of what opens or closes a call otherwise. */
function read(method: string, path: string, body: string): Question | undefined {
  if (path === '/v1/realtime/calls') {
    return { step: 'call', session: /^s=(ai-\d+)\r?$/m.exec(body)?.[1] ?? '' };
  }
  const [, hungUp] = /^\/v1\/realtime\/calls\/rtc_(ai-\d+)\/hangup$/.exec(path) ?? [];
  if (hungUp !== undefined) return { step: 'hangup', session: hungUp };
  const [, session = '', operation] = /^\/v1\/apps\/bench\/sessions\/(?:(ai-\d+)\/)?(.+)$/.exec(path) ?? [];
  switch (`${method} ${operation}`) {
    case 'POST new':
      return { step: 'session', session: `ai-${(sessions += 1)}` };
    case 'POST tracks/new':
      return { step: 'offer', session };
    case 'PUT renegotiate':
      return { step: 'answer', session };
    case 'PUT tracks/close':
      return { step: 'close', session };
    default:
      return undefined;
  }
}

function answer({ step, session }: Question, response: ServerResponse): void {
  if (step === 'call') {
    response.writeHead(201, {
      location: `/v1/realtime/calls/rtc_${session}`,
      'content-type': 'application/sdp',
    });
    response.end(ANSWER);
    return;
  }
  response.writeHead(step === 'session' ? 201 : 200, { 'content-type': 'application/json' });
  const tracks = [{ trackName: 'ai-generated-voice', mid: '0' }];
  const sessionDescription = { type: 'offer', sdp: offerOf(session) };
  if (step === 'session') response.end(JSON.stringify({ sessionId: session }));
  else if (step === 'offer') response.end(JSON.stringify({ tracks, sessionDescription }));
  else if (step === 'close') response.end(JSON.stringify({ tracks }));
  else response.end('{}');
}

function receive({ method = '', url = '' }: IncomingMessage, body: string, response: ServerResponse): void {
  requests += 1;
  const [path = ''] = url.split('?');
  const question = read(method, path, body);
  const steps = question?.step === 'session' ? [] : asked.get(question?.session ?? '');
  if (question === undefined || steps === undefined) {
    strange.push(`nobody expected ${method} ${path}`);
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  steps.push(question.step);
  asked.set(question.session, steps);
  underWay += 1;
  setTimeout(() => {
    underWay -= 1;
    answer(question, response);
  }, latencyMs);
}

const isSettled = (): boolean =>
  underWay === 0 && [...asked.values()].every((steps) => CLOSING.every((step) => steps.includes(step)));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => receive(request, Buffer.concat(chunks).toString('utf8'), response));
});
server.keepAliveTimeout = 60_000;

serve<AiUpstreamCalls>({
  listen: async (input) => {
    ({ latencyMs } = input);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port };
  },
  settle: async () => {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    while (!isSettled() && performance.now() < deadline) {
      await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
    }
    const wrong = [...asked].filter(([, steps]) => steps.join(' ') !== EXPECTED);
    const faults = [
      ...strange,
      ...wrong.map(([session, steps]) => `${session} was asked for ${steps.join(' ')}`),
    ];
    const account = { openings: asked.size, requests, faults };
    asked.clear();
    strange = [];
    requests = 0;
    return account;
  },
});
