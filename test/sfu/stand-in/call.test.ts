import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AiStandIn, type AiStandInAddress } from '../../../src/sfu/stand-in/ai-stand-in.ts';
import { GREETING, OMITTED_FRAME, SILENT_FRAME } from '../../../src/sfu/stand-in/opus.ts';
import { OpenAiApi } from '../../../src/voice/openai-api.ts';
import { endOfTurn, FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { WeriftCaller } from './werift-caller.ts';

const LOUD = 20;
const QUIET = 127;
const SESSION = {
  type: 'realtime',
  model: 'gpt-realtime-2.1',
  instructions: 'Be brief.',
  audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'marin' } },
} as const;

type Lab = {
  readonly clock: FakeClock;
  readonly standIn: AiStandIn;
  readonly api: OpenAiApi;
  readonly address: AiStandInAddress;
};

/** The stand-in, and this project's own client of OpenAI's API. */
async function setUp(): Promise<Lab> {
  const clock = new FakeClock();
  const standIn = new AiStandIn({ clock, log: pino({ level: 'silent' }) });
  const address = await standIn.start();
  const api = new OpenAiApi({ ...address, keyStyle: 'bearer' });
  onTestFinished(async () => {
    await api.close();
    await standIn.close();
  });
  return { clock, standIn, api, address };
}

type Call = { readonly caller: WeriftCaller; readonly callId: string };

/** A call that is connected, and whose first sign of life has come. */
async function call({ api }: Lab, options: { dataChannel?: boolean } = {}): Promise<Call> {
  const caller = await WeriftCaller.create(options);
  const { callId, answerSdp } = await api.create(caller.offer, SESSION, 'somebody');
  await caller.take(answerSdp);
  await until(() => caller.isConnected && caller.received.length > 0);
  return { caller, callId };
}

/** Lets time pass, 20 ms in each turn, until so many packets have come. */
async function pass({ clock }: Lab, caller: WeriftCaller, packets: number): Promise<void> {
  await until(() => {
    if (caller.received.length >= packets) return true;
    clock.advance(20);
    return false;
  });
}

const isDistinct = (payload: string): boolean =>
  payload !== OMITTED_FRAME.toString('hex') && payload !== SILENT_FRAME.toString('hex');

describe('A call to the stand-in', () => {
  it('greets its caller, then repeats byte for byte what that says', async () => {
    const lab = await setUp();
    const { caller } = await call(lab);
    const greeting = GREETING.map(({ payload }) => payload.toString('hex'));
    await pass(lab, caller, 1 + 2 + greeting.length + 3);
    const greeted = caller.received.splice(0).map(({ payload }) => payload);
    expect(greeted.filter(isDistinct)).toEqual(greeting);

    const words = Array.from({ length: 30 }, (_, index) => Buffer.from(`word ${index} of those that I say`));
    let timestamp = 4_294_960_000;
    for (const word of words) {
      await caller.speak(word, timestamp, LOUD);
      timestamp = (timestamp + 960) >>> 0;
    }
    // On loopback nothing overtakes: what comes back has all of it, once a quiet packet says that the pause is there.
    await until(async () => {
      await caller.speak(Buffer.from([0xf8]), timestamp, QUIET);
      timestamp = (timestamp + 960) >>> 0;
      lab.clock.advance(20);
      await endOfTurn();
      return caller.received.filter(({ payload }) => isDistinct(payload)).length >= words.length;
    });
    const said = caller.received.filter(({ payload }) => isDistinct(payload));
    expect(said.map(({ payload }) => payload)).toEqual(words.map((word) => word.toString('hex')));
    const [first] = said;
    if (first === undefined) throw new Error('nothing was said');
    expect(said).toEqual(
      words.map((word, index) => ({
        ssrc: first.ssrc,
        sequenceNumber: (first.sequenceNumber + index) & 0xffff,
        timestamp: (first.timestamp + index * 960) >>> 0,
        marker: index === 0,
        payload: word.toString('hex'),
      })),
    );
  });

  it('works with a data channel beside the audio', async () => {
    const lab = await setUp();
    const { caller } = await call(lab, { dataChannel: true });
    await until(() => caller.isDataChannelOpen);
    await pass(lab, caller, GREETING.length);
    expect(lab.standIn.callCount).toBe(1);
  });

  it('ends when it is hung up, and is not known any more', async () => {
    const { standIn, api, clock, ...rest } = await setUp();
    const { callId } = await call({ standIn, api, clock, ...rest });
    expect(await api.hangUp(callId)).toBe(true);
    expect({ calls: standIn.callCount }).toEqual({ calls: 0 });
    clock.advance(10_000);
    expect(clock.timerCount).toBe(0);
    expect(await api.hangUp(callId)).toBe(true);
  });

  it('ends when its peer says goodbye', async () => {
    const lab = await setUp();
    const { caller } = await call(lab);
    await caller.sayGoodbye();
    await until(() => lab.standIn.callCount === 0);
    expect(lab.standIn.callCount).toBe(0);
  });

  it('ends when its peer never comes', async () => {
    const { standIn, api, clock } = await setUp();
    const caller = await WeriftCaller.create();
    await api.create(caller.offer, SESSION, 'somebody');
    clock.advance(14_000);
    expect(standIn.callCount).toBe(1);
    clock.advance(1_400);
    expect({ calls: standIn.callCount, timers: clock.timerCount }).toEqual({ calls: 0, timers: 0 });
  });

  it('ends after an hour', async () => {
    const lab = await setUp();
    await call(lab);
    lab.clock.jump(60 * 60_000);
    lab.clock.advance(2_000);
    expect(lab.standIn.callCount).toBe(0);
  });

  it('ends with the stand-in', async () => {
    const lab = await setUp();
    const { caller } = await call(lab);
    await lab.standIn.close();
    expect({ calls: lab.standIn.callCount, timers: lab.clock.timerCount }).toEqual({
      calls: 0,
      timers: 0,
    });
    expect(caller.received.length).toBeGreaterThan(0);
  });
});
