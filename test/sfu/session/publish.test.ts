import { expect, test } from 'vitest';
import { FakeSfu } from './fake-sfu.ts';
import { audio, bundleOf, directions, offer, recorded, video } from './peer-descriptions.ts';

const push = (sdp: string, ...tracks: readonly (readonly [mid: string, trackName: string])[]): object => ({
  sessionDescription: { type: 'offer', sdp },
  tracks: tracks.map(([mid, trackName]) => ({ location: 'local', mid, trackName })),
});

test('answers Chromium with one codec for each m-line, in its numbers', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { status, body } = await sfu.tracksNew(
    session,
    push(recorded('chromium-push'), ['0', 'mic'], ['1', 'cam']),
  );
  expect(status).toBe(200);
  const { sessionDescription, ...rest } = body;
  expect(rest).toEqual({
    requiresImmediateRenegotiation: false,
    tracks: [
      { trackName: 'mic', mid: '0' },
      { trackName: 'cam', mid: '1' },
    ],
  });
  expect(sessionDescription?.type).toBe('answer');
  expect(sessionDescription?.sdp.replace(/^o=.*$/m, 'o=-')).toMatchSnapshot();
});

test('answers Firefox in its own numbers, and knows its streams without those of retransmissions', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(session, push(recorded('firefox-push'), ['0', 'mic'], ['1', 'cam']));
  expect(body.sessionDescription?.sdp.replace(/^o=.*$/m, 'o=-')).toMatchSnapshot();
  expect(session.media.publications.map(({ parameters }) => parameters)).toEqual([
    {
      mid: '0',
      format: {
        kind: 'audio',
        codec: 'opus',
        payloadType: 109,
        clockRate: 48_000,
        extensions: new Map([
          ['urn:ietf:params:rtp-hdrext:ssrc-audio-level', 1],
          ['urn:ietf:params:rtp-hdrext:sdes:mid', 3],
        ]),
      },
      ssrcs: [2_000_000_001],
      rids: [],
    },
    {
      mid: '1',
      format: {
        kind: 'video',
        codec: 'VP8',
        payloadType: 120,
        clockRate: 90_000,
        extensions: new Map([
          ['urn:ietf:params:rtp-hdrext:sdes:mid', 3],
          ['http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', 4],
        ]),
      },
      ssrcs: [2_000_000_002],
      rids: [],
    },
  ]);
  expect(session.transport.remotes).toEqual([
    {
      ice: { ufrag: 'fa4e0001', password: '0123456789abcdef0123456789abcdef' },
      candidates: [],
      fingerprint: {
        algorithm: 'sha-256',
        value: Array.from({ length: 2 }, () => '11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00').join(':'),
      },
      dtlsRole: 'server',
    },
  ]);
});

test('receives simulcast, with its layers in their order', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(session, push(recorded('chromium-simulcast'), ['0', 'cam']));
  const lines = body.sessionDescription?.sdp
    .split('\r\n')
    .filter((line) => /rid|simulcast|stream-id/.test(line));
  expect(lines).toEqual([
    'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    'a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
    'a=rid:a recv',
    'a=rid:b recv',
    'a=rid:c recv',
    'a=simulcast:recv a;b;c',
  ]);
  expect(session.media.publications[0]?.parameters).toMatchObject({ rids: ['a', 'b', 'c'], ssrcs: [] });
});

test('takes H.264 where there is no VP8: baseline in fragments, with the profile of the offer', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const line = {
    ...video('0'),
    codecs: { 96: 'VP9/90000', 100: 'H264/90000', 101: 'H264/90000', 102: 'H264/90000' },
    fmtp: {
      100: 'packetization-mode=0;profile-level-id=42e01f',
      101: 'packetization-mode=1;profile-level-id=640c1f',
      102: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
    },
  };
  const { body } = await sfu.tracksNew(session, push(offer(line), ['0', 'cam']));
  expect(body.sessionDescription?.sdp).toContain('m=video 9 UDP/TLS/RTP/SAVPF 102\r\n');
  expect(body.sessionDescription?.sdp).toContain(
    'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n',
  );
});

