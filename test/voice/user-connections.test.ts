import { describe, expect, test } from 'vitest';
import type { StoredAiCall } from '../../src/store/store.ts';
import { ANSWER, connect, connected, error, NO_AI, OFFER, told, withAi } from '../support/ai-connections.ts';
import { AiRoom, Held } from '../support/ai-room.ts';
import { cut } from '../support/scripted-openai.ts';
import { answer, type SfuHandler, type SfuRequest } from '../support/scripted-sfu.ts';
import { loginCookie } from '../support/server.ts';
import { announce, outcomes, SfuClient } from '../support/sfu-client.ts';
import { until } from '../support/until.ts';

const asked = ({ method, path, query, body }: SfuRequest) => ({
  request: `${method} ${path.replace('/v1/apps/lab-app-id', '')}${query}`,
  body: body === '' ? undefined : (JSON.parse(body) as unknown),
});

/** The requests that connect somebody to the AI, by a session of this number. */
const requestsOf = (session: string, label: string) => [
  { request: `POST /sessions/new?${label}`, body: undefined },
  {
    request: `POST /sessions/${session}/tracks/new?${label}`,
    body: {
      sessionDescription: { type: 'offer', sdp: OFFER },
      tracks: [
        {
          location: 'local',
          mid: '0',
          trackName: 'microphone',
          bidirectionalMediaStream: true,
          kind: 'audio',
        },
      ],
    },
  },
  {
    request: `POST /sessions/${session}/tracks/new?${label}`,
    body: {
      tracks: [
        {
          location: 'remote',
          sessionId: 'session-1',
          trackName: 'ai-generated-voice',
          mid: '#microphone',
          kind: 'audio',
        },
      ],
    },
  },
];

const rowOf = (room: AiRoom, sessionId = 'session-2'): StoredAiCall => ({
  callId: '',
  sessionId,
  mid: '0',
  trackName: 'microphone',
  meetingId: room.state.meetingId,
  openedAt: 1_000_000,
});

describe('a connection of one’s own', () => {
  test('[V12] [H17] takes three requests, and the answer comes as the SFU gave it', async () => {
    const room = await withAi();
    const before = room.sfu.requests.length;
    await connected(room, room.alice);
    expect(room.sfu.requests.slice(before).map(asked)).toEqual(
      requestsOf('session-2', `correlationId=${room.state.meetingId}`),
    );
    expect(told(room.alice)).toEqual([{ type: 'aiSdp', sdp: ANSWER }]);
  });

  test('[V12] is stored before its offer goes up', async () => {
    const room = await withAi();
    const seen: StoredAiCall[] = [];
    room.sfu.next('tracks/new', (request, response) => {
      const look = async (): Promise<void> => {
        seen.push(...(await room.store.listAiCalls()));
        room.sfu.usual(request, response);
      };
      void look();
    });
    await connected(room, room.alice);
    expect(seen.filter(({ callId }) => callId === '')).toEqual([rowOf(room)]);
  });

  const PASSING: readonly (readonly [string, SfuHandler])[] = [
    ['the client is not connected yet', answer(425, { errorCode: 'session_error' })],
    ['the AI is not heard yet', answer(200, { tracks: [{ errorCode: 'not_found_track_error' }] })],
    ['the SFU is overloaded', answer(503, { errorCode: 'internal_error' })],
    ['the answer is lost', cut],
  ];

  test.each(PASSING)(
    '[V12] asks for the voice again while %s, and has answered by then',
    async (_, fault) => {
      const room = await withAi();
      room.sfu.next('tracks/new', room.sfu.usual, fault, fault);
      await room.clock.through([100, 400], () => connect(room.alice));
      const [, , , ...pulls] = await room.sfu.asked('tracks/new', 5);
      const { body } = requestsOf('session-2', '')[2] ?? {};
      expect(pulls.map(({ body }) => JSON.parse(body) as unknown)).toEqual([body, body]);
      await room.alice.settle();
      expect(told(room.alice)).toEqual([{ type: 'aiSdp', sdp: ANSWER }]);
    },
  );

  test.each([
    ['no SDP', 'hello'],
    ['an SDP whose last line does not end', OFFER.trimEnd()],
    ['audio that is only sent', OFFER.replace('a=sendrecv', 'a=sendonly')],
    ['audio that is only received', OFFER.replace('a=sendrecv', 'a=recvonly')],
    ['an m-line by the name of a track', OFFER.replace('a=mid:0', 'a=mid:#microphone')],
    ['an m-line without a name', OFFER.replace('a=mid:0\r\n', '')],
    [
      'a session that is only sent',
      OFFER.replace('a=sendrecv\r\n', '').replace('t=0 0', 't=0 0\r\na=sendonly'),
    ],
    ['video alone', OFFER.replace('m=audio', 'm=video')],
    ['no m-line', OFFER.slice(0, OFFER.indexOf('m=audio'))],
    ['an SDP without ICE', OFFER.replaceAll(/a=ice-.*\r\n/g, '')],
  ])('[V12] is not opened for %s', async (_, offer) => {
    const room = await withAi();
    const before = room.sfu.requests.length;
    connect(room.alice, offer);
    await room.alice.settle();
    expect(told(room.alice)).toEqual([
      error('invalid_session_description', 'The session description cannot be used'),
    ]);
    expect(room.sfu.requests.length).toBe(before);
  });

  test('[V12] is refused with the same words when the SFU cannot use the offer', async () => {
    const room = await withAi();
    room.sfu.next('tracks/new', answer(406, { errorCode: 'invalid_session_description' }));
    connect(room.alice);
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([
      error('invalid_session_description', 'The session description cannot be used'),
    ]);
  });

  test('[R32] there is none without an AI', async () => {
    const room = await AiRoom.open();
    connect(room.alice);
    await room.alice.settle();
    expect(told(room.alice)).toEqual([NO_AI]);
    expect(room.sfu.requests).toEqual([]);
  });
});

