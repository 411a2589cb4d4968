import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Calls, CallsReply, CallsRequest } from '../../src/calls/calls.ts';
import { AppError } from '../../src/errors.ts';
import type { AiUpstreams } from './ai-upstreams.ts';

const MODEL = 'gpt-realtime-2.1';

/**
 * The way of one process to both upstreams: the SFU as the port, OpenAI on a port of loopback. When it is cut, as by the
 * death of the process, nothing comes through any more: no request, and no answer to one that is under way.
 */
export class AiAccess implements Calls {
  /** Requests that have reached an upstream and are held there. */
  held = 0;
  isCut = false;
  readonly #upstreams: AiUpstreams;
  readonly #server: Server;
  readonly #underWay = new Map<string, CallsRequest['operation']>();
  /** Rejects with the cut. */
  readonly #severed: Promise<never>;
  #sever: (error: Error) => void = () => {};
  /** At the SFU, and at OpenAI. */
  #atSfu = 0;
  #atOpenAi = 0;
  #url = '';
  #toOpenAi: ReturnType<typeof countRequests> | undefined;

  private constructor(upstreams: AiUpstreams) {
    this.#upstreams = upstreams;
    this.#severed = new Promise((_, reject) => (this.#sever = reject));
    this.#severed.catch(() => {});
    this.#server = createServer((request, response) => {
      request.resume();
      request.on('end', () => void this.#askOpenAi(request, response));
    });
    this.#server.on('connection', (socket) => {
      if (this.isCut) socket.destroy();
    });
  }

  static async open(upstreams: AiUpstreams): Promise<AiAccess> {
    const access = new AiAccess(upstreams);
    await new Promise<void>((resolve) => access.#server.listen(0, '127.0.0.1', resolve));
    access.#url = `http://127.0.0.1:${(access.#server.address() as AddressInfo).port}`;
    access.#toOpenAi = countRequests(access.#url);
    return access;
  }

  get environment(): Record<string, string> {
    return {
      OPENAI_API_TOKEN: 'lab-openai-token',
      OPENAI_MODEL_ENDPOINT: `${this.#url}/v1/realtime/calls`,
      OPENAI_MODEL_ID: MODEL,
    };
  }

  /** Whether all that was asked for has been answered, but for what is held; of the dead, whether it has been done. */
  get isQuiet(): boolean {
    const atOpenAi = this.isCut ? this.#atOpenAi : (this.#toOpenAi?.underWay() ?? 0);
    return this.#atSfu + atOpenAi === this.held;
  }

  /** The port stays taken: nobody else is to get what the dead send. */
  cut(): void {
    this.isCut = true;
    this.#sever(new AppError('sfu_unavailable'));
    this.#server.closeAllConnections();
  }

  stop(): void {
    this.#toOpenAi?.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  send(request: CallsRequest): Promise<CallsReply> {
    return this.isCut ? this.#severed : Promise.race([this.#askSfu(request), this.#severed]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #askSfu(request: CallsRequest): Promise<CallsReply> {
    const { operation, sessionId } = request;
    const exclusive = operation !== 'session' && operation !== 'sessions/new';
    const other = this.#underWay.get(sessionId);
    if (exclusive && other !== undefined) {
      this.#upstreams.overlaps.push(`${sessionId}: ${operation} during ${other}`);
    }
    if (exclusive) this.#underWay.set(sessionId, operation);
    this.#atSfu += 1;
    try {
      return await this.#upstreams.answerCalls(this, request);
    } finally {
      this.#atSfu -= 1;
      if (exclusive && other === undefined) this.#underWay.delete(sessionId);
    }
  }

  async #askOpenAi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isCut) return;
    this.#atOpenAi += 1;
    await this.#upstreams.answerOpenAi(this, request, response);
    this.#atOpenAi -= 1;
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
