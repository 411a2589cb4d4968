import type { Request } from '../../src/gateway/request.ts';
import type { Forwarding } from '../../src/gateway/trusted-proxies.ts';

export type FakeRequest = {
  readonly method?: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly forwarding?: Partial<Forwarding>;
};

/** A request as the gateway hands it to a route, of a browser that came here over TLS. */
export function fakeRequest({
  method = 'GET',
  path,
  headers = {},
  body = '',
  forwarding,
}: FakeRequest): Request {
  const url = new URL(path, 'https://meet.example.org');
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    header: (name) => headers[name] ?? '',
    forwarding: { address: '203.0.113.7', secure: true, host: 'meet.example.org', ...forwarding },
    body: () => Promise.resolve(Buffer.from(body)),
  };
}
