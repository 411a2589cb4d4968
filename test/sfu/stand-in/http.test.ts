import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AiStandIn } from '../../../src/sfu/stand-in/ai-stand-in.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { WeriftCaller } from './werift-caller.ts';

type Api = {
  readonly standIn: AiStandIn;
  readonly clock: FakeClock;
  readonly port: number;
  readonly token: string;
  readonly post: (path: string, init: RequestInit) => Promise<Answer>;
};

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

async function start(maxCalls?: number): Promise<Api> {
  const clock = new FakeClock();
  const standIn = new AiStandIn({
    clock,
    log: pino({ level: 'silent' }),
    ...(maxCalls !== undefined && { maxCalls }),
  });
  const { baseUrl, token } = await standIn.start();
  onTestFinished(() => standIn.close());
  const post = async (path: string, { headers, ...init }: RequestInit): Promise<Answer> => {
    const response = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...(headers as Record<string, string>) },
      ...init,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { standIn, clock, port: Number(new URL(baseUrl).port), token, post };
}

const CALLS = '/realtime/calls';
const RAW = { 'content-type': 'application/sdp' };

/** A form as the project's own client writes it; each part with its type. */
function form(parts: Readonly<Record<string, string>>): RequestInit {
  const body = Object.entries(parts).map(
    ([name, content]) =>
      `--frontier\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`,
  );
  return {
    headers: { 'content-type': 'multipart/form-data; boundary=frontier' },
    body: `${body.join('')}--frontier--\r\n`,
  };
}

const SESSION = JSON.stringify({ type: 'realtime', model: 'gpt-realtime-2.1' });

const offer = async (): Promise<string> => (await WeriftCaller.create()).offer;

/** Without what it says in words. */
const errorOf = ({ status, headers, text }: Answer): object => {
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  const { message, ...rest } = error;
  return {
    status,
    ...rest,
    says: typeof message === 'string' && message.length > 0,
    contentType: headers.get('content-type'),
  };
};

const refusal = (
  status: number,
  code: string,
  param: string | null = null,
  type = 'invalid_request_error',
): object => ({ status, type, param, code, says: true, contentType: 'application/json' });