describe('talking by it', () => {
  test('[V13] its microphone goes to the AI when no track is named, and everybody sees who talks', async () => {
    const room = await withAi();
    await connected(room, room.alice);
    room.alice.send({ type: 'requestAiControl' });
    await room.untilAi(({ controllingUser }) => controllingUser === 'a');
    const route = room.sfu.of('tracks/new').at(-1);
    expect(route && asked(route)).toEqual({
      request: `POST /sessions/session-1/tracks/new?correlationId=${room.state.meetingId}`,
      body: {
        tracks: [
          {
            location: 'remote',
            sessionId: 'session-2',
            trackName: 'microphone',
            mid: '#ai-generated-voice',
            kind: 'audio',
          },
        ],
      },
    });
  });

  test('[V13] [R25] who has none must name a track', async () => {
    const room = await withAi();
    const bob = await room.server.connect({ id: 'b', name: 'bob' });
    await connected(room, bob);
    room.alice.send({ type: 'requestAiControl' });
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([error('ai_not_connected', 'You have no connection to the AI')]);
    expect(room.state.ai).toEqual({ enabled: true, connectionPending: false });
  });

  test('[V13] one that is being opened is none yet', async () => {
    const room = await withAi();
    const held = new Held(room.sfu.usual);
    room.sfu.next('tracks/new', held.handler);
    connect(room.alice);
    await held.arrived();
    room.alice.send({ type: 'requestAiControl' });
    await until(() => told(room.alice).length > 0);
    expect(told(room.alice)).toEqual([error('ai_not_connected', 'You have no connection to the AI')]);
    held.release();
  });

  test('[V13] nobody else can name that microphone, or hear it', async () => {
    const room = await withAi();
    await connected(room, room.alice);
    await announce(room.alice, 'session-2/microphone');
    const bob = await room.server.connect({ id: 'b', name: 'bob' });
    await bob.settle();
    const sfu = new SfuClient(room.server, { cookie: loginCookie('bob') });
    const session = await sfu.open();
    expect(outcomes(await sfu.pull(session, 'session-2/microphone'))).toEqual(['not_found_track_error']);
    expect((await sfu.send('GET', '/api/calls/sessions/session-2')).status).toBe(401);
    bob.send({
      type: 'requestAiControl',
      track: { sessionId: 'session-2', trackName: 'microphone' },
    });
    await until(() => told(bob).length > 0);
    expect(told(bob)).toEqual([error('track_not_yours', 'You do not send this track')]);
  });
});
