import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handler, Response } from './request.ts';

export const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
  '.mmd': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.scxml': 'application/scxml+xml; charset=utf-8',
};

/** For a drawing that is opened by itself: it brings its own style, and nothing else. */
export const DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** Pages run our own scripts only, talk to this server only, and stand in nobody's frame. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  // For browsers that do not know `frame-ancestors`.
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
};

/**
 * A file of the page, read once at start. `url` is a module-relative file URL.
 *
 * @param policy - in place of what pages may do
 */
export function staticFile(url: URL, policy = SECURITY_HEADERS['content-security-policy']): Handler {
  const body = readFileSync(fileURLToPath(url));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = {
    ...SECURITY_HEADERS,
    'content-security-policy': policy,
    'content-type': CONTENT_TYPES[extname(url.pathname)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
    etag,
  };
  const whole: Response = { status: 200, headers, body };
  const unchanged: Response = { status: 304, headers, body: '' };
  return (request) => (request.header('if-none-match') === etag ? unchanged : whole);
}