test('rejects an m-line that it cannot carry, and takes the others', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const odd = { ...video('1'), codecs: { 98: 'VP9/90000' } };
  const { body } = await sfu.tracksNew(
    session,
    push(offer(audio('0'), odd), ['0', 'mic'], ['1', 'cam'], ['7', 'no']),
  );
  expect(body.tracks).toMatchObject([
    { trackName: 'mic', mid: '0' },
    { trackName: 'cam', mid: '1', errorCode: 'invalid_params' },
    { trackName: 'no', mid: '7', errorCode: 'invalid_params' },
  ]);
  expect(directions(body.sessionDescription?.sdp ?? '')).toEqual(['0 recvonly', '0 1 inactive']);
  expect(bundleOf(body.sessionDescription?.sdp ?? '')).toBe('0');
});

test('refuses data channels and keeps the rest', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(session, {
    autoDiscover: true,
    sessionDescription: { type: 'offer', sdp: recorded('chromium-receive-with-data') },
  });
  expect(directions(body.sessionDescription?.sdp ?? '')).toEqual([
    '0 inactive',
    '1 inactive',
    '0 2 inactive',
  ]);
});

test('finds and names all that is offered when it is asked to', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(session, {
    autoDiscover: true,
    sessionDescription: { type: 'offer', sdp: offer(audio('0'), video('1'), video('2', 'recvonly')) },
  });
  expect(body.tracks).toEqual([
    { trackName: expect.stringMatching(/^[\w-]{36}$/) as string, mid: '0' },
    { trackName: expect.stringMatching(/^[\w-]{36}$/) as string, mid: '1' },
  ]);
  expect(session.media.publications).toHaveLength(2);
});

test('a push that is repeated because its answer was lost changes nothing', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const body = push(offer(audio('0')), ['0', 'mic']);
  const first = await sfu.tracksNew(session, body);
  const second = await sfu.tracksNew(session, body);
  expect(second.body.tracks).toEqual(first.body.tracks);
  expect(second.body.sessionDescription?.type).toBe('answer');
  expect(session.media.publications).toHaveLength(1);
});

test('a name is one track of a session', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(
    session,
    push(offer(audio('0'), audio('1')), ['0', 'mic'], ['1', 'mic']),
  );
  expect(body.tracks).toMatchObject([{ mid: '0' }, { mid: '1', errorCode: 'repeated_local_track_error' }]);
});

test('what has been offered and has no name is not received until it has one', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const sdp = offer(audio('0'), video('1'));
  const first = await sfu.tracksNew(session, push(sdp, ['0', 'mic']));
  const second = await sfu.tracksNew(session, push(sdp, ['1', 'cam']));
  const answers = [first, second].map(({ body }) => directions(body.sessionDescription?.sdp ?? ''));
  expect(answers).toEqual([
    ['0 recvonly', '1 inactive'],
    ['0 recvonly', '1 recvonly'],
  ]);
});

test('an m-line on which the client does not send publishes nothing', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const { body } = await sfu.tracksNew(session, push(offer(audio('0', 'recvonly')), ['0', 'mic']));
  expect(body.tracks).toMatchObject([{ mid: '0', errorCode: 'invalid_params' }]);
});

test('layers that cannot be told apart are not received as such', async () => {
  const sfu = new FakeSfu();
  const session = await sfu.open();
  const sdp = recorded('chromium-simulcast').replace(/a=extmap:10 .*\r\n/, '');
  const { body } = await sfu.tracksNew(session, push(sdp, ['0', 'cam']));
  expect(body.sessionDescription?.sdp).not.toContain('a=simulcast');
  expect(session.media.publications[0]?.parameters.rids).toEqual([]);
});
