import { describe, expect, test } from 'vitest';
import { AttackLab } from '../support/attack-lab.ts';
import { exchange, head, RawHttp, type RawAnswer } from '../support/raw-http.ts';
import { loginCookie, startServer } from '../support/server.ts';

const COOKIE = `Cookie: ${loginCookie('mallory')}`;
const LIVE = head('GET /livez HTTP/1.1', 'Host: meet.example');

/** A request to open a session, with any lines. */
const opening = (...lines: readonly string[]): string =>
  head('POST /partytracks/sessions/new HTTP/1.1', 'Host: meet.example', COOKIE, ...lines);

/** The statuses of all answers to some bytes, to the end of the connection; with `limit` to so many of them. */
async function statuses(port: number, bytes: string, limit = Infinity): Promise<number[]> {
  const raw = new RawHttp(port);
  await raw.write(bytes);
  const answers: number[] = [];
  while (answers.length < limit) {
    const answer = await raw.answer();
    if (answer === 'ended') break;
    answers.push(answer.status);
  }
  return answers;
}

/**
 * A proxy in front and this server must agree where a request ends; where they could not, the request is refused and the
 * connection with it, or what follows would be somebody else's request. RFC 9112, 6.3 and 11.2.
 */
describe('requests whose end can be read in two ways', () => {
  test.each([
    ['a length and chunks', opening('Content-Length: 5', 'Transfer-Encoding: chunked') + '0\r\n\r\n'],
    ['chunks and a length', opening('Transfer-Encoding: chunked', 'Content-Length: 5') + '0\r\n\r\n'],
    ['two lengths', opening('Content-Length: 0', 'Content-Length: 5') + 'abcde'],
    ['two lengths, the other way', opening('Content-Length: 5', 'Content-Length: 0') + 'abcde'],
    ['a list of lengths', opening('Content-Length: 2, 2') + '{}'],
    ['a length with a sign', opening('Content-Length: +2') + '{}'],
    ['a negative length', opening('Content-Length: -2') + '{}'],
    ['a length in hex', opening('Content-Length: 0x2') + '{}'],
    ['a length in words', opening('Content-Length: two') + '{}'],
    ['a length past all numbers', opening('Content-Length: 99999999999999999999999') + '{}'],
    ['an encoding that is nearly chunked', opening('Transfer-Encoding: xchunked') + '0\r\n\r\n'],
    ['an encoding after chunked', opening('Transfer-Encoding: chunked, identity') + '0\r\n\r\n'],
    ['an encoding that is not known', opening('Transfer-Encoding: gzip') + '0\r\n\r\n'],
    ['a chunk past all numbers', opening('Transfer-Encoding: chunked') + 'ffffffffffffffffff\r\nab'],
    ['a negative chunk', opening('Transfer-Encoding: chunked') + '-1\r\nab\r\n0\r\n\r\n'],
    ['lines without a return', opening().replaceAll('\r\n', '\n')],
    ['no host', head('POST /partytracks/sessions/new HTTP/1.1', COOKIE)],
    ['HTTP/1.0', opening().replace('HTTP/1.1', 'HTTP/1.0')],
    ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('[G16] %s: nothing is done, and the connection is ended with at most a refusal', async (_, bytes) => {
    const lab = await AttackLab.open();
    const answers = await statuses(lab.server.port, bytes + LIVE, 2);
    expect(lab.reached).toEqual([]);
    expect([[], [400], [501], [505]]).toContainEqual(answers);
  });

  test('[G16] one length said twice, and chunks in capitals, are read in one way only', async () => {
    const lab = await AttackLab.open();
    const chunked = opening('Transfer-Encoding: Chunked') + '2\r\n{}\r\n0\r\n\r\n';
    expect(await statuses(lab.server.port, chunked, 1)).toEqual([201]);
    const raw = new RawHttp(lab.server.port);
    await raw.write(head('GET /livez HTTP/1.1', 'Host: meet.example', 'Content-Length: 5') + `abcde${LIVE}`);
    expect([await raw.answer(), await raw.answer()]).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test('[G16] requests sent before the answer to the first never get an answer to another', async () => {
    const lab = await AttackLab.open();
    const second = LIVE.replace('/livez', '/nothing/here');
    expect([[201, 404], []]).toContainEqual(await statuses(lab.server.port, opening() + second, 2));
  });
});

describe('lines that are no header', () => {
  test.each([
    ['a return in a value', 'X-A: a\rSet-Cookie: b=c'],
    ['a zero byte in a value', 'X-A: a\0b'],
    ['a space before the colon', 'X-A : b'],
    ['a folded line', 'X-A: b\r\n c: d'],
  ])('[G16] %s: the request is not carried out', async (_, line) => {
    const lab = await AttackLab.open();
    const raw = new RawHttp(lab.server.port);
    await raw.write(opening(line));
    // uWS waits for more and gives up after 10 s of silence; somebody else's answer shows that it has read this.
    expect(await exchange(lab.server.port, LIVE)).toMatchObject({ status: 200 });
    expect(lab.reached).toEqual([]);
  });
});

describe('what a client says of itself and its way here', () => {
  const statusOf = (answer: RawAnswer | 'ended'): number | 'ended' =>
    answer === 'ended' ? answer : answer.status;

  test.each([
    ['a parameter of its own', '?thirdparty=true&x=1', ''],
    ['a label that ends a line', '?correlationId=a%0d%0aX-Evil:%20b', ''],
    ['a label that ends the query', '?correlationId=a%26thirdparty=true', ''],
    ['a label that is too long', `?correlationId=${'a'.repeat(129)}`, ''],
    ['several labels', '?correlationId=first&correlationId=second', '?correlationId=first'],
  ])('[C4] %s: the SFU hears only what it may', async (_, query, passed) => {
    const lab = await AttackLab.open();
    expect(await lab.raw('POST', `/partytracks/sessions/new${query}`)).toBe(201);
    expect(lab.reached.map((request) => request.query)).toEqual([passed]);
  });

  test('[C4] headers for the SFU, for a proxy or for Workers do not reach it', async () => {
    const lab = await AttackLab.open();
    const sent = {
      Authorization: 'Basic bWU6bWU=',
      'X-Forwarded-For': '203.0.113.7',
      'X-Partykit-Room': 'private',
      'X-Partykit-Namespace': 'rooms',
      'Cf-Connecting-Ip': '203.0.113.7',
      'X-Original-Url': '/admin',
      Forwarded: 'for=203.0.113.7',
    };
    expect(await lab.raw('POST', '/partytracks/sessions/new', sent)).toBe(201);
    const [request] = lab.reached;
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'host',
    ]);
    expect(request?.headers['authorization']).toBe('Bearer lab-app-secret');
  });

  test('[G1] [G3] headers of the original name no room and nobody', async () => {
    const server = await startServer();
    const partykit = {
      'x-partykit-room': 'private',
      'x-partykit-namespace': 'rooms',
      'x-partykit-props': '{"role":"admin"}',
      'x-user': 'vic',
    };
    expect(await server.refused({ id: 'a', headers: partykit })).toEqual({ status: 401, body: '' });
    const headers = { ...partykit, cookie: loginCookie('mallory') };
    const client = await server.connect({ id: 'a', room: 'mine', headers });
    const { state } = await client.waitFor(({ type }) => type === 'roomState');
    expect(state).toMatchObject({ users: [{ id: 'a', name: 'mallory' }] });
    const started = server.logLines.find(({ msg }) => msg === 'meeting started');
    expect(started).toMatchObject({ room: 'mine' });
  });

  test.each([
    ['an e-mail address', { 'Cf-Access-Authenticated-User-Email': 'vic@example.com' }],
    ['an assertion, where there is no Access', { 'Cf-Access-Jwt-Assertion': 'a.b.c' }],
  ])('[G3] [I5] %s in a header makes nobody somebody', async (_, headers) => {
    const lab = await AttackLab.open();
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const bytes = head('POST /partytracks/sessions/new HTTP/1.1', 'Host: meet.example', ...lines);
    expect(statusOf(await exchange(lab.server.port, bytes))).toBe(401);
  });

  test('[G4] a page elsewhere does not pass for this site by a second Host', async () => {
    const lab = await AttackLab.open();
    const bytes = opening('Host: evil.example', 'Origin: http://evil.example');
    expect(statusOf(await exchange(lab.server.port, bytes))).toBe(403);
    const forwarded = opening('X-Forwarded-Host: evil.example', 'Origin: http://evil.example');
    expect(statusOf(await exchange(lab.server.port, forwarded))).toBe(403);
    expect(lab.reached).toEqual([]);
  });

  test('[G3] of two login cookies the first counts, as browsers send the more special one first', async () => {
    const server = await startServer();
    const cookie = `${loginCookie('first')}; ${loginCookie('second')}`;
    const client = await server.connect({ id: 'a', headers: { cookie } });
    const { state } = await client.waitFor(({ type }) => type === 'roomState');
    expect(state).toMatchObject({ users: [{ name: 'first' }] });
  });
});
