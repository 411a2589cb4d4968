import type { Logger } from 'pino';
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { AppError, ERRORS, type ErrorCode, type HttpErrorCode } from '../errors.ts';
import type { Headers } from '../identity/identify.ts';
import { errorResponse, writeResponse, type Response } from './http-response.ts';
import { copyHeaders } from './request-headers.ts';
import type { Forwarding, TrustedProxies } from './trusted-proxies.ts';

/** A request, copied out of uWS's hands: valid for as long as anyone likes. */
export type Request = {
  /** Upper case; `HEAD` arrives as `GET`. */
  readonly method: string;
  /** As sent: percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: Headers;
  readonly forwarding: Forwarding;
  /** The whole body; rejects with `body_too_large` past {@link MAX_BODY_BYTES}. */
  readonly body: () => Promise<Buffer>;
};

export type Handler = (request: Request) => Response | Promise<Response>;

/** The methods of the path that a request names, or `undefined` when there is no such path. */
export type Router = (path: string) => Readonly<Record<string, Handler>> | undefined;

/** Forms with one short field; nothing larger is accepted yet. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The peer's address in text; uWS gives IPv6 in full and IPv4 mapped into it. */
export const addressText = (res: HttpResponse): string =>
  Buffer.from(res.getRemoteAddressAsText()).toString('latin1');

/** Answers every request that no WebSocket route has taken. */
export function serveHttp(app: TemplatedApp, router: Router, proxies: TrustedProxies, log: Logger): void {
  app.any('/*', (res, req) => {
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    const head = req.getMethod() === 'head';
    const request = readRequest(res, req, proxies);
    const answer = (response: Response): void => {
      if (!aborted) writeResponse(res, response, head);
    };
    handle(router, request).then(answer, (error: unknown) => {
      const code = error instanceof AppError && isHttpCode(error.code) ? error.code : 'internal';
      if (code === 'internal') log.error({ err: error, path: request.path }, 'request failed');
      answer(errorResponse(code));
    });
  });
}

const isHttpCode = (code: ErrorCode): code is HttpErrorCode => 'http' in ERRORS[code];

async function handle(router: Router, request: Request): Promise<Response> {
  const methods = router(request.path);
  if (methods === undefined) return errorResponse('not_found');
  const handler = methods[request.method];
  if (handler === undefined) {
    const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    if (request.method === 'OPTIONS') return { status: 204, headers: { allow: allow.join(', ') }, body: '' };
    return errorResponse('method_not_allowed', { allow: allow.join(', ') });
  }
  return handler(request);
}

function readRequest(res: HttpResponse, req: HttpRequest, proxies: TrustedProxies): Request {
  const header = copyHeaders(req);
  const method = req.getMethod().toUpperCase();
  const body = collectBody(res, method);
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
function collectBody(res: HttpResponse, method: string): Promise<Buffer> {
  if (method === 'GET' || method === 'HEAD') return Promise.resolve(Buffer.alloc(0));
  const promise = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    res.onData((chunk, isLast) => {
      length += chunk.byteLength;
      if (length > MAX_BODY_BYTES) {
        reject(new AppError('body_too_large'));
        return;
      }
      // uWS takes the chunk's memory back when this returns.
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) resolve(Buffer.concat(chunks));
    });
  });
  // A handler that does not read the body leaves the rejection to nobody.
  promise.catch(() => {});
  return promise;
}
