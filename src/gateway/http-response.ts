import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from './uws.ts';
import { ERRORS, type HttpErrorCode } from '../errors.ts';
import type { Response } from './request.ts';

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

/** Writes an answer out in one go. `head` keeps the length and leaves the body away. */
export function writeResponse(res: HttpResponse, response: Response, head = false): void {
  res.cork(() => {
    res.writeStatus(`${response.status} ${STATUS_CODES[response.status] ?? ''}`);
    for (const [name, value] of Object.entries(response.headers)) {
      for (const line of typeof value === 'string' ? [value] : value) res.writeHeader(name, line);
    }
    // No answer of ours is what a browser guesses it to be.
    res.writeHeader('x-content-type-options', 'nosniff');
    if (head) res.endWithoutBody(Buffer.byteLength(response.body));
    else res.end(response.body, ENDS_CONNECTION.has(response.status));
  });
}
