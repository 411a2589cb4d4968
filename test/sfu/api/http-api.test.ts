import { request as httpRequest } from 'node:http';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { HttpApi } from '../../../src/sfu/api/http-api.ts';
import { FakeSfu } from '../session/fake-sfu.ts';
import { audio, offer } from '../session/peer-descriptions.ts';

const SECRET = 'a-secret-of-this-boot';

type Answer = { readonly status: number; readonly body: unknown; readonly type: string | null };
type Ask = (
  method: string,
  path: string,
  body?: string | object,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** The API on a port of its own. Paths begin behind the app, unless they begin with a slash. */
async function start(maxBodyBytes = 10_000): Promise<{ ask: Ask; api: HttpApi; url: string; sfu: FakeSfu }> {
  const sfu = new FakeSfu();
  const settings = { appId: 'app', appSecret: SECRET, port: 0, maxBodyBytes };
  const api = new HttpApi(settings, sfu.operations, pino({ level: 'silent' }));
  const url = `http://127.0.0.1:${await api.listen()}`;
  onTestFinished(() => api.close());
  const ask: Ask = async (method, path, body, headers = { authorization: `Bearer ${SECRET}` }) => {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const response = await fetch(path.startsWith('/') ? url + path : `${url}/v1/apps/app/${path}`, {
      method,
      headers,
      ...(text !== undefined && { body: text }),
    });
    return {
      status: response.status,
      body: await response.json(),
      type: response.headers.get('content-type'),
    };
  };
  return { ask, api, url, sfu };
}

const sessionOf = ({ body }: Answer): string => (body as { sessionId: string }).sessionId;
const failure = (status: number, errorCode: string): object => ({
  status,
  type: 'application/json',
  body: { errorCode, errorDescription: expect.stringMatching(/./) as string },
});

test('opens a session and works on it, with the version in the path and without', async () => {
  const { ask } = await start();
  const opened = await ask('POST', 'sessions/new?correlationId=meeting-1');
  expect(opened).toEqual({
    status: 201,
    type: 'application/json',
    body: { sessionId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
  });
  expect((await ask('POST', '/apps/app/sessions/new')).status).toBe(201);
  const id = sessionOf(opened);
  const pushed = await ask('POST', `sessions/${id}/tracks/new`, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0')) },
    tracks: [{ location: 'local', mid: '0', trackName: 'mic', unknown: true }],
  });
  expect(pushed).toMatchObject({ status: 200, body: { tracks: [{ trackName: 'mic', mid: '0' }] } });
  expect(await ask('GET', `sessions/${id}`)).toMatchObject({
    status: 200,
    body: { tracks: [{ location: 'local', mid: '0', trackName: 'mic', status: 'active' }] },
  });
  expect(await ask('GET', `/apps/app/sessions/${id}`)).toMatchObject({ status: 200 });
});

test('takes JSON that comes as text, as browsers send it', async () => {
  const { ask } = await start();
  const id = sessionOf(await ask('POST', 'sessions/new'));
  const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'text/plain;charset=UTF-8' };
  const body = { tracks: [{ mid: '0' }], force: true };
  expect((await ask('PUT', `sessions/${id}/tracks/close`, body, headers)).status).toBe(200);
});

test.each([
  ['no secret', {}],
  ['a wrong secret', { authorization: 'Bearer guessed' }],
  ['a longer secret', { authorization: `Bearer ${SECRET}x` }],
  ['the secret as another scheme', { authorization: `Basic ${SECRET}` }],
])('is closed to whoever has %s', async (_, headers) => {
  const { ask, sfu } = await start();
  expect(await ask('POST', 'sessions/new', undefined, headers)).toEqual(failure(401, 'unauthorized'));
  expect(sfu.hub.transports).toEqual([]);
});

