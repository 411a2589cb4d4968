import { nanoid } from 'nanoid';
import { Pool } from 'undici';
import { z } from 'zod';

/** How the key is presented: OpenAI and Entra tokens as a bearer, keys of Azure OpenAI in a header of their own. */
export type KeyStyle = 'bearer' | 'api-key';

export type OpenAiSettings = {
  /** The API's base, as `https://api.openai.com/v1` or `https://<resource>.openai.azure.com/openai/v1`. */
  readonly baseUrl: string;
  readonly keyStyle: KeyStyle;
  readonly token: string;
};

/** The session part of a call, in the API's own shape (`RealtimeSessionCreateRequest`). */
export type RealtimeSession = {
  readonly type: 'realtime';
  readonly model: string;
  readonly instructions?: string;
  readonly audio: {
    readonly input: { readonly turn_detection: { readonly type: 'server_vad' } };
    readonly output: { readonly voice: string };
  };
};

export type CreatedCall = { readonly callId: string; readonly answerSdp: string };

/**
 * Why there is no call. `refused` is final until an operator acts (key, quota, model, region); `overloaded` may pass, and
 * says when, if the API did; `failed` is everything else.
 */
export class OpenAiError extends Error {
  readonly reason: 'refused' | 'overloaded' | 'failed';
  /** Milliseconds, where the API named a time. */
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: OpenAiError['reason'],
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'OpenAiError';
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What the AI's voice needs of an API. */
export type RealtimeApi = Pick<OpenAiApi, 'create' | 'hangUp' | 'close'>;

const CONNECT_TIMEOUT_MS = 5_000;
const HANG_UP_TIMEOUT_MS = 15_000;
/** Longer than anybody waits for the AI: an answer that nobody waits for any more still names what is to be ended. */
const CREATE_TIMEOUT_MS = 60_000;
const MAX_REPLY_BYTES = 256 * 1024;
const CALL_ID = /^[\w-]{1,256}$/;

/** Codes of a 429 that no waiting mends. */
const QUOTA: ReadonlySet<string> = new Set(['insufficient_quota', 'credit_balance_exhausted']);

const errorSchema = z.object({
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }),
});

/**
 * The two operations of OpenAI's Realtime calls that a relay needs. Sources: openai-openapi 2.3.0, `/realtime/calls` and
 * `/realtime/calls/{call_id}/hangup`.
 */
export class OpenAiApi {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #authorization: Readonly<Record<string, string>>;

  constructor({ baseUrl, keyStyle, token }: OpenAiSettings) {
    const { origin, pathname } = new URL(baseUrl);
    this.#basePath = pathname.replace(/\/+$/, '');
    this.#authorization = keyStyle === 'bearer' ? { authorization: `Bearer ${token}` } : { 'api-key': token };
    this.#pool = new Pool(origin, {
      connections: 32,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      maxResponseSize: MAX_REPLY_BYTES,
    });
  }

  /**
   * Opens a call for an offer, byte for byte. It takes no signal on purpose: a request that is broken off may still open
   * a call, and then nobody knows its name. Rejects with {@link OpenAiError}.
   */
  async create(offerSdp: string, session: RealtimeSession, safetyIdentifier: string): Promise<CreatedCall> {
    const boundary = `satsuma-${nanoid()}`;
    const reply = await this.#post(
      '/realtime/calls',
      multipart(boundary, offerSdp, session),
      {
        accept: 'application/sdp',
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'openai-safety-identifier': safetyIdentifier,
      },
      CREATE_TIMEOUT_MS,
    );
    if (reply.status < 200 || reply.status >= 300) throw toError(reply);
    const callId = callIdOf(reply.location);
    if (callId === undefined) {
      throw new OpenAiError('failed', 'the answer names no call');
    }
    return { callId, answerSdp: reply.text };
  }

  /** Ends a call; `true` when it is known to be over, `false` when it is to be tried again. Never rejects. */
  async hangUp(callId: string): Promise<boolean> {
    try {
      const path = `/realtime/calls/${encodeURIComponent(callId)}/hangup`;
      const { status, text } = await this.#post(path, null, { accept: '*/*' }, HANG_UP_TIMEOUT_MS);
      return (status >= 200 && status < 300) || status === 404 || text.includes('call_id_not_found');
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post(
    path: string,
    body: string | null,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<Reply> {
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: `${this.#basePath}${path}`,
        headers: { ...this.#authorization, ...headers },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return {
        status: answer.statusCode,
        location: headerText(answer.headers['location']),
        retryAfter: headerText(answer.headers['retry-after']),
        // Without its body an answer may still name a call, which then is to be ended.
        text: await answer.body.text().catch(() => ''),
      };
    } catch (cause) {
      throw new OpenAiError('failed', 'the API cannot be reached', { cause });
    }
  }
}

/**
 * The request's two parts with their types, as the official SDK sends them. Not by `FormData`, which gives every part that
 * has a type a file name, and may touch line ends: the SDP must arrive as it is.
 */
const multipart = (boundary: string, sdp: string, session: RealtimeSession): string =>
  [
    `--${boundary}`,
    'Content-Disposition: form-data; name="sdp"',
    'Content-Type: application/sdp',
    '',
    sdp,
    `--${boundary}`,
    'Content-Disposition: form-data; name="session"',
    'Content-Type: application/json',
    '',
    JSON.stringify(session),
    `--${boundary}--`,
    '',
  ].join('\r\n');

type Reply = {
  readonly status: number;
  readonly location: string;
  readonly retryAfter: string;
  readonly text: string;
};

const headerText = (value: string | string[] | undefined): string =>
  (Array.isArray(value) ? value[0] : value) ?? '';

/** The last segment of a `Location`, relative or absolute. */
function callIdOf(location: string): string | undefined {
  if (location === '' || !URL.canParse(location, 'https://api')) return undefined;
  const { pathname } = new URL(location, 'https://api');
  const id = pathname.split('/').findLast((segment) => segment !== '') ?? '';
  return CALL_ID.test(id) ? id : undefined;
}

function toError({ status, text, retryAfter }: Reply): OpenAiError {
  const code = codeOf(text);
  const message = `HTTP ${status} ${code}`.trim();
  if (status === 429 && !QUOTA.has(code)) {
    const seconds = Number(retryAfter);
    const retryAfterMs = retryAfter !== '' && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
    return new OpenAiError('overloaded', message, { retryAfterMs });
  }
  if (status >= 500) return new OpenAiError('overloaded', message);
  const isRefusal = status === 401 || status === 403 || status === 404 || status === 429;
  return new OpenAiError(isRefusal ? 'refused' : 'failed', message);
}

function codeOf(text: string): string {
  try {
    const parsed = errorSchema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data.error.code ?? '').slice(0, 64) : '';
  } catch {
    return '';
  }
}
