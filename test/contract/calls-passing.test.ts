import { describe, expect, test } from 'vitest';
import { ScriptedSfu, sdp, type SfuRequest } from '../support/scripted-sfu.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { sayJson } from './faults.ts';
import { call, openSession, seen, type Operation } from './proxy-client.ts';

/** Everything that a browser, a proxy or a curious user may add to a request. */
const LUGGAGE = {
  authorization: 'Basic YWxpY2U6c2VjcmV0',
  'accept-language': 'de',
  'cf-access-authenticated-user-email': 'eve@example.com',
  'cf-connecting-ip': '192.0.2.1',
  'content-type': 'text/plain;charset=UTF-8',
  forwarded: 'for=192.0.2.1',
  referer: 'https://meet.example/room?token=secret',
  'user-agent': 'browser/1',
  'x-custom': 'kept?',
  'x-forwarded-for': '192.0.2.1',
};
const QUERY = '?correlationId=meeting-1&thirdparty=true&appId=other&x=%20y';
const EXTRA_PARAMS = 'region=eu&correlationId=of-the-operator';

/** In every object of a request; the API has none of these. */
const STRANGE = { autoDiscover: true, bidirectionalMediaStream: true, secret: 'x' };

const offer = { type: 'offer', sdp: sdp('0') };
const answer = { type: 'answer', sdp: sdp('101') };
const mark = <T extends object>(fields: T): T => ({ ...fields, ...STRANGE });

type Case = {
  readonly method: string;
  /** Behind `/sessions/` of the API. */
  readonly path: string;
  /** Nothing where there is no body; nothing else goes up. */
  readonly body?: object;
};

/** What goes up to the SFU, whatever the client adds to it. */
const GOES_UP: Readonly<Record<Operation, Case>> = {
  openSession: { method: 'POST', path: 'new' },
  push: {
    method: 'POST',
    path: 'session-1/tracks/new',
    body: {
      sessionDescription: offer,
      tracks: [{ location: 'local', trackName: 'mic', mid: '0', kind: 'audio' }],
    },
  },
  pull: {
    method: 'POST',
    path: 'session-1/tracks/new',
    body: {
      tracks: [
        {
          location: 'remote',
          sessionId: 'session-1',
          trackName: 'mic',
          mid: '#mic',
          kind: 'audio',
          simulcast: { preferredRid: 'b', priorityOrdering: 'none', ridNotAvailable: 'asciibetical' },
        },
      ],
    },
  },
  renegotiate: { method: 'PUT', path: 'session-1/renegotiate', body: { sessionDescription: answer } },
  close: {
    method: 'PUT',
    path: 'session-1/tracks/close',
    body: { tracks: [{ mid: '0' }], sessionDescription: offer, force: false },
  },
  update: {
    method: 'PUT',
    path: 'session-1/tracks/update',
    body: {
      tracks: [
        {
          location: 'remote',
          sessionId: 'session-1',
          trackName: 'mic',
          mid: '101',
          simulcast: { preferredRid: 'h' },
        },
      ],
    },
  },
  state: { method: 'GET', path: 'session-1' },
};

/** The same with more in each of its objects. */
function withStrangeFields(value: object): object {
  const entries = Object.entries(value).map(([key, field]: [string, unknown]) => [key, strangely(field)]);
  return mark(Object.fromEntries(entries) as object);
}

function strangely(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strangely);
  return typeof value === 'object' && value !== null ? withStrangeFields(value) : value;
}

/** A request as the SFU got it, whole. */
const whole = ({ method, path, query, headers, body }: SfuRequest): object => ({
  method,
  path,
  query,
  headers,
  body: body === '' ? undefined : (JSON.parse(body) as unknown),
});

const expectedRequest = (sfu: ScriptedSfu, { method, path, body }: Case, length: number): object => ({
  method,
  path: `/v1/apps/lab-app-id/sessions/${path}`,
  query: '?region=eu&correlationId=meeting-1',
  headers: {
    host: new URL(sfu.url).host,
    connection: 'keep-alive',
    authorization: 'Bearer lab-app-secret',
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(method !== 'GET' && { 'content-length': String(length) }),
  },
  body,
});

