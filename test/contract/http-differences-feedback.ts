import { readFileSync } from 'node:fs';
import type { Body, Exchange, Upstream } from '../support/http-recording.ts';
import { inText, mapTexts, mapUpstream, withRequestHeaders, type HttpDifference } from './http-edit.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const ACCEPTED: Exchange['response'] = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: { json: { status: 'ok' } },
};

const mapCards = (exchange: Exchange, change: (text: string) => string): Exchange =>
  mapUpstream(exchange, (upstream) => ({ ...upstream, body: mapTexts(upstream.body, change) }));

/** A card as of the report that was recorded, with these texts in place of its own. */
function likeFirstReport(
  exchange: Exchange,
  recording: readonly Exchange[],
  texts: ReadonlyMap<string, string>,
): Exchange {
  const upstream = recording[0]?.upstream ?? [];
  const change = (text: string): string => texts.get(text) ?? text;
  return {
    ...exchange,
    upstream: upstream.map((post) => ({ ...post, body: mapTexts(post.body, change) })),
    response: ACCEPTED,
  };
}

const WITHOUT_USER_AGENT: ReadonlyMap<string, string> = new Map([
  ['It <b>broke</b>', 'x'],
  ['lab-agent/1', 'unknown'],
]);

/** The card without the parts that have nothing to show. */
function withoutEmptyParts(body: Body): Body {
  const text = JSON.stringify('json' in body ? body.json : {})
    .replace('{"textParagraph":{}}', '{"textParagraph":{"text":"unknown"}}')
    .replace(/,\{"header":"Trace links","widgets":\[\{"buttonList":.*?\]\}\}\],"collapsible":false\}/, '');
  return { json: JSON.parse(text) as unknown };
}

const ARRIVES: Upstream['answers'] = { status: 200, body: { json: {} } };

/** What reports and answers about calls do otherwise. */
export const FEEDBACK_DIFFERENCES = [
  {
    name: 'feedback-needs-a-login',
    reason:
      'The original took feedback from anybody, and showed reports to anybody. Here alice is logged in.',
    apply: (exchange) => {
      const { headers, path, method } = exchange.request;
      const isOpen = method === 'GET' && !path.startsWith('/api/debugInfo');
      return isOpen || headers['cookie'] !== undefined
        ? exchange
        : withRequestHeaders(exchange, { ...headers, cookie: '__session=<login of alice>' });
    },
  },
  {
    name: 'report-without-user-agent',
    reason: 'The original failed on a bug report without a user agent. Here it is a report like any other.',
    apply: (exchange, recording) =>
      exchange.name === 'POST no user-agent'
        ? likeFirstReport(exchange, recording, WITHOUT_USER_AGENT)
        : exchange,
  },
  {
    name: 'report-in-json',
    reason: 'The original failed on a bug report in JSON. Here it is a report like any other.',
    apply: (exchange, recording) =>
      exchange.name === 'POST JSON body' && exchange.request.path === '/api/bugReport'
        ? likeFirstReport(exchange, recording, WITHOUT_USER_AGENT)
        : exchange,
  },
  {
    name: 'posted-until-it-arrives',
    reason:
      'The original gave a card up when its receiver answered 500, and after three broken connections. Here it is ' +
      'posted again until it arrives, for a day.',
    apply: (exchange) => {
      const last = exchange.upstream.at(-1);
      return last === undefined || last.answers?.status === 200
        ? exchange
        : { ...exchange, upstream: [...exchange.upstream, { ...last, answers: ARRIVES }] };
    },
  },
  {
    name: 'posts-can-be-told-apart',
    reason:
      'The original posted JSON as text, and a repetition was another message. Here it is JSON, and its `requestId` tells ' +
      'the receiver of a repetition.',
    apply: (exchange) =>
      mapUpstream(exchange, (upstream) => ({
        ...upstream,
        query: '?requestId=<uuid>',
        headers: { 'content-type': 'application/json' },
      })),
  },
  {
    name: 'cards-name-the-login',
    reason:
      'The original’s cards were in the name that the client claimed, or of nobody. Here they are in the name of the login.',
    apply: (exchange) =>
      mapCards(exchange, (text) =>
        text
          .replace(/^Feedback from (?:undefined)?$/, 'Feedback from alice')
          .replace('undefined had issue pulling from undefined', 'alice had issue pulling from unknown'),
      ),
  },
  {
    name: 'cards-without-empty-parts',
    reason:
      'The original’s cards had texts without a text, and links without a link. Here what is not known is left out.',
    apply: (exchange) =>
      exchange.name === 'POST {}'
        ? mapUpstream(exchange, (upstream) => ({ ...upstream, body: withoutEmptyParts(upstream.body) }))
        : exchange,
  },
  {
    name: 'cards-say-which-server',
    reason: 'The original’s cards had the host without its port, and no version. Here both are there.',
    apply: (exchange) =>
      mapCards(exchange, (text) =>
        text.replace(
          'Environment: 127.0.0.1 commit: undefined',
          `Environment: 127.0.0.1:8787 commit: ${version}`,
        ),
      ),
  },
  {
    name: 'cards-are-escaped',
    reason:
      'The original put texts from clients into cards as they were, markup too. Here they are shown as they were written.',
    apply: (exchange) =>
      mapCards(exchange, (text) => text.replaceAll('<b>', '&lt;b&gt;').replaceAll('</b>', '&lt;/b&gt;')),
  },
  {
    name: 'room-links-lead-here',
    reason:
      'The original linked to whatever address the client stated. Here the link is made of the room’s name.',
    apply: (exchange) =>
      exchange.name === 'POST no roomHistory, no identity'
        ? mapCards(exchange, (text) => text.replace('http://127.0.0.1:8787/r1', 'http://127.0.0.1:8787/r'))
        : exchange,
  },
  {
    name: 'empty-report-id-is-missing',
    reason: 'The original failed on an empty id. Here it is as none.',
    apply: (exchange) =>
      exchange.name === 'GET debugInfo empty id'
        ? { ...exchange, response: inText(400, 'missing id param') }
        : exchange,
  },
  {
    name: 'no-reports-without-a-webhook',
    reason: 'The original named the database that it lacked. Here there is simply no report.',
    apply: (exchange) =>
      exchange.name === 'GET debugInfo (bare)'
        ? { ...exchange, response: inText(404, '404: Report not found') }
        : exchange,
  },
  {
    name: 'always-a-database',
    reason: 'The original counted refreshes where it had a database only. Here there is always one.',
    apply: (exchange) =>
      exchange.name === 'POST (bare)' && exchange.request.path === '/api/reportRefresh'
        ? { ...exchange, response: { ...exchange.response, status: 201 } }
        : exchange,
  },
] as const satisfies readonly HttpDifference[];
