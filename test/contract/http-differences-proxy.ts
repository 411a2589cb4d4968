import type { Body, Exchange } from '../support/http-recording.ts';
import { sdp } from '../support/scripted-sfu.ts';
import {
  BAD_REQUEST,
  inText,
  mapTexts,
  mapUpstream,
  NOT_FOUND,
  notAllowed,
  ourError,
  refusedBy,
  without,
  withRequestHeaders,
  withResponseHeaders,
  type HttpDifference,
} from './http-edit.ts';

const isSessionsNew = ({ request }: Exchange): boolean =>
  request.method === 'POST' && request.path.startsWith('/partytracks/sessions/new');
const failedUpstream = ({ upstream }: Exchange): boolean =>
  upstream.some(({ answers }) => answers === null || answers.status >= 300);
const isUnusable = (body: Body): boolean => 'text' in body;

/** Who opened a session: two logins, so that one can try the other's. */
const openerOf = (session: string): string => (session === 'sfu-session-3' ? 'bob' : 'alice');

/** The login that stands for the first session cookie of a request; for a new session its opener. */
function loginFor({ request, upstream }: Exchange): string | undefined {
  const cookie = String(request.headers['cookie'] ?? '');
  const [, isTampered, session] = /<(tampered )?jwt of ([\w-]+)>/.exec(cookie) ?? [];
  if (session !== undefined) return `__session=<${isTampered ?? ''}login of ${openerOf(session)}>`;
  const isNew = request.path.startsWith('/partytracks/sessions/new');
  if (!isNew || cookie !== '') return undefined;
  const answered = JSON.stringify(upstream[0]?.answers?.body ?? {});
  return `__session=<login of ${answered.includes('sfu-session-3') ? 'bob' : 'alice'}>`;
}

/** A description with the m-line that the recorded requests name, in place of one that is none. */
const realSdp = (text: string): string => (text.startsWith('v=0') ? sdp('0') : text);

const LISTED =
  /^\/partytracks\/(?:sessions\/(?:new|[\w-]+\/(?:tracks\/(?:new|close|update)|renegotiate))|generate-ice-servers)(?:\?|$)/;

const PASSED_UP = new Set(['authorization', 'content-type']);

