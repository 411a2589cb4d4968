import type { Body, Exchange, Headers, Upstream } from '../support/http-recording.ts';

/**
 * One intended difference: a pure change of a recorded exchange into one that this server must take part in. What it
 * makes of the request is sent, what it makes of an upstream's answer is answered, and the rest is expected. It changes no
 * more than its reason says.
 */
export type HttpDifference = {
  readonly name: string;
  /** What the original did, what this server does, and why. */
  readonly reason: string;
  readonly apply: (exchange: Exchange, recording: readonly Exchange[]) => Exchange;
};

export const ourError = (
  status: number,
  code: string,
  message: string,
  headers: Headers = {},
): Exchange['response'] => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: { json: { error: { code, message } } },
});

export const NOT_FOUND = ourError(404, 'not_found', 'Not found');
export const BAD_REQUEST = ourError(400, 'bad_request', 'The request is malformed');
export const notAllowed = (allow: string): Exchange['response'] =>
  ourError(405, 'method_not_allowed', 'This method is not allowed here', { allow });

export const inText = (status: number, text: string): Exchange['response'] => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body: { text },
});

/** The exchange with another answer, and nobody else asked. */
export const refusedBy = (exchange: Exchange, response: Exchange['response']): Exchange => ({
  ...exchange,
  upstream: [],
  response,
});

export const withRequestHeaders = (exchange: Exchange, headers: Headers): Exchange => ({
  ...exchange,
  request: { ...exchange.request, headers },
});

export const withResponseHeaders = (exchange: Exchange, headers: Headers): Exchange => ({
  ...exchange,
  response: { ...exchange.response, headers },
});

export const mapUpstream = (exchange: Exchange, change: (upstream: Upstream) => Upstream): Exchange => ({
  ...exchange,
  upstream: exchange.upstream.map(change),
});

export const without = (headers: Headers, isMeant: (name: string) => boolean): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !isMeant(name)));

/** Every text in a body, changed. */
export function mapTexts(body: Body, change: (text: string) => string): Body {
  if ('text' in body) return { text: change(body.text) };
  if ('html' in body) return body;
  return {
    json: JSON.parse(JSON.stringify(body.json), (_, value: unknown) => changed(value, change)) as unknown,
  };
}

const changed = (value: unknown, change: (text: string) => string): unknown =>
  typeof value === 'string' ? change(value) : value;
