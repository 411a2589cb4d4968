import type { HttpRequest } from './uws.ts';
import type { Headers } from '../identity/credentials.ts';

/**
 * A request's headers, copied out of uWS's hands. Lines of one name are one list, in their order: a proxy may append a
 * line of its own to `X-Forwarded-For`, and the client's line before it must not be taken for the whole.
 */
export function copyHeaders(req: HttpRequest): Headers {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  });
  return (name) => headers.get(name) ?? '';
}