async function start(): Promise<{ server: TestServer; sfu: ScriptedSfu }> {
  const sfu = await ScriptedSfu.start();
  const server = await startServer({ ...sfu.environment, API_EXTRA_PARAMS: EXTRA_PARAMS });
  await openSession(server);
  sfu.requests.length = 0;
  return { server, sfu };
}

const operations = Object.entries(GOES_UP) as [Operation, Case][];

describe('what goes up', () => {
  test.each(operations)(
    '[C4] is what the API knows, and nothing of the client beside it: %s',
    async (op, up) => {
      const { server, sfu } = await start();
      const headers = { ...LUGGAGE, origin: server.url };
      const sent = op === 'state' ? {} : { body: withStrangeFields(up.body ?? {}) };
      await call(server, op, 'session-1', { query: QUERY, headers, ...sent });
      const length = up.body === undefined ? 0 : Buffer.byteLength(JSON.stringify(up.body));
      expect(sfu.requests.map(whole)).toEqual([expectedRequest(sfu, up, length)]);
    },
  );

  test.each([
    ['', '?region=eu&correlationId=of-the-operator'],
    ['?correlationId=', '?region=eu&correlationId=of-the-operator'],
    ['?correlationId=a%20b', '?region=eu&correlationId=of-the-operator'],
    [`?correlationId=${'x'.repeat(129)}`, '?region=eu&correlationId=of-the-operator'],
    ['?correlationId=a&correlationId=b', '?region=eu&correlationId=a'],
    ['?region=us&region=', '?region=eu&correlationId=of-the-operator'],
  ])('[C4] of the query only a label counts: %s', async (query, expected) => {
    const { server, sfu } = await start();
    await call(server, 'openSession', '', { query });
    expect(sfu.requests.map(({ query: got }) => got)).toEqual([expected]);
  });

  test.each(['text/plain;charset=UTF-8', 'application/json', 'application/x-www-form-urlencoded', ''])(
    '[C4] a body is JSON whatever its type says: %j',
    async (type) => {
      const { server, sfu } = await start();
      const { status } = await call(server, 'renegotiate', 'session-1', {
        headers: { 'content-type': type },
      });
      expect([status, sfu.requests.length]).toEqual([200, 1]);
    },
  );
});

describe('what comes down', () => {
  const failed = { errorCode: 'internal_error', errorDescription: 'why' };
  const track = {
    location: 'remote',
    sessionId: 'session-1',
    trackName: 'mic',
    mid: '101',
    status: 'active',
  };
  const tracks = [track, { sessionId: 'session-1', trackName: 'cam', ...failed }];
  const reply = (type: string): object => ({
    requiresImmediateRenegotiation: true,
    tracks,
    sessionDescription: { type, sdp: sdp('101') },
  });
  /** What each operation is answered with; nothing of it is lost, and nothing more comes through. */
  const COMES_DOWN: readonly (readonly [Operation, string, object])[] = [
    ['push', 'tracks/new', reply('answer')],
    ['pull', 'tracks/new', reply('offer')],
    ['close', 'tracks/close', reply('answer')],
    ['update', 'tracks/update', reply('answer')],
    ['state', 'session', { tracks }],
  ];

  test.each(COMES_DOWN)('[C4] is what the API knows: %s', async (op, upstream, expected) => {
    const { server, sfu } = await start();
    sfu.next(upstream, sayJson(200, withStrangeFields(expected)));
    const wanted = { location: 'remote', sessionId: 'session-1', trackName: 'mic' };
    const both = { tracks: [wanted, { ...wanted, trackName: 'cam' }] };
    const got = await call(server, op, 'session-1', op === 'pull' ? { body: both } : {});
    expect(seen(got)).toEqual({ status: 200, type: 'application/json', body: expected });
    expect(Object.keys(got.headers).sort()).toEqual([
      'cache-control',
      'content-length',
      'content-type',
      'date',
      'uwebsockets',
      'x-content-type-options',
    ]);
  });

  test('[C4] an answer that was taken says nothing more', async () => {
    const { server, sfu } = await start();
    sfu.next('renegotiate', sayJson(200, reply('offer')));
    expect(seen(await call(server, 'renegotiate', 'session-1'))).toEqual({
      status: 200,
      type: 'application/json',
      body: {},
    });
  });
});
