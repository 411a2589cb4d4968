import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Calls, CallsReply, CallsRequest } from '../../src/calls/calls.ts';
import { AppError } from '../../src/errors.ts';
import { endOfTurn } from './fake-clock.ts';
import { sdp } from './scripted-sfu.ts';

/** What is asked of the two upstreams for an AI: the four steps of opening, then the rest. */
export const STEPS = ['session', 'offer', 'call', 'answer', 'route', 'look', 'hangup', 'close'] as const;
export type Step = (typeof STEPS)[number];

/** `refuse`: nothing was done. `lose`: it was done, where that leaves a name to undo it by, and the answer is lost. */
export type Outcome = 'ok' | 'refuse' | 'lose';
export type Script = { readonly step: Step; readonly outcome: Outcome; readonly held: boolean };

type Call = { asked: number; over: boolean };
/** The AI's m-line at the SFU. */
type Line = { asked: number; closed: boolean; heard: string };

const OFFER = sdp('0');
export const MODEL = 'gpt-realtime-2.1';

/**
 * Both upstreams of an AI in one account: the SFU as the port, within the process, and OpenAI on loopback. They live on
 * when the server is started again. What a script holds is answered when it is let go.
 */
export class AiUpstreams implements Calls {
  /** Whether what a script holds is held: a stop waits for what is under way. */
  holds = true;
  readonly calls = new Map<string, Call>();
  /** By the SFU session. */
  readonly lines = new Map<string, Line>();
  /** Operations that were begun on an SFU session while another was under way there. */
  readonly overlaps: string[] = [];
  readonly #scripts = new Map<Step, Script[]>();
  readonly #held: { readonly step: Step; readonly release: () => void }[] = [];
  readonly #server: Server;
  readonly #underWay = new Map<string, CallsRequest['operation']>();
  #sessions = 0;
  #asked = 0;
  /** At the SFU. */
  #busy = 0;
  #url = '';
  #toOpenAi: ReturnType<typeof countRequests> | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      request.resume();
      request.on('end', () => void this.#answerOpenAi(request, response));
    });
  }

  /** Listens until the test ends. */
  static async start(): Promise<AiUpstreams> {
    const upstreams = new AiUpstreams();
    await new Promise<void>((resolve) => upstreams.#server.listen(0, '127.0.0.1', resolve));
    upstreams.#url = `http://127.0.0.1:${(upstreams.#server.address() as AddressInfo).port}`;
    upstreams.#toOpenAi = countRequests(upstreams.#url);
    onTestFinished(() => upstreams.stop());
    return upstreams;
  }

  stop(): void {
    this.#toOpenAi?.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get environment(): Record<string, string> {
    return {
      OPENAI_API_TOKEN: 'lab-openai-token',
      OPENAI_MODEL_ENDPOINT: `${this.#url}/v1/realtime/calls`,
      OPENAI_MODEL_ID: MODEL,
    };
  }

  /** How much has been asked for so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Whether all that was asked for has been answered, but for what is held. */
  get isQuiet(): boolean {
    return this.#busy + (this.#toOpenAi?.underWay() ?? 0) === this.#held.length;
  }

  script(script: Script): void {
    this.#scripts.set(script.step, [...(this.#scripts.get(script.step) ?? []), script]);
  }

  /** From here on everything goes well. */
  recover(): void {
    this.#scripts.clear();
  }

  letGo(): void {
    for (const { release } of this.#held.splice(0)) release();
  }

  /** Calls that cost money and that nobody has asked to end. */
  get openCalls(): string[] {
    return [...this.calls].filter(([, { asked, over }]) => asked === 0 && !over).map(([id]) => id);
  }

  /** Calls that have not been ended. */
  get livingCalls(): string[] {
    return [...this.calls].filter(([, { over }]) => !over).map(([id]) => id);
  }

  get openLines(): string[] {
    return [...this.lines].filter(([, { closed }]) => !closed).map(([id]) => id);
  }

  async send(request: CallsRequest): Promise<CallsReply> {
    const { operation, sessionId } = request;
    const exclusive = operation !== 'session' && operation !== 'sessions/new';
    const other = this.#underWay.get(sessionId);
    if (exclusive && other !== undefined) this.overlaps.push(`${sessionId}: ${operation} during ${other}`);
    if (exclusive) this.#underWay.set(sessionId, operation);
    this.#busy += 1;
    try {
      return await this.#answerCalls(stepOf(request), request);
    } finally {
      this.#busy -= 1;
      if (exclusive && other === undefined) this.#underWay.delete(sessionId);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #answerCalls(step: Step, request: CallsRequest): Promise<CallsReply> {
    // The scripts are about the AI; what users publish is closed too.
    const isUsers = step === 'close' && !this.lines.has(request.sessionId);
    const outcome = isUsers ? 'ok' : await this.#outcome(step);
    if (outcome === 'refuse') return refusal(step);
    const reply = this.#carryOut(step, request, outcome);
    if (outcome === 'lose') throw new AppError('sfu_unavailable');
    return reply;
  }

  async #outcome(step: Step): Promise<Outcome> {
    this.#asked += 1;
    const { outcome, held } = this.#scripts.get(step)?.shift() ?? { outcome: 'ok', held: false };
    if (held && this.holds)
      await new Promise<void>((resolve) => void this.#held.push({ step, release: resolve }));
    else await endOfTurn();
    return outcome;
  }

  #carryOut(step: Step, { sessionId, body }: CallsRequest, outcome: Outcome): CallsReply {
    const line = this.lines.get(sessionId);
    switch (step) {
      case 'session':
        return { status: 201, body: { sessionId: `ai-${(this.#sessions += 1)}` } };
      case 'offer':
        // Nobody could name the m-line of an offer that was lost.
        if (outcome === 'ok') this.lines.set(sessionId, { asked: 0, closed: false, heard: '' });
        return {
          status: 200,
          body: { tracks: [{ mid: '0' }], sessionDescription: { type: 'offer', sdp: OFFER } },
        };
      case 'route': {
        const { tracks } = body as { tracks: readonly { sessionId: string; mid: string }[] };
        if (line !== undefined) line.heard = tracks[0]?.sessionId ?? '';
        return { status: 200, body: { tracks: [{ mid: '0' }] } };
      }
      case 'close':
        if (line !== undefined) line.closed = true;
        return { status: 200, body: { tracks: [{ mid: '0' }] } };
      default:
        return { status: 200, body: {} };
    }
  }

  async #answerOpenAi({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, callId] = /^\/v1\/realtime\/calls\/([^/]+)\/hangup$/.exec(url) ?? [];
    const call = callId === undefined ? undefined : this.calls.get(callId);
    if (call !== undefined) call.asked += 1;
    const outcome = await this.#outcome(callId === undefined ? 'call' : 'hangup');
    if (outcome === 'refuse') return void response.writeHead(500).end();
    if (callId === undefined) {
      // A call whose name is lost is in nobody's power.
      if (outcome === 'lose') return void response.destroy();
      const name = `rtc_${this.calls.size + 1}`;
      this.calls.set(name, { asked: 0, over: false });
      response.writeHead(201, { location: `/v1/realtime/calls/${name}`, 'content-type': 'application/sdp' });
      return void response.end(sdp('0'));
    }
    if (call !== undefined) call.over = true;
    if (outcome === 'lose') return void response.destroy();
    response.writeHead(call === undefined ? 404 : 200).end();
  }
}