/** What the proxy to the SFU does otherwise. */
export const PROXY_DIFFERENCES = [
  {
    name: 'login-in-place-of-session-cookies',
    reason:
      'The original took anybody, and knew the owner of a session by a cookie for each. Here a login is needed, and the ' +
      'server keeps who opened what: the login that opened a session is sent in place of its cookie.',
    apply: (exchange) => {
      const login = loginFor(exchange);
      return login === undefined
        ? exchange
        : withRequestHeaders(exchange, { ...exchange.request.headers, cookie: login });
    },
  },
  {
    name: 'login-is-enough',
    reason:
      'To the original the login alone was nobody, and a session was lost with its cookie. Here it is the owner of what it ' +
      'has opened.',
    apply: (exchange, recording) => {
      if (exchange.name !== 'tracks/new with only __session') return exchange;
      const asked = recording.find(({ name }) => name === 'tracks/new, two session cookies');
      return asked === undefined ? exchange : { ...asked, request: exchange.request };
    },
  },
  {
    name: 'bearer-is-an-invitation',
    reason:
      'The original took no notice of a client’s Authorization. Here a Bearer is a join token, which is refused unless it ' +
      'is genuine; the request is sent without.',
    apply: (exchange) =>
      withRequestHeaders(
        exchange,
        without(exchange.request.headers, (name) => name === 'authorization'),
      ),
  },
  {
    name: 'descriptions-are-checked',
    reason:
      'The original passed on any text as SDP. Here offers and answers are checked in both directions, so real ones are ' +
      'sent and answered.',
    apply: (exchange) => {
      const { request, response } = exchange;
      const real = mapUpstream(exchange, (upstream) => ({
        ...upstream,
        body: mapTexts(upstream.body, realSdp),
        answers: upstream.answers && {
          ...upstream.answers,
          body: mapTexts(upstream.answers.body, realSdp),
        },
      }));
      return {
        ...real,
        request: { ...request, ...(request.body && { body: mapTexts(request.body, realSdp) }) },
        response: { ...response, body: mapTexts(response.body, realSdp) },
      };
    },
  },
  {
    name: 'close-has-offer-and-answer',
    reason:
      'The original passed on a close that is not forced without an offer, and what came without an answer. The API has ' +
      'neither, and here the one is refused and the other asked for again: so both are sent.',
    apply: (exchange) => {
      const [upstream] = exchange.upstream;
      if (exchange.name !== 'PUT tracks/close' || upstream === undefined) return exchange;
      const description = (type: string): object => ({ sessionDescription: { type, sdp: sdp('0') } });
      const body: Body = { json: { tracks: [{ mid: '0' }], ...description('offer'), force: false } };
      const { response } = exchange;
      const recorded = 'json' in response.body ? (response.body.json as object) : {};
      const answer: Body = { json: { ...recorded, ...description('answer') } };
      return {
        ...exchange,
        request: { ...exchange.request, body },
        upstream: [{ ...upstream, body, answers: { status: 200, body: answer } }],
        response: { ...response, body: answer },
      };
    },
  },
  {
    name: 'session-cookies-not-set',
    reason:
      'The original added a cookie for each session, until the browser closed. Here there is none: over plain HTTP it ' +
      'was lost, and every later call was 401.',
    apply: (exchange) => {
      const cookies = [exchange.response.headers['set-cookie'] ?? []]
        .flat()
        .filter((cookie) => !cookie.startsWith('partytracks-session-'));
      const rest = without(exchange.response.headers, (name) => name === 'set-cookie');
      return withResponseHeaders(exchange, cookies.length === 0 ? rest : { ...rest, 'set-cookie': cookies });
    },
  },
  {
    name: 'new-session-is-201',
    reason: 'The original made 200 of the 201 of the API. Here it stays.',
    apply: (exchange) =>
      isSessionsNew(exchange) && !failedUpstream(exchange) && exchange.response.status === 200
        ? { ...exchange, response: { ...exchange.response, status: 201 } }
        : exchange,
  },
  {
    name: 'headers-not-passed-up',
    reason:
      'The original passed on every header, with the login’s cookie in it. Here the SFU gets the key of the application, ' +
      'and what it needs to read the body.',
    apply: (exchange) =>
      mapUpstream(exchange, (upstream) => {
        const headers = without(upstream.headers, (name) => !PASSED_UP.has(name));
        return { ...upstream, headers: { ...headers, accept: 'application/json' } };
      }),
  },
  {
    name: 'query-not-passed-up',
    reason: 'The original passed on any query. Here only `correlationId` goes up.',
    apply: (exchange) =>
      mapUpstream(exchange, (upstream) => {
        const label = new URLSearchParams(upstream.query).get('correlationId');
        return { ...upstream, query: label === null ? '' : `?correlationId=${label}` };
      }),
  },
  {
    name: 'new-session-has-no-body',
    reason:
      'The original passed on a body of sessions/new, which the API no longer has; an offer in it made a session with ' +
      'tracks that nobody had checked. Here nothing goes up.',
    apply: (exchange) =>
      isSessionsNew(exchange)
        ? mapUpstream(exchange, (upstream) => ({
            ...upstream,
            headers: without(upstream.headers, (name) => name === 'content-type'),
            body: { text: '' },
          }))
        : exchange,
  },
  {
    name: 'only-what-the-client-needs',
    reason:
      'The original passed on every method and path of the application. Here the five calls of the client exist, and ' +
      'the ICE servers.',
    apply: (exchange) => {
      const { method, path } = exchange.request;
      if (LISTED.test(path) || path === '/partytracks') return exchange;
      const body = method === 'HEAD' ? { text: '' } : NOT_FOUND.body;
      return refusedBy(exchange, { ...NOT_FOUND, body });
    },
  },
  {
    name: 'prefix-is-a-room-name',
    reason:
      'The original answered 401 for the bare prefix. Here a path of one segment is a room, and who has no name is asked ' +
      'for one.',
    apply: (exchange) =>
      exchange.request.path === '/partytracks'
        ? refusedBy(exchange, {
            status: 302,
            headers: { location: '/set-username?return-url=%2Fpartytracks' },
            body: { text: '' },
          })
        : exchange,
  },
  {
    name: 'empty-lists-refused',
    reason: 'The original passed on a list of no tracks. Here it is refused: the API wants one.',
    apply: (exchange) =>
      exchange.name === 'PUT tracks/update' ? refusedBy(exchange, BAD_REQUEST) : exchange,
  },
  {
    name: 'ice-servers-by-get',
    reason: 'The original gave ICE servers by any method. Here by GET, which is what the client uses.',
    apply: (exchange) =>
      exchange.name === 'generate-ice-servers POST' ? refusedBy(exchange, notAllowed('GET, HEAD')) : exchange,
  },
  {
    name: 'no-port-53',
    reason: 'The original named STUN on port 53, which browsers block after a wait. Here it is left out.',
    apply: (exchange) =>
      exchange.name === 'generate-ice-servers GET'
        ? {
            ...exchange,
            response: {
              ...exchange.response,
              body: { json: { iceServers: [{ urls: ['stun:stun.cloudflare.com:3478'] }] } },
            },
          }
        : exchange,
  },
  {
    name: 'failed-session-in-plain-text',
    reason:
      'The original gave a failed sessions/new as JSON with status 200, and the client went on with the session ' +
      '`undefined` until it was reloaded. Here it is 502 in plain text, which the client tries again.',
    apply: (exchange) =>
      isSessionsNew(exchange) && failedUpstream(exchange)
        ? { ...exchange, response: inText(502, 'sfu_unavailable') }
        : exchange,
  },
  {
    name: 'answers-not-understood-are-502',
    reason:
      'The original passed on what is not JSON, as JSON, and 500 when there was no answer. Here neither is an answer: 502 ' +
      'in the one error form.',
    apply: (exchange) =>
      exchange.request.path.endsWith('/tracks/new') &&
      isUnusable(exchange.response.body) &&
      failedUpstream(exchange)
        ? {
            ...exchange,
            response: ourError(502, 'sfu_unavailable', 'The media server cannot be reached', {
              'retry-after': '5',
            }),
          }
        : exchange,
  },
  {
    name: 'headers-not-passed-down',
    reason: 'The original passed on every header of the SFU, cookies too. Here none.',
    apply: (exchange) =>
      withResponseHeaders(
        exchange,
        without(exchange.response.headers, (name) => name === 'x-up'),
      ),
  },
  {
    name: 'fields-not-passed-down',
    reason: 'The original passed on every field of an answer. Here those that the API has.',
    apply: (exchange) => {
      const { body } = exchange.response;
      if (exchange.name !== 'PUT tracks/close' || !('json' in body)) return exchange;
      const { sessionDescription } = body.json as { sessionDescription?: unknown };
      return { ...exchange, response: { ...exchange.response, body: { json: { sessionDescription } } } };
    },
  },
] as const satisfies readonly HttpDifference[];
