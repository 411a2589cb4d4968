import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nanoid } from 'nanoid';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { ApiError } from './api-error.ts';
import { STAND_IN_CALL } from './call-name.ts';
import { readBody, readOffer } from './call-request.ts';
import { OMITTED_FRAME_INTERVAL_MS } from './opus.ts';
import { RealtimeCall } from './realtime-call.ts';

export type AiStandInOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Calls at a time: 16 by default, each some 100 packets a second. */
  readonly maxCalls?: number;
  /** Where it listens; without it, or with 0, wherever is free. */
  readonly port?: number;
  /** What its callers present; without it one is made up. */
  readonly token?: string;
};

export type AiStandInAddress = {
  /** The API's base, as `openai-settings.ts` takes it. */
  readonly baseUrl: string;
  readonly port: number;
  readonly token: string;
};

const MAX_CALLS = 16;
/** For a client that does not finish what it sends; a whole request takes milliseconds on loopback. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;
/** What is still read of a request that is refused, so that its sender gets to read why. */
const LINGER_MS = 1_000;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * An AI that needs no key: it speaks OpenAI's call API (`POST /v1/realtime/calls` and `…/{id}/hangup`, openai-openapi 2.3.0) on
 * loopback, greets, and repeats what it hears. What is refused is refused as OpenAI does it.
 */
export class AiStandIn {
  readonly #options: AiStandInOptions;
  readonly #server: Server;
  readonly #calls = new Map<string, RealtimeCall>();
  readonly #token: string;
  readonly #tokenDigest: Buffer;
  /** Calls that are being answered. */
  #opening = 0;
  #timer: unknown;
  #isClosed = false;

  constructor(options: AiStandInOptions) {
    this.#options = options;
    this.#token = options.token ?? randomBytes(32).toString('base64url');
    this.#tokenDigest = digest(this.#token);
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void this.#handle(request, response);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Calls that are open. */
  get callCount(): number {
    return this.#calls.size;
  }

  async start(): Promise<AiStandInAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port ?? 0, '127.0.0.1', () => resolve());
    });
    const { port } = this.#server.address() as AddressInfo;
    return { baseUrl: `http://127.0.0.1:${port}/v1`, port, token: this.#token };
  }

  /** Ends all calls and stops listening; resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await Promise.all([...this.#calls.values()].map((call) => call.end('stand-in closed')));
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-request-id', `req_${nanoid()}`);
    try {
      this.#authorize(request);
      await this.#route(request, response);
    } catch (error) {
      if (response.headersSent || response.destroyed) return void response.destroy();
      const known = error instanceof ApiError;
      if (!known) this.#options.log.warn({ err: error }, 'stand-in request failed');
      this.#refuse(
        request,
        response,
        known ? error : new ApiError(500, 'server_error', 'The server had an error.'),
      );
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
    if (error.status === 429) response.setHeader('retry-after', '5');
    response.writeHead(error.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(error));
    if (request.complete) return;
    request.resume();
    const timer = this.#options.clock.setTimeout(() => request.destroy(), LINGER_MS);
    request.once('close', () => this.#options.clock.clearTimeout(timer));
  }

  #authorize({ headers }: IncomingMessage): void {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    // Digests are of one length, and comparing them tells nothing of the key.
    if (!timingSafeEqual(digest(token), this.#tokenDigest))
      throw new ApiError(401, 'invalid_api_key', 'Incorrect API key provided.');
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const [path = ''] = url.split('?');
    const [, hangUpId] = /^\/v1\/realtime\/calls\/([\w-]{1,256})\/hangup$/.exec(path) ?? [];
    if (method === 'POST' && path === '/v1/realtime/calls') return this.#create(request, response);
    if (method === 'POST' && hangUpId !== undefined) return this.#hangUp(hangUpId, response);
    throw new ApiError(404, 'unknown_url', 'Invalid URL.');
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const offer = await readOffer(request.headers, await readBody(request));
    if (this.#calls.size + this.#opening >= (this.#options.maxCalls ?? MAX_CALLS))
      throw new ApiError(429, 'rate_limit_exceeded', 'There are as many calls as there may be.');
    this.#opening += 1;
    try {
      const call = await this.#open(offer);
      response.writeHead(201, {
        'content-type': 'application/sdp',
        location: `/v1/realtime/calls/${call.id}`,
      });
      response.end(call.answerSdp);
    } finally {
      this.#opening -= 1;
    }
  }

  async #open(offer: string): Promise<RealtimeCall> {
    const { clock, log } = this.#options;
    const id = `${STAND_IN_CALL}${nanoid()}`;
    const deps = { clock, log, random: Math.random };
    let call: RealtimeCall;
    try {
      call = await RealtimeCall.open(id, offer, deps, () => this.#calls.delete(id));
    } catch (error) {
      log.debug({ err: error }, 'stand-in cannot answer an offer');
      throw new ApiError(400, 'invalid_offer', 'Invalid SDP offer.');
    }
    if (this.#isClosed) {
      await call.end('stand-in closed');
      throw new ApiError(503, 'server_is_overloaded', 'The server is going away.');
    }
    // It may have ended while its answer was made, and then it has told so already.
    if (call.isOver) throw new ApiError(400, 'invalid_offer', 'The peer is gone.');
    this.#calls.set(id, call);
    if (this.#calls.size === 1) this.#tickLater();
    log.debug({ callId: id }, 'stand-in call opened');
    return call;
  }

  #hangUp(id: string, response: ServerResponse): void {
    const call = this.#calls.get(id);
    if (call === undefined)
      throw new ApiError(404, 'call_id_not_found', 'No session found for the provided call_id');
    void call.end('hung up');
    response.writeHead(200).end();
  }

  /** One timer for all calls, and none without one. */
  #tickLater(): void {
    this.#options.clock.clearTimeout(this.#timer);
    if (this.#calls.size === 0 || this.#isClosed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      for (const call of this.#calls.values()) call.tick();
      this.#tickLater();
    }, OMITTED_FRAME_INTERVAL_MS);
  }
}