/**
 * Counts the HTTP requests of this process to an origin, from the moment the client decides: what is on its way is seen
 * neither by the server nor by the test.
 */
export function countRequests(origin: string): {
  readonly underWay: () => number;
  readonly made: () => number;
  readonly stop: () => void;
} {
  const counted = new WeakSet<object>();
  let underWay = 0;
  let made = 0;
  const create = (message: unknown): void => {
    const { request } = message as { request: { origin: unknown } };
    if (String(request.origin) !== origin) return;
    counted.add(request);
    underWay += 1;
    made += 1;
  };
  const end = (message: unknown): void => {
    const { request } = message as { request: object };
    if (counted.delete(request)) underWay -= 1;
  };
  const listeners = Object.entries({ create, trailers: end, error: end });
  for (const [event, listener] of listeners) subscribe(`undici:request:${event}`, listener);
  const stop = (): void => {
    for (const [event, listener] of listeners) unsubscribe(`undici:request:${event}`, listener);
  };
  return { underWay: () => underWay, made: () => made, stop };
}

/** What the SFU says that has not done what it was asked. */
function refusal(step: Step): CallsReply {
  if (step === 'session') return { status: 403, body: { errorCode: 'unauthorized' } };
  if (step === 'look') return { status: 404, body: { errorCode: 'not_found' } };
  return { status: 400, body: { errorCode: 'invalid_request' } };
}

function stepOf({ operation, body }: CallsRequest): Step {
  switch (operation) {
    case 'sessions/new':
      return 'session';
    case 'session':
      return 'look';
    case 'renegotiate':
      return 'answer';
    case 'tracks/close':
      return 'close';
    default:
      return JSON.stringify(body).includes('"remote"') ? 'route' : 'offer';
  }
}
