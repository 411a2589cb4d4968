import type { Methods, Request } from './request.ts';

/** What a page may send beside what every request may: partytracks' `headers` option carries a join token. */
const ALLOWED_HEADERS = 'authorization, content-type';
const PREFLIGHT_SECONDS = '600';

const isOpen = (methods: Methods | undefined): boolean =>
  methods !== undefined && Object.values(methods).some(({ cors }) => cors === true);

const isListed = (request: Request, allowedOrigins: readonly string[]): boolean =>
  allowedOrigins.includes(request.header('origin').toLowerCase());

/**
 * What lets a page of another, listed origin read an answer. Without a list there is nothing of it: the server's own
 * page needs none.
 */
export function crossOriginHeaders(
  request: Request,
  methods: Methods | undefined,
  allowedOrigins: readonly string[],
): Readonly<Record<string, string>> {
  if (allowedOrigins.length === 0 || !isOpen(methods)) return {};
  if (!isListed(request, allowedOrigins)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': request.header('origin'),
    'access-control-allow-credentials': 'true',
  };
}

/** What a browser asks before it sends such a request (`OPTIONS` with `Access-Control-Request-Method`). */
export function preflight(
  request: Request,
  methods: Methods,
  allowedOrigins: readonly string[],
): Readonly<Record<string, string>> {
  if (!isOpen(methods) || !isListed(request, allowedOrigins)) return {};
  return {
    'access-control-allow-methods': Object.keys(methods).join(', '),
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-max-age': PREFLIGHT_SECONDS,
  };
}
