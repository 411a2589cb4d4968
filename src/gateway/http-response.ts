import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from './uws.ts';
import { ERRORS, type HttpErrorCode } from '../errors.ts';
import type { OpenStream, Response } from './request.ts';

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

export function jsonResponse(status: number, value: unknown): Response {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(value) };
}

export function textResponse(status: number, body: string): Response {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body,
  };
}

export const redirect = (
  location: string,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Response => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store', ...headers },
  body: '',
});

/** The project's one error form, `{ "error": { "code", "message" } }`. */
export function errorResponse(code: HttpErrorCode, headers: Readonly<Record<string, string>> = {}): Response {
  const { http, text, retryable } = ERRORS[code];
  const response = jsonResponse(http, { error: { code, message: text } });
  const retryAfter = retryable ? { 'retry-after': '5' } : {};
  return { ...response, headers: { ...response.headers, ...retryAfter, ...headers } };
}

/** Whoever does not send the body it announced goes on sending: only the end of the connection ends that. */
const ENDS_CONNECTION: ReadonlySet<number> = new Set([
  ERRORS.body_too_large.http,
  ERRORS.request_timeout.http,
]);

function writeHead(res: HttpResponse, { status, headers }: Response): void {
  res.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  for (const [name, value] of Object.entries(headers)) {
    for (const line of typeof value === 'string' ? [value] : value) res.writeHeader(name, line);
  }
  // No answer of ours is what a browser guesses it to be.
  res.writeHeader('x-content-type-options', 'nosniff');
}

/** What readers of server-sent events pass over. */
const EVENT_STREAM_COMMENT = ':\n\n';

/** Writes an answer out for as long as its reader is there, and no faster than it reads. */
function writeStream(res: HttpResponse, open: OpenStream, gone: AbortSignal): void {
  const stream = open({
    write: (text) => {
      let ready = false;
      if (!gone.aborted) res.cork(() => (ready = res.write(text)));
      return ready;
    },
  });
  gone.addEventListener('abort', () => stream.stop(), { once: true });
  res.onWritable(() => {
    // From here on uWS sends what it has buffered only with a write: one that waits for nothing says that nothing waits.
    let drained = false;
    res.cork(() => (drained = res.write(EVENT_STREAM_COMMENT)));
    if (drained) stream.resume();
    return true;
  });
}

/**
 * Writes an answer out.
 *
 * @param head - keeps the length and leaves the body away
 * @param gone - when the reader of a stream goes; an answer in the turn of its request needs none
 */
export function writeResponse(
  res: HttpResponse,
  response: Response,
  head = false,
  gone = new AbortController().signal,
): void {
  const { body } = response;
  res.cork(() => {
    writeHead(res, response);
    if (typeof body === 'function') {
      if (head) res.endWithoutBody();
    } else if (head) res.endWithoutBody(Buffer.byteLength(body));
    else res.end(body, ENDS_CONNECTION.has(response.status));
  });
  if (typeof body === 'function' && !head) writeStream(res, body, gone);
}
