import { Pool } from 'undici';
import { AppError } from '../errors.ts';
import type { Calls, CallsOperation, CallsReply, CallsRequest } from './calls.ts';
import { jsonObjectSchema } from './calls-schema.ts';

export type HttpCallsSettings = {
  /** The API's address, with its version: `https://rtc.live.cloudflare.com/v1`. */
  readonly apiUrl: string;
  readonly appId: string;
  readonly appSecret: string;
  /** {@link DEFAULT_TIMEOUTS} without; a test has no time for them. */
  readonly timeouts?: CallsTimeouts;
};

export type CallsTimeouts = {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly totalMs: number;
};

const METHODS: Readonly<Record<CallsOperation, 'GET' | 'POST' | 'PUT'>> = {
  'sessions/new': 'POST',
  session: 'GET',
  'tracks/new': 'POST',
  renegotiate: 'PUT',
  'tracks/close': 'PUT',
  'tracks/update': 'PUT',
};

const CONNECTIONS = 128;
const KEEP_ALIVE_MS = 60_000;
const DEFAULT_TIMEOUTS: CallsTimeouts = {
  connectMs: 5_000,
  /** The SFU itself waits up to 5 s for a transport and about 8 s for a publisher's first packet. */
  headersMs: 20_000,
  bodyMs: 10_000,
  /** From the call to the last byte: a body that trickles never runs into the timeout above. */
  totalMs: 25_000,
};
const MAX_REPLY_BYTES = 1024 * 1024;

const unavailable = (cause: unknown): AppError => new AppError('sfu_unavailable', { cause });

/** Cloudflare Realtime, or what speaks its API, over HTTPS with connections that stay open. */
export class HttpCalls implements Calls {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #authorization: string;
  readonly #totalTimeoutMs: number;

  constructor({ apiUrl, appId, appSecret, timeouts = DEFAULT_TIMEOUTS }: HttpCallsSettings) {
    const { origin, pathname } = new URL(apiUrl);
    this.#basePath = `${pathname.replace(/\/+$/, '')}/apps/${encodeURIComponent(appId)}`;
    this.#authorization = `Bearer ${appSecret}`;
    this.#totalTimeoutMs = timeouts.totalMs;
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: timeouts.connectMs },
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.bodyMs,
      maxResponseSize: MAX_REPLY_BYTES,
    });
  }

  async send(request: CallsRequest): Promise<CallsReply> {
    try {
      // undici follows no redirect unless told to: a 3xx is an answer without JSON.
      const { statusCode, body } = await this.#pool.request({
        method: METHODS[request.operation],
        path: this.#pathOf(request),
        headers: { authorization: this.#authorization, accept: 'application/json', ...contentType(request) },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: AbortSignal.timeout(this.#totalTimeoutMs),
      });
      const reply = jsonObjectSchema.safeParse(JSON.parse(await body.text()));
      if (!reply.success || isRedirect(statusCode)) throw unavailable(new Error(`HTTP ${statusCode}`));
      return { status: statusCode, body: reply.data };
    } catch (error) {
      throw error instanceof AppError ? error : unavailable(error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** Built from parts that cannot leave their places, never from a client's path. */
  #pathOf({ operation, sessionId, query }: CallsRequest): string {
    const session = `sessions/${encodeURIComponent(sessionId)}`;
    const path =
      operation === 'sessions/new'
        ? operation
        : operation === 'session'
          ? session
          : `${session}/${operation}`;
    const parameters = query.toString();
    return `${this.#basePath}/${path}${parameters === '' ? '' : `?${parameters}`}`;
  }
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

const contentType = ({ body }: CallsRequest): Readonly<Record<string, string>> =>
  body === undefined ? {} : { 'content-type': 'application/json' };