describe("The stand-in's API", () => {
  it('opens a call for a form with an offer and a session', async () => {
    const { post, standIn } = await start();
    const { status, headers, text } = await post(CALLS, form({ sdp: await offer(), session: SESSION }));
    expect({ status, type: headers.get('content-type'), calls: standIn.callCount }).toEqual({
      status: 201,
      type: 'application/sdp',
      calls: 1,
    });
    expect(headers.get('location')).toMatch(/^\/v1\/realtime\/calls\/rtc_[\w-]+$/);
    expect(headers.get('x-request-id')).toMatch(/^req_[\w-]+$/);
    expect(text).toMatch(/^v=0\r\n[^]*\r\n$/);
    expect(text.match(/a=candidate.*/g)?.map((line) => line.split(' ')[4])).toEqual(['127.0.0.1']);
  });

  it('opens a call for an offer alone', async () => {
    const { post, standIn } = await start();
    const { status } = await post(CALLS, { headers: RAW, body: await offer() });
    expect({ status, calls: standIn.callCount }).toEqual({ status: 201, calls: 1 });
  });

  it('hangs a call up, once', async () => {
    const { post, standIn } = await start();
    const { headers } = await post(CALLS, { headers: RAW, body: await offer() });
    const path = `${headers.get('location')?.replace('/v1', '')}/hangup`;
    const { status, text } = await post(path, {});
    expect({ status, text, calls: standIn.callCount }).toEqual({ status: 200, text: '', calls: 0 });
    expect(errorOf(await post(path, {}))).toEqual(refusal(404, 'call_id_not_found'));
  });

  it.each([
    ['no key', {}],
    ['another key', { authorization: 'Bearer another' }],
    ['a key in another way', { authorization: 'Basic abc' }],
  ])('refuses %s', async (_, headers) => {
    const { port, standIn } = await start();
    const body = await offer();
    for (const path of [CALLS, `${CALLS}/rtc_1/hangup`, '/anything']) {
      const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
        method: 'POST',
        headers: { ...RAW, ...(headers as Record<string, string>) },
        body,
      });
      const { status } = response;
      expect(errorOf({ status, headers: response.headers, text: await response.text() })).toEqual(
        refusal(401, 'invalid_api_key'),
      );
    }
    expect(standIn.callCount).toBe(0);
  });

  it.each([
    ['GET', CALLS],
    ['POST', '/realtime'],
    ['POST', `${CALLS}/rtc_1`],
    ['POST', `${CALLS}/rtc%2F1/hangup`],
    ['POST', `${CALLS}/${'r'.repeat(300)}/hangup`],
  ])('does not know %s %s', async (method, path) => {
    const { post } = await start();
    expect(errorOf(await post(path, { method }))).toEqual(refusal(404, 'unknown_url'));
  });

  it.each([
    ['nothing', () => ''],
    ['no SDP', () => 'hello\r\n'],
    ['an SDP without its last line end', (sdp: string) => sdp.trimEnd()],
    ['no audio', (sdp: string) => sdp.replace('m=audio 9', 'm=video 9')],
    ['audio that is rejected', (sdp: string) => sdp.replace('m=audio 9', 'm=audio 0')],
    ['two lines of audio', (sdp: string) => sdp + sdp.slice(sdp.indexOf('m=audio'))],
    ['no Opus', (sdp: string) => sdp.replace('OPUS/48000/2', 'PCMU/8000')],
    ['no ICE', (sdp: string) => sdp.replace(/a=ice-(ufrag|pwd).*\r\n/g, '')],
    ['ICE credentials that are none', (sdp: string) => sdp.replace(/a=ice-pwd:.*/g, 'a=ice-pwd:a b')],
    ['a video beside its audio', (sdp: string) => `${sdp}m=video 9 UDP/TLS/RTP/SAVPF 97\r\n`],
    [
      'a data channel with a connection of its own',
      (sdp: string) => `${sdp}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n`,
    ],
    ['no fingerprint', (sdp: string) => sdp.replace(/a=fingerprint.*\r\n/g, '')],

    ['a mid that is missing', (sdp: string) => sdp.replace('a=mid:0\r\n', '')],
    ['endless lines', (sdp: string) => sdp + 'a=x\r\n'.repeat(2_000)],
  ])('refuses an offer with %s', async (_, change) => {
    const { post, standIn } = await start();
    const answer = await post(CALLS, { headers: RAW, body: change(await offer()) });
    expect({ answer: errorOf(answer), calls: standIn.callCount }).toEqual({
      answer: refusal(400, 'invalid_offer'),
      calls: 0,
    });
  });

  it.each<[string, RequestInit, object]>([
    [
      'another type of body',
      { headers: { 'content-type': 'application/json' }, body: '{}' },
      refusal(400, 'unsupported_content_type'),
    ],
    [
      'a broken form',
      { headers: { 'content-type': 'multipart/form-data; boundary=frontier' }, body: '--frontier\r\nx' },
      refusal(400, 'invalid_multipart_form_data'),
    ],
    [
      'a form without an offer',
      form({ session: SESSION }),
      refusal(400, 'missing_required_parameter', 'sdp'),
    ],
    [
      'a form with another part',
      form({ sdp: 'v=0\r\n', model: 'x' }),
      refusal(400, 'unknown_parameter', 'model'),
    ],
    [
      'a session that is no JSON',
      form({ sdp: 'v=0\r\n', session: '{' }),
      refusal(400, 'invalid_json', 'session'),
    ],
    [
      'a session of another type',
      form({ sdp: 'v=0\r\n', session: '{"type":"transcription"}' }),
      refusal(400, 'invalid_value', 'session.type'),
    ],
    [
      'a field of the beta',
      form({ sdp: 'v=0\r\n', session: '{"type":"realtime","voice":"ash"}' }),
      refusal(400, 'unknown_parameter', 'session.voice'),
    ],
  ])('refuses %s', async (_, init, expected) => {
    const { post } = await start();
    expect(errorOf(await post(CALLS, init))).toEqual(expected);
  });

  it('refuses a body that is too large, and says so', async () => {
    const { post } = await start();
    const body = 'a'.repeat(300 * 1024);
    expect(errorOf(await post(CALLS, { headers: RAW, body }))).toEqual(refusal(413, 'request_too_large'));
  });

  it('refuses calls beyond its limit until one ends', async () => {
    const { post, standIn } = await start(2);
    const body = await offer();
    const locations: string[] = [];
    const answers = await Promise.all([1, 2, 3].map(() => post(CALLS, { headers: RAW, body })));
    for (const { headers } of answers) {
      const location = headers.get('location');
      if (location !== null) locations.push(location);
    }
    const refused = answers.filter(({ status }) => status !== 201);
    expect({ calls: standIn.callCount, refused: refused.map(errorOf) }).toEqual({
      calls: 2,
      refused: [refusal(429, 'rate_limit_exceeded', null, 'rate_limit_error')],
    });
    expect(refused[0]?.headers.get('retry-after')).toBe('5');
    await post(`${locations[0]?.replace('/v1', '')}/hangup`, {});
    expect((await post(CALLS, { headers: RAW, body })).status).toBe(201);
  });

  it('asks for no name: only addresses are taken from an offer', async () => {
    const { post } = await start();
    const sdp = await offer();
    const names = [
      'udp 1 somebody.local',
      'udp 1 example.com',
      'udp 1 ::1',
      '17 1 127.0.0.1',
      'tcp 1 127.0.0.1',
    ]
      .map((way) => `a=candidate:1 1 ${way} 5000 typ host\r\n`)
      .join('');
    const { status } = await post(CALLS, {
      headers: RAW,
      body: sdp.replace('a=candidate', `${names}a=candidate`),
    });
    expect(status).toBe(201);
  });

  it('lets go of who stops in the middle of a request that is refused', async () => {
    const { port, clock } = await start();
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    let isClosed = false;
    socket.on('data', (data: Buffer) => void (answer += data.toString()));
    socket.on('close', () => void (isClosed = true));
    socket.write(`POST /v1/realtime/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`);
    await until(() => answer.includes('invalid_api_key'));
    clock.advance(1_000);
    await until(() => isClosed);
    expect(answer).toMatch(/^HTTP\/1\.1 401/);
  });
});
