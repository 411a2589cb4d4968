import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { OPUS_TYPE, pushOffer, remoteOf, takeOffer } from '../../../bench/sfu/descriptions.ts';
import { AiStandIn } from '../../../src/sfu/stand-in/ai-stand-in.ts';
import { GREETING, OMITTED_FRAME, SILENT_FRAME } from '../../../src/sfu/stand-in/opus.ts';
import type { SessionTransport } from '../../../src/sfu/transport/session-transport.ts';
import { OpenAiApi } from '../../../src/voice/openai-api.ts';
import { endOfTurn, FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { openHub, startRealSfu } from '../network/real-sfu.ts';

const LOUD = 20;
const QUIET = 127;

/** A browser's place: publishes a microphone and looks at what it pulls. */
class Participant {
  readonly heard: string[] = [];
  readonly transport: SessionTransport;
  readonly ssrc: number;
  sessionId = '';
  #number = 0;

  static async enter(ask: Awaited<ReturnType<typeof startRealSfu>>, ssrc: number): Promise<Participant> {
    const hub = await openHub();
    const participant = new Participant(ssrc, (listener) => hub.open('third-party', listener));
    const { sessionId = '' } = await ask('POST', 'sessions/new');
    participant.sessionId = sessionId;
    const offer = pushOffer(participant.transport.local, ssrc, ssrc + 1);
    const { sessionDescription } = await ask('POST', `sessions/${sessionId}/tracks/new`, {
      sessionDescription: { type: 'offer', sdp: offer },
      tracks: [{ location: 'local', mid: '0', trackName: 'microphone' }],
    });
    participant.transport.connect(remoteOf(sessionDescription?.sdp ?? ''));
    await until(() => participant.transport.state === 'connected');
    return participant;
  }

  private constructor(ssrc: number, open: (listener: Parameters<TransportOpener>[0]) => SessionTransport) {
    this.ssrc = ssrc;
    this.transport = open({
      onRtp: (packet) => {
        const extension = (packet[0] ?? 0) & 0x10 ? 4 + 4 * packet.readUInt16BE(14) : 0;
        this.heard.push(packet.subarray(12 + extension).toString('hex'));
      },
      onRtcp: () => undefined,
      onState: () => undefined,
    });
  }

  say(payload: Buffer, audioLevel: number): void {
    this.#number += 1;
    const header = Buffer.alloc(20);
    header[0] = 0x90;
    header[1] = OPUS_TYPE;
    header.writeUInt16BE(this.#number, 2);
    header.writeUInt32BE(this.#number * 960, 4);
    header.writeUInt32BE(this.ssrc, 8);
    header.writeUInt32BE(0xbede_0001, 12);
    header[16] = 0x10;
    header[17] = audioLevel;
    const datagram = this.transport.protectRtp(Buffer.concat([header, payload]));
    if (datagram !== undefined) this.transport.send(datagram);
  }
}

type TransportOpener = Awaited<ReturnType<typeof openHub>>['open'] extends (
  kind: never,
  listener: infer L,
) => infer T
  ? (listener: L) => T
  : never;

const isDistinct = (payload: string): boolean =>
  payload !== OMITTED_FRAME.toString('hex') && payload !== SILENT_FRAME.toString('hex');

it('The stand-in, called by way of the SFU, greets and repeats to all what one says, then another', async () => {
  const ask = await startRealSfu();
  const clock = new FakeClock();
  const standIn = new AiStandIn({ clock, log: pino({ level: 'silent' }) });
  const api = new OpenAiApi({ ...(await standIn.start()), keyStyle: 'bearer' });
  onTestFinished(async () => {
    await api.close();
    await standIn.close();
  });

  const { sessionId: ai = '' } = await ask('POST', 'sessions/new?thirdparty=true');
  const track = { location: 'local', trackName: 'ai-voice', bidirectionalMediaStream: true, kind: 'audio' };
  const offered = await ask('POST', `sessions/${ai}/tracks/new`, { tracks: [track] });
  const session = {
    type: 'realtime',
    model: 'gpt-realtime-2.1',
    audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'marin' } },
  } as const;
  const { answerSdp } = await api.create(offered.sessionDescription?.sdp ?? '', session, 'somebody');
  await ask('PUT', `sessions/${ai}/renegotiate`, { sessionDescription: { type: 'answer', sdp: answerSdp } });

  const alice = await Participant.enter(ask, 1_000);
  const bob = await Participant.enter(ask, 2_000);
  for (const listener of [alice, bob]) {
    const pulled = await ask('POST', `sessions/${listener.sessionId}/tracks/new`, {
      tracks: [{ location: 'remote', sessionId: ai, trackName: 'ai-voice' }],
    });
    const { answer } = takeOffer(pulled.sessionDescription?.sdp ?? '', listener.transport.local, 2);
    const sessionDescription = { type: 'answer', sdp: answer };
    await ask('PUT', `sessions/${listener.sessionId}/renegotiate`, { sessionDescription });
  }

  const distinct = (listener: Participant): string[] => listener.heard.filter(isDistinct);
  const everybodyHeard = async (count: number, meanwhile: () => void): Promise<void> => {
    await until(async () => {
      meanwhile();
      clock.advance(20);
      await endOfTurn();
      return [alice, bob].every((listener) => distinct(listener).length >= count);
    });
  };
  const greeting = GREETING.map(({ payload }) => payload.toString('hex'));
  await everybodyHeard(greeting.length, () => undefined);
  // The greeting's last silence is over when the stand-in listens again.
  clock.advance(200);
  expect([distinct(alice), distinct(bob)]).toEqual([greeting, greeting]);

  const said = [...greeting];
  for (const speaker of [alice, bob, alice]) {
    speaker.say(Buffer.from([0xf8]), QUIET);
    const source = { location: 'remote', sessionId: speaker.sessionId, trackName: 'microphone' };
    await ask('POST', `sessions/${ai}/tracks/new`, {
      tracks: [{ ...source, mid: '#ai-voice', kind: 'audio' }],
    });
    const words = Array.from({ length: 20 }, (_, index) => Buffer.from(`${said.length}: word ${index}`));
    for (const word of words) speaker.say(word, LOUD);
    said.push(...words.map((word) => word.toString('hex')));
    await everybodyHeard(said.length, () => speaker.say(Buffer.from([0xf8]), QUIET));
    clock.advance(200);
  }
  expect([distinct(alice), distinct(bob)]).toEqual([said, said]);
});
