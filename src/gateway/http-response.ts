import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from 'uWebSockets.js';
import { ERRORS, type HttpErrorCode } from '../errors.ts';

/** An answer, whole: small by nature (pages, JSON). */
export type Response = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

export function jsonResponse(status: number, value: unknown): Response {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(value) };
}

/** The project's one error form, `{ "error": { "code", "message" } }`. */
export function errorResponse(code: HttpErrorCode, headers: Readonly<Record<string, string>> = {}): Response {
  const { http, text, retryable } = ERRORS[code];
  const response = jsonResponse(http, { error: { code, message: text } });
  const retryAfter = retryable ? { 'retry-after': '5' } : {};
  return { ...response, headers: { ...response.headers, ...retryAfter, ...headers } };
}

/** Writes an answer out in one go. `head` keeps the length and leaves the body away. */
export function writeResponse(res: HttpResponse, response: Response, head = false): void {
  res.cork(() => {
    res.writeStatus(`${response.status} ${STATUS_CODES[response.status] ?? ''}`);
    for (const [name, value] of Object.entries(response.headers)) res.writeHeader(name, value);
    if (head) res.endWithoutBody(Buffer.byteLength(response.body));
    // Whoever sends too much goes on sending: only the end of the connection ends that.
    else res.end(response.body, response.status === ERRORS.body_too_large.http);
  });
}
