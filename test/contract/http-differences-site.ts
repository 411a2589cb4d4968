import type { Exchange } from '../support/http-recording.ts';
import {
  BAD_REQUEST,
  NOT_FOUND,
  notAllowed,
  ourError,
  without,
  withResponseHeaders,
  type HttpDifference,
} from './http-edit.ts';

const isFailure = ({ response: { status, body } }: Exchange): boolean =>
  status === 500 && (('text' in body && body.text === 'Unexpected Server Error') || 'html' in body);

const TITLES: Readonly<Record<string, string>> = {
  '/set-username': 'Your name · Satsuma',
  '/call-quality-feedback': 'Your call · Satsuma',
};
const pathOf = ({ request }: Exchange): string => request.path.split('?')[0] ?? '';

/** What each path allows, for those of which another method was recorded. */
const ALLOWED: Readonly<Record<string, string>> = {
  '/api/bugReport': 'POST',
  '/api/deadTrack': 'POST',
  '/api/debugInfo': 'GET, HEAD',
  '/api/reportRefresh': 'POST',
};

/** The path of an address on the original's own site, `/` of one elsewhere. */
function pathOnThisSite(location: string): string {
  const url = new URL(location, 'http://127.0.0.1:8787');
  if (url.host !== '127.0.0.1:8787') return '/';
  return url.pathname + url.search.replaceAll('http%3A%2F%2F127.0.0.1%3A8787', '');
}

/** What pages, logins and errors do otherwise. */
export const SITE_DIFFERENCES = [
  {
    name: 'not-stored',
    reason:
      'The original left it to caches what they keep. Here no answer of a call is kept, and pages are asked for again.',
    apply: (exchange) => {
      const { headers, body } = exchange.response;
      return withResponseHeaders(exchange, {
        ...headers,
        'cache-control': 'html' in body ? 'no-cache' : 'no-store',
      });
    },
  },
  {
    name: 'lax-login-cookie',
    reason:
      'The original’s login was SameSite=Strict: who followed a link to a room from elsewhere came as nobody. Here it is ' +
      'Lax; requests that change something are guarded by their Origin.',
    apply: (exchange) => {
      const cookies = [exchange.response.headers['set-cookie'] ?? []].flat();
      const lax = cookies.map((cookie) =>
        cookie.startsWith('__session=') ? cookie.replace('SameSite=Strict', 'SameSite=Lax') : cookie,
      );
      return lax.length === 0
        ? exchange
        : withResponseHeaders(exchange, { ...exchange.response.headers, 'set-cookie': lax });
    },
  },
  {
    name: 'ways-back-are-paths',
    reason:
      'The original redirected to whole addresses, as its client had named them, also to other sites. Here a redirect is a ' +
      'path of this site.',
    apply: (exchange) => {
      const { location } = exchange.response.headers;
      return typeof location === 'string'
        ? withResponseHeaders(exchange, { ...exchange.response.headers, location: pathOnThisSite(location) })
        : exchange;
    },
  },
  {
    name: 'odd-way-back-is-one',
    reason: 'The original failed on a percent sign in the way back. Here it is a part of the path.',
    apply: (exchange, recording) => {
      if (exchange.name !== 'POST name, return-url with malformed percent') return exchange;
      const good = recording.find(({ name }) => name === 'POST name');
      const headers = { ...good?.response.headers, location: '/%zz' };
      return { ...exchange, response: { status: 302, headers, body: { text: '' } } };
    },
  },
  {
    name: 'empty-name-refused',
    reason: 'The original made a login of an empty name. Here a name that shows nothing is none.',
    apply: (exchange) =>
      exchange.name === 'POST empty name' ? { ...exchange, response: BAD_REQUEST } : exchange,
  },
  {
    name: 'access-header-not-believed',
    reason:
      'The original gave no login to whom Cf-Access-Authenticated-User-Email named. Here that counts with ' +
      'TRUST_ACCESS_EMAIL_HEADER only, and who states a name gets a login.',
    apply: (exchange) => {
      if (exchange.name !== 'POST with Access header') return exchange;
      const cookie = '__session=<login of alice>; Path=/; HttpOnly; SameSite=Lax';
      return withResponseHeaders(exchange, { ...exchange.response.headers, 'set-cookie': [cookie] });
    },
  },
  {
    name: 'no-remix-data-requests',
    reason:
      'The original’s pages fetched with `_data`, and got redirects in headers of their own. Here it is a parameter like ' +
      'any other.',
    apply: (exchange) => {
      if (!exchange.request.path.includes('_data=')) return exchange;
      if (exchange.request.method === 'GET') {
        const headers = { 'content-type': 'text/html' };
        return { ...exchange, response: { status: 200, headers, body: { html: 'Orange Meets' } } };
      }
      const { headers, body } = exchange.response;
      const location = String(headers['x-remix-redirect']);
      const rest = without(headers, (name) => name.startsWith('x-remix-'));
      return { ...exchange, response: { status: 302, headers: { ...rest, location }, body } };
    },
  },
  {
    name: 'own-pages',
    reason: 'The original’s pages were its own. Here are others, under the same paths.',
    apply: (exchange) => {
      const html = TITLES[pathOf(exchange)];
      return 'html' in exchange.response.body && exchange.response.status === 200 && html !== undefined
        ? { ...exchange, response: { ...exchange.response, body: { html } } }
        : exchange;
    },
  },
  {
    name: 'no-remix-headers',
    reason: 'The original marked its refusals with headers of its framework. Here there is none.',
    apply: (exchange) =>
      withResponseHeaders(
        exchange,
        without(exchange.response.headers, (name) => name.startsWith('x-remix-')),
      ),
  },
  {
    name: 'wrong-methods-are-405',
    reason:
      'The original answered 400 where there was nothing to get, and 405 where there was nothing to post, both as ' +
      '“Unexpected Server Error”. Here it is 405 in the one error form, with what is allowed.',
    apply: (exchange) => {
      const allow = ALLOWED[pathOf(exchange)];
      return exchange.response.headers['x-remix-error'] === 'yes' && allow !== undefined
        ? { ...exchange, response: notAllowed(allow) }
        : exchange;
    },
  },
  {
    name: 'other-forms-are-415',
    reason: 'The original failed on a login that is no form. Here it is told that it must be one.',
    apply: (exchange) =>
      exchange.name === 'POST JSON body' && pathOf(exchange) === '/set-username'
        ? {
            ...exchange,
            response: ourError(415, 'unsupported_media_type', 'The request body has an unsupported type'),
          }
        : exchange,
  },
  {
    name: 'unknown-meetings-are-404',
    reason: 'The original failed on the foreign key of a meeting that there was not. Here it is 404.',
    apply: (exchange) =>
      exchange.name === 'POST unknown meetingId (foreign key)'
        ? { ...exchange, response: NOT_FOUND }
        : exchange,
  },
  {
    name: 'malformed-requests-are-400',
    reason:
      'The original failed on a request of the wrong shape, with 500. Here it is the client’s fault, and told to it.',
    apply: (exchange) => (isFailure(exchange) ? { ...exchange, response: BAD_REQUEST } : exchange),
  },
] as const satisfies readonly HttpDifference[];
