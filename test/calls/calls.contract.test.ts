import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { HttpCalls } from '../../src/calls/calls.http.ts';
import type { Calls, CallsOperation, CallsReply } from '../../src/calls/calls.ts';
import { AppError } from '../../src/errors.ts';
import { EmbeddedCalls } from '../../src/sfu/calls.embedded.ts';
import { EmbeddedSfu } from '../../src/sfu/embedded-sfu.ts';
import { DEFAULT_SFU_SETTINGS } from '../../src/sfu/sfu-settings.ts';
import { answerTo, audio, offer } from '../sfu/session/peer-descriptions.ts';
import { APP_ID, APP_SECRET, ScriptedSfu } from '../support/scripted-sfu.ts';

/** Cloudflare's API as it is scripted here: where all goes well, and each test's own faults. */
async function cloudflare(): Promise<Calls> {
  const sfu = await ScriptedSfu.start();
  return new HttpCalls({ apiUrl: `${sfu.url}/v1`, appId: APP_ID, appSecret: APP_SECRET });
}

/** The embedded one in its thread, all of it but ports and media. */
async function embedded(): Promise<Calls> {
  const sfu = new EmbeddedSfu({
    settings: DEFAULT_SFU_SETTINGS,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    partsUrl: new URL('../sfu/flowing-parts.ts', import.meta.url),
  });
  const calls = new EmbeddedCalls(sfu);
  await calls.start();
  return calls;
}

type Reply = CallsReply['body'] & {
  readonly sessionId?: string;
  readonly requiresImmediateRenegotiation?: boolean;
  readonly tracks?: readonly { mid?: string; trackName?: string; errorCode?: string }[];
  readonly sessionDescription?: { readonly type: string; readonly sdp: string };
};

class Client {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async ask(
    operation: CallsOperation,
    sessionId = '',
    body?: object,
    query = '',
  ): Promise<{ status: number; body: Reply }> {
    const request = { operation, sessionId, query: new URLSearchParams(query) };
    return this.#calls.send({ ...request, ...(body !== undefined && { body }) });
  }

  async open(query = ''): Promise<string> {
    const { body } = await this.ask('sessions/new', '', undefined, query);
    return body.sessionId ?? '';
  }

  push(session: string, trackName: string): Promise<{ status: number; body: Reply }> {
    return this.ask('tracks/new', session, {
      sessionDescription: { type: 'offer', sdp: offer(audio('0')) },
      tracks: [{ location: 'local', mid: '0', trackName }],
    });
  }

  /** Answers what the SFU offers. */
  accept(session: string, { sessionDescription }: Reply): Promise<{ status: number; body: Reply }> {
    const answer = { type: 'answer', sdp: answerTo(sessionDescription?.sdp ?? '') };
    return this.ask('renegotiate', session, { sessionDescription: answer });
  }
}

const VOICE = { location: 'local', trackName: 'voice', kind: 'audio', bidirectionalMediaStream: true };

