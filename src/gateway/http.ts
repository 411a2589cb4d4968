import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { AppError, isHttpCode, type ErrorCode } from '../errors.ts';
import type { Headers } from '../identity/credentials.ts';
import { originAllowed } from '../identity/origin.ts';
import { crossOriginHeaders, preflight } from './cors.ts';
import { errorResponse, writeResponse } from './http-response.ts';
import { copyHeaders } from './request-headers.ts';
import { DEFAULT_BODY_BYTES, type Methods, type Request, type Response, type Router } from './request.ts';
import type { TrustedProxies } from './trusted-proxies.ts';
import type { HttpRequest, HttpResponse, TemplatedApp } from './uws.ts';

export type HttpDeps = {
  readonly proxies: TrustedProxies;
  readonly allowedOrigins: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly underWay: RequestsUnderWay;
};

/** How long a body may take to arrive; uWS itself only ends connections on which nothing at all comes. */
const BODY_DEADLINE_MS = 30_000;

/** The peer's address in text; uWS gives IPv6 in full and IPv4 mapped into it. */
export const addressText = (res: HttpResponse): string =>
  Buffer.from(res.getRemoteAddressAsText()).toString('latin1');

/** How many requests are being answered, and who waits for that to be none. */
export class RequestsUnderWay {
  #count = 0;
  #onIdle: (() => void) | undefined = undefined;

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onIdle?.();
  }

  /** Resolves when there is none. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#count === 0) resolve();
    });
  }
}

/** Answers every request that no WebSocket route has taken. */
export function serveHttp(app: TemplatedApp, router: Router, deps: HttpDeps): void {
  app.any('/*', (res, req) => {
    const header = copyHeaders(req);
    // Not even an answer: what comes behind it on this connection is not what its sender takes it for.
    if (isAmbiguous(header)) return void res.close();
    const gone = new AbortController();
    res.onAborted(() => gone.abort());
    const head = req.getMethod() === 'head';
    const methods = router(req.getUrl());
    const request = readRequest(res, req, header, methods, gone.signal, deps);
    const answer = (response: Response): void => {
      if (gone.signal.aborted) return;
      const headers = crossOriginHeaders(request, methods, deps.allowedOrigins);
      writeResponse(res, { ...response, headers: { ...response.headers, ...headers } }, head, gone.signal);
    };
    deps.underWay.begin();
    handle(methods, request, deps)
      .then(answer, (error: unknown) => {
        const code = error instanceof AppError && isHttpCode(error.code) ? error.code : 'internal';
        if (code === 'internal') deps.log.error({ err: error, path: request.path }, 'request failed');
        answer((methods?.[request.method]?.refuse ?? errorResponse)(code));
      })
      .finally(() => deps.underWay.end());
  });
}

/**
 * Whether two readers may find the end of the body in two places, which is how a request is smuggled past a proxy. uWS
 * takes the first of several lengths, and any transfer encoding for `chunked`; of both, it takes the length.
 */
function isAmbiguous(header: Headers): boolean {
  const length = header('content-length');
  const encoding = header('transfer-encoding').toLowerCase();
  return length.includes(',') || (encoding !== '' && (encoding !== 'chunked' || length !== ''));
}

async function handle(
  methods: Methods | undefined,
  request: Request,
  { allowedOrigins }: HttpDeps,
): Promise<Response> {
  if (methods === undefined) return errorResponse('not_found');
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (route === undefined) {
    const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    if (request.method === 'OPTIONS') {
      const headers = { allow: allow.join(', '), ...preflight(request, methods, allowedOrigins) };
      return { status: 204, headers, body: '' };
    }
    return errorResponse('method_not_allowed', { allow: allow.join(', ') });
  }
  // A page elsewhere must not change anything in the name of the login that the browser adds.
  if (request.method !== 'GET') {
    const { host } = request.forwarding;
    if (!originAllowed(request.header('origin'), host, allowedOrigins))
      throw new AppError('forbidden_origin');
  }
  return route.handle(request);
}

function readRequest(
  res: HttpResponse,
  req: HttpRequest,
  header: Headers,
  methods: Methods | undefined,
  gone: AbortSignal,
  { proxies, clock }: HttpDeps,
): Request {
  const method = req.getMethod().toUpperCase();
  const limit = methods?.[method]?.maxBodyBytes ?? DEFAULT_BODY_BYTES;
  const body =
    method === 'GET' || method === 'HEAD'
      ? Promise.resolve(Buffer.alloc(0))
      : collectBody(res, limit, gone, clock);
  return {
    method: method === 'HEAD' ? 'GET' : method,
    path: req.getUrl(),
    query: new URLSearchParams(req.getQuery() ?? ''),
    header,
    forwarding: proxies.read(addressText(res), header),
    body: () => body,
  };
}

/** Takes the body at once: uWS offers it only while the request is being handled. */
function collectBody(res: HttpResponse, limit: number, gone: AbortSignal, clock: Clock): Promise<Buffer> {
  const promise = new Promise<Buffer>((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    const giveUp = (code: ErrorCode): void => {
      chunks = [];
      clock.clearTimeout(deadline);
      reject(new AppError(code));
    };
    const deadline = clock.setTimeout(() => giveUp('request_timeout'), BODY_DEADLINE_MS);
    gone.addEventListener('abort', () => giveUp('bad_request'));
    res.onData((chunk, isLast) => {
      length += chunk.byteLength;
      if (length > limit) return giveUp('body_too_large');
      // uWS takes the chunk's memory back when this returns.
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (!isLast) return;
      clock.clearTimeout(deadline);
      resolve(Buffer.concat(chunks));
    });
  });
  // A handler that does not read the body leaves the rejection to nobody.
  promise.catch(() => {});
  return promise;
}