test.each([
  ['another app', 'POST', '/v1/apps/other/sessions/new'],
  ['another path', 'POST', '/'],
  ['another version', 'POST', '/v2/apps/app/sessions/new'],
  ['an operation that is not there', 'POST', 'sessions/x/datachannels/new'],
  ['an adapter', 'POST', 'adapters/websocket/new'],
  ['another method', 'GET', 'sessions/new/tracks/new'],
  ['the wrong verb', 'POST', 'sessions/x/renegotiate'],
  ['a session id that cannot be', 'GET', 'sessions/%2e%2e'],
  ['no session id', 'GET', 'sessions/'],
  ['a session to be deleted', 'DELETE', 'sessions/x'],
])('knows nothing of %s', async (_, method, path) => {
  const { ask } = await start();
  expect(await ask(method, path)).toEqual(failure(404, 'not_found'));
});

test('a session that is not there is gone', async () => {
  const { ask } = await start();
  expect(await ask('GET', 'sessions/x')).toEqual(failure(410, 'session_error'));
  expect(await ask('PUT', 'sessions/x/tracks/update', { tracks: [] })).toEqual(failure(410, 'session_error'));
});

const local = { location: 'local', mid: '0', trackName: 'mic' };
const remote = { location: 'remote', sessionId: 's', trackName: 'mic' };

test.each([
  ['tracks/new', 'POST', '{', 400, 'decoding_error'],
  ['tracks/new', 'POST', '', 400, 'decoding_error'],
  ['tracks/new', 'POST', '[]', 400, 'decoding_error'],
  ['tracks/new', 'POST', { tracks: [null] }, 400, 'decoding_error'],
  ['tracks/new', 'POST', { tracks: [{ ...local, location: 'here' }] }, 400, 'decoding_error'],
  ['tracks/new', 'POST', { tracks: [] }, 406, 'invalid_params'],
  ['tracks/new', 'POST', { tracks: [local, remote] }, 406, 'invalid_params'],
  ['tracks/new', 'POST', { tracks: Array.from({ length: 65 }, () => remote) }, 406, 'invalid_params'],
  ['tracks/new', 'POST', { tracks: [{ ...remote, mid: 'a b' }] }, 400, 'decoding_error'],
  ['renegotiate', 'PUT', {}, 400, 'decoding_error'],
  ['tracks/close', 'PUT', { tracks: [{}], force: true }, 400, 'decoding_error'],
  ['tracks/update', 'PUT', { tracks: [remote] }, 400, 'decoding_error'],
])('refuses what it cannot read: %s %s %j', async (operation, method, body, status, errorCode) => {
  const { ask } = await start();
  const id = sessionOf(await ask('POST', 'sessions/new'));
  expect(await ask(method, `sessions/${id}/${operation}`, body)).toEqual(failure(status, errorCode));
});

test('a session is not opened with an offer', async () => {
  const { ask } = await start();
  const body = { sessionDescription: { type: 'offer', sdp: offer(audio('0')) } };
  expect(await ask('POST', 'sessions/new', body)).toEqual(failure(406, 'invalid_params'));
  expect((await ask('POST', 'sessions/new', {})).status).toBe(201);
});

test('refuses a body that is too large, announced or not', async () => {
  const { ask, url } = await start(1_000);
  const id = sessionOf(await ask('POST', 'sessions/new'));
  const path = `sessions/${id}/tracks/new`;
  expect(await ask('POST', path, ' '.repeat(1_001))).toEqual(failure(413, 'payload_too_large'));
  const status = await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${SECRET}`, 'transfer-encoding': 'chunked' };
    const request = httpRequest(`${url}/v1/apps/app/${path}`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
    request.write(' '.repeat(1_001));
  });
  expect(status).toBe(413);
});

test('closes while somebody keeps a connection open and somebody waits for an answer', async () => {
  const { ask, api, sfu } = await start();
  const ada = sessionOf(await ask('POST', 'sessions/new'));
  await ask('POST', `sessions/${ada}/tracks/new`, {
    sessionDescription: { type: 'offer', sdp: offer(audio('0')) },
    tracks: [local],
  });
  const ben = sessionOf(await ask('POST', 'sessions/new'));
  const pulling = ask('POST', `sessions/${ben}/tracks/new`, { tracks: [{ ...remote, sessionId: ada }] });
  const failed = pulling.then(
    () => 'answered',
    () => 'cut off',
  );
  while (sfu.clock.timerCount === 0) await ask('GET', `sessions/${ada}`);
  await api.close();
  expect(await failed).toBe('cut off');
});