describe.each([
  ['Cloudflare, scripted', cloudflare],
  ['embedded', embedded],
])('an SFU behind the port: %s', (_, start) => {
  const enter = async (): Promise<Client> => {
    const calls = await start();
    onTestFinished(() => calls.close());
    return new Client(calls);
  };

  test('opens a session by a name that fits a path', async () => {
    const client = await enter();
    const { status, body } = await client.ask('sessions/new', '', undefined, 'correlationId=daily');
    expect(status).toBe(201);
    expect(body.sessionId).toMatch(/^[\w-]{1,128}$/);
  });

  test('takes a push, and answers with a description that ends its last line', async () => {
    const client = await enter();
    const { status, body } = await client.push(await client.open('correlationId=daily'), 'mic');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      requiresImmediateRenegotiation: false,
      tracks: [{ trackName: 'mic', mid: '0' }],
      sessionDescription: { type: 'answer' },
    });
    expect(body.sessionDescription?.sdp).toMatch(/^v=0\r\n[^]*a=mid:0\r\n[^]*\r\n$/);
  });

  test('offers what is pulled, and takes the answer', async () => {
    const client = await enter();
    const publisher = await client.open();
    await client.push(publisher, 'mic');
    const listener = await client.open();
    const pull = { tracks: [{ location: 'remote', sessionId: publisher, trackName: 'mic' }] };
    const { status, body } = await client.ask('tracks/new', listener, pull);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      requiresImmediateRenegotiation: true,
      tracks: [{ sessionId: publisher, trackName: 'mic', mid: expect.stringMatching(/^\d+$/) as unknown }],
      sessionDescription: { type: 'offer' },
    });
    expect(body.sessionDescription?.sdp).toContain(`a=mid:${body.tracks?.[0]?.mid}\r\n`);
    expect(await client.accept(listener, body)).toEqual({ status: 200, body: {} });
  });

  test('offers an m-line that goes both ways, and puts a publication onto it without another offer', async () => {
    const client = await enter();
    const publisher = await client.open();
    await client.push(publisher, 'mic');
    const ai = await client.open('thirdparty=true');
    const { body } = await client.ask('tracks/new', ai, { tracks: [VOICE] });
    expect(body).toMatchObject({
      requiresImmediateRenegotiation: true,
      sessionDescription: { type: 'offer' },
    });
    expect(await client.accept(ai, body)).toEqual({ status: 200, body: {} });
    const source = {
      location: 'remote',
      sessionId: publisher,
      trackName: 'mic',
      mid: '#voice',
      kind: 'audio',
    };
    const fed = await client.ask('tracks/new', ai, { tracks: [source] });
    expect(fed.status).toBe(200);
    expect(fed.body).toMatchObject({
      requiresImmediateRenegotiation: false,
      tracks: [{ trackName: 'mic', mid: body.tracks?.[0]?.mid }],
    });
    expect(fed.body.sessionDescription).toBeUndefined();
  });

  test('says track by track what is not there', async () => {
    const client = await enter();
    const publisher = await client.open();
    const ai = await client.open();
    const source = {
      location: 'remote',
      sessionId: publisher,
      trackName: 'mic',
      mid: '#nobody',
      kind: 'audio',
    };
    const { status, body } = await client.ask('tracks/new', ai, { tracks: [source] });
    expect(status).toBe(200);
    expect(body.tracks).toMatchObject([{ errorCode: 'not_found_track_error' }]);
  });

  test('closes by force without a description, and with an offer gives its answer', async () => {
    const client = await enter();
    const session = await client.open();
    await client.push(session, 'mic');
    const offered = { type: 'offer', sdp: offer(audio('0', 'inactive')) };
    const body = { tracks: [{ mid: '0' }], force: false, sessionDescription: offered };
    const negotiated = await client.ask('tracks/close', session, body);
    expect(negotiated.status).toBe(200);
    expect(negotiated.body).toMatchObject({
      requiresImmediateRenegotiation: false,
      tracks: [{ mid: '0' }],
      sessionDescription: { type: 'answer' },
    });
    const other = await client.open();
    await client.push(other, 'mic');
    const forced = await client.ask('tracks/close', other, { tracks: [{ mid: '0' }], force: true });
    expect(forced).toEqual({
      status: 200,
      body: { requiresImmediateRenegotiation: false, tracks: [{ mid: '0' }] },
    });
  });

  test('tells of a session that it is there', async () => {
    const client = await enter();
    const { status } = await client.ask('session', await client.open());
    expect(status).toBe(200);
  });

  test('rejects when it has been closed', async () => {
    const calls = await start();
    await calls.close();
    const request = { operation: 'sessions/new', sessionId: '', query: new URLSearchParams() } as const;
    const failure: unknown = await calls.send(request).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: 'sfu_unavailable' });
  });
});

test('the embedded SFU is not to be had before it has started', async () => {
  const sfu = new EmbeddedSfu({
    settings: DEFAULT_SFU_SETTINGS,
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
  const request = { operation: 'sessions/new', sessionId: '', query: new URLSearchParams() } as const;
  await expect(new EmbeddedCalls(sfu).send(request)).rejects.toMatchObject({ code: 'sfu_unavailable' });
});
