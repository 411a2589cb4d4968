import { describe, expect, test } from 'vitest';
import { sdp } from '../support/scripted-sfu.ts';
import { call, seen, SESSION, startWithSession, type Operation } from './proxy-client.ts';

const refusal = (fault: string): object => ({
  status: 400,
  type: 'application/json',
  body: {
    error: {
      code: 'invalid_session_description',
      message: 'The session description cannot be used',
      fault,
    },
  },
});

/** A description in the request of an operation that takes one. */
function withDescription(operation: Operation, sessionDescription: object): object {
  if (operation === 'renegotiate') return { sessionDescription };
  if (operation === 'close') return { sessionDescription, tracks: [{ mid: '0' }], force: false };
  return { sessionDescription, tracks: [{ location: 'local', mid: '0', trackName: 'mic' }] };
}

const without = (line: RegExp): string => sdp('0').replaceAll(line, '');

const FAULTS = [
  ['wrong_type', 'is of the wrong type', { type: 'other', sdp: sdp('0') }],
  ['not_sdp', 'is something else', { type: 'right', sdp: '{"v":0}\r\n' }],
  ['no_final_line_end', 'has lost its last line end', { type: 'right', sdp: sdp('0').trimEnd() }],
  ['no_media', 'has no media', { type: 'right', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' }],
  ['no_ice', 'has no ICE', { type: 'right', sdp: without(/a=ice-.*\r\n/g) }],
  ['no_dtls', 'has no DTLS', { type: 'right', sdp: without(/a=fingerprint.*\r\n/g) }],
] as const;

/** Which of the two types an operation takes. */
const RIGHT: Partial<Record<Operation, 'offer' | 'answer'>> = {
  push: 'offer',
  close: 'offer',
  renegotiate: 'answer',
};

const cells = (Object.keys(RIGHT) as Operation[]).flatMap((operation) =>
  FAULTS.map(([fault, title, description]) => [operation, title, fault, description] as const),
);

describe('a description that the SFU could not use', () => {
  test.each(cells)(
    '[C13] is refused with its fault: %s that %s',
    async (operation, _, fault, description) => {
      const { server, sfu } = await startWithSession();
      const right = RIGHT[operation] ?? 'offer';
      const wrong = right === 'offer' ? 'answer' : 'offer';
      const type = description.type === 'right' ? right : wrong;
      const body = withDescription(operation, { type, sdp: description.sdp });
      expect(seen(await call(server, operation, SESSION, { body }))).toEqual(refusal(fault));
      expect(sfu.requests).toEqual([]);
    },
  );

  test('[C13] an offer lacks the m-line of a track that is pushed', async () => {
    const { server, sfu } = await startWithSession();
    const body = withDescription('push', { type: 'offer', sdp: sdp('1') });
    expect(seen(await call(server, 'push', SESSION, { body }))).toEqual(refusal('unknown_mid'));
    expect(sfu.requests).toEqual([]);
  });

  test.each(FAULTS)('[C13] [C9] %s: an offer that comes with a pull is checked too', async (_, __, bad) => {
    const { server, sfu } = await startWithSession();
    const track = { sessionId: SESSION, trackName: 'mic' };
    const type = bad.type === 'right' ? 'offer' : 'answer';
    const body = {
      sessionDescription: { type, sdp: bad.sdp },
      tracks: [{ location: 'remote', ...track }],
    };
    const failed = {
      errorCode: 'invalid_session_description',
      errorDescription: expect.any(String) as string,
    };
    expect(seen(await call(server, 'pull', SESSION, { body }))).toEqual({
      status: 400,
      type: 'application/json',
      body: { requiresImmediateRenegotiation: false, tracks: [{ ...track, ...failed }] },
    });
    expect(sfu.requests).toEqual([]);
  });

  test.each(['push', 'renegotiate', 'close'] as const)(
    '[C13] goes up with a megabyte around it, and no more: %s',
    async (operation) => {
      const { server, sfu } = await startWithSession();
      const padded = (bytes: number): object =>
        withDescription(operation, {
          type: RIGHT[operation],
          sdp: sdp('0').replace('s=-', `s=${'x'.repeat(bytes)}`),
        });
      const room = 1024 * 1024 - Buffer.byteLength(JSON.stringify(padded(0)));
      expect((await call(server, operation, SESSION, { body: padded(room) })).status).toBe(200);
      const larger = await call(server, operation, SESSION, { body: padded(room + 1) });
      expect(seen(larger)).toEqual({
        status: 413,
        type: 'application/json',
        body: { error: { code: 'body_too_large', message: 'The request body is too large' } },
      });
      expect(sfu.requests).toHaveLength(1);
    },
  );

  test('[C13] a close that is not forced needs an offer', async () => {
    const { server, sfu } = await startWithSession();
    const { status } = await call(server, 'close', SESSION, { body: { tracks: [{ mid: '0' }] } });
    expect([status, sfu.requests]).toEqual([400, []]);
  });
});

describe('a description that can be used', () => {
  /** What a JSON encoder, a trimmer or a rewriter of SDP would change. */
  const ODD = [
    sdp('0').replace('s=-', 's=Zoë "🍊" \\ /   '),
    sdp('0').replaceAll('\r\n', '\n'),
    `${sdp('0')}a=x-unknown:  two  blanks \r\n\r\n`,
    `${sdp('0')}a=lone:\ud800\r\n`,
    sdp('0').replace('a=mid:0', 'a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host\r\na=mid:0'),
  ];

  test.each(['push', 'renegotiate', 'close'] as const)(
    '[C4] [C13] goes up as it is, character for character: %s',
    async (operation) => {
      const { server, sfu } = await startWithSession();
      for (const odd of ODD) {
        const body = withDescription(operation, { type: RIGHT[operation], sdp: odd });
        expect((await call(server, operation, SESSION, { body })).status).toBe(200);
      }
      const arrived = sfu.requests.map(
        ({ body }) => JSON.parse(body) as { sessionDescription: { sdp: string } },
      );
      expect(arrived.map(({ sessionDescription }) => sessionDescription.sdp)).toEqual(ODD);
    },
  );

  test.each(['push', 'close'] as const)('[C4] comes down as it is: %s', async (operation) => {
    const { server, sfu } = await startWithSession();
    const upstream = operation === 'push' ? 'tracks/new' : 'tracks/close';
    for (const odd of ODD) {
      const sessionDescription = { type: 'answer', sdp: odd };
      const reply = JSON.stringify({ tracks: [{ mid: '0', trackName: 'mic' }], sessionDescription });
      sfu.next(upstream, (_, response) => void response.end(reply));
      const body = withDescription(operation, { type: 'offer', sdp: sdp('0') });
      const down = await call(server, operation, SESSION, { body });
      expect(down.body).toEqual(JSON.parse(reply));
    }
  });
});
