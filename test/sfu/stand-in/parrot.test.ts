import { describe, expect, it } from 'vitest';
import type { HeardPacket } from '../../../src/sfu/stand-in/ear.ts';
import type { SpokenPacket } from '../../../src/sfu/stand-in/mouth.ts';
import { GREETING, OMITTED_FRAME, SILENT_FRAME } from '../../../src/sfu/stand-in/opus.ts';
import { GREETING_DELAY_MS, Parrot } from '../../../src/sfu/stand-in/parrot.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Said = SpokenPacket & { readonly atMs: number };

const LOUD = 20;
const QUIET = 127;

/** A parrot, and somebody who talks to it in packets of 20 ms. */
class Talk {
  readonly clock = new FakeClock();
  readonly said: Said[] = [];
  readonly parrot: Parrot;
  timestamp = 4_294_960_000;
  #number = 0;

  constructor() {
    // The highest numbers there are: all of them wrap in the first packets.
    this.parrot = new Parrot(
      this.clock,
      () => 0.999_999_9,
      (packet) => this.said.push({ ...packet, atMs: this.clock.now() }),
    );
  }

  packet(audioLevel: number | undefined, bytes = 60): HeardPacket {
    this.#number += 1;
    const payload = Buffer.alloc(bytes, this.#number);
    const { timestamp } = this;
    this.timestamp = (timestamp + 960) >>> 0;
    return { timestamp, payload, audioLevel };
  }

  /** Sends so many packets, one each 20 ms; gives them. */
  send(count: number, audioLevel: number | undefined, bytes?: number): HeardPacket[] {
    return Array.from({ length: count }, () => {
      const packet = this.packet(audioLevel, bytes);
      this.parrot.hear(packet);
      this.clock.advance(20);
      return packet;
    });
  }

  /** What it has said since this was asked last. */
  take(): Said[] {
    return this.said.splice(0);
  }
}

const payloadsOf = (packets: readonly { payload: Buffer }[]): string[] =>
  packets.map(({ payload }) => payload.toString('hex'));

/** Steps of timestamps, numbers and times from each packet to the next. */
const stepsOf = (packets: readonly Said[]): (readonly [number, number, number])[] =>
  packets.slice(1).map((packet, index) => {
    const before = packets[index] as Said;
    return [
      (packet.timestamp - before.timestamp) >>> 0,
      (packet.sequenceNumber - before.sequenceNumber) & 0xffff,
      packet.atMs - before.atMs,
    ];
  });

const silence = Array.from({ length: 3 }, () => SILENT_FRAME.toString('hex'));

describe('The parrot', () => {
  it('greets once whoever invited it can hear it, a frame each 20 ms, and shows before that it is there', () => {
    const talk = new Talk();
    talk.parrot.greet();
    expect(payloadsOf(talk.take())).toEqual([OMITTED_FRAME.toString('hex')]);
    talk.clock.advance(GREETING_DELAY_MS - 1);
    expect(talk.take()).toEqual([]);
    talk.clock.advance(1 + 20 * (GREETING.length + 2));
    const said = talk.take();
    expect(payloadsOf(said)).toEqual([...payloadsOf(GREETING), ...silence]);
    expect(stepsOf(said)).toEqual(said.slice(1).map(() => [960, 1, 20]));
    expect(said.map(({ marker }) => marker)).toEqual(said.map((_, index) => index === 0));
    expect(talk.clock.timerCount).toBe(0);
  });

  it('repeats byte for byte what it heard, from a little before to a little after, once the speaker pauses', () => {
    const talk = new Talk();
    const before = talk.send(40, QUIET);
    const speech = talk.send(50, LOUD);
    const pause = talk.send(34, QUIET);
    expect(talk.take()).toEqual([]);
    expect(talk.clock.timerCount).toBe(0);
    talk.send(1, QUIET);
    talk.clock.advance(3_000);
    const said = talk.take();
    const repeated = [...before.slice(-15), ...speech, ...pause.slice(0, 10)];
    expect(payloadsOf(said)).toEqual([...payloadsOf(repeated), ...silence]);
    expect(stepsOf(said)).toEqual(said.slice(1).map(() => [960, 1, 20]));
    expect(said.map(({ marker }) => marker)).toEqual(said.map((_, index) => index === 0));
    expect(talk.clock.timerCount).toBe(0);
  });

  it('keeps the gaps that its speaker made', () => {
    const talk = new Talk();
    talk.send(5, LOUD);
    // A sender that saves what is silent: its timestamps go on, and no packets come.
    talk.timestamp += 400 * 48;
    talk.clock.advance(400);
    talk.send(5, LOUD);
    talk.clock.advance(700);
    talk.parrot.tick();
    talk.take();
    talk.clock.advance(2_000);
    expect(stepsOf(talk.take()).map(([timestamp, , time]) => [timestamp, time])).toEqual([
      ...Array.from({ length: 3 }, () => [960, 20]),
      [960 + 400 * 48, 420],
      ...Array.from({ length: 7 }, () => [960, 20]),
    ]);
  });

  it('takes it for a pause when nothing comes any more', () => {
    const talk = new Talk();
    const speech = talk.send(5, LOUD);
    talk.clock.advance(679);
    talk.parrot.tick();
    expect(payloadsOf(talk.take())).toEqual([OMITTED_FRAME.toString('hex')]);
    talk.clock.advance(1);
    talk.parrot.tick();
    talk.clock.advance(1_000);
    expect(payloadsOf(talk.take())).toEqual([...payloadsOf(speech), ...silence]);
  });

  it('neither keeps nor minds what it hears while it speaks', () => {
    const talk = new Talk();
    const speech = talk.send(50, LOUD);
    talk.clock.advance(700);
    talk.parrot.tick();
    talk.send(40, LOUD);
    talk.clock.advance(1_000);
    expect(payloadsOf(talk.take())).toEqual([...payloadsOf(speech), ...silence]);
    talk.parrot.tick();
    talk.clock.advance(1_000);
    expect(payloadsOf(talk.take())).toEqual([OMITTED_FRAME.toString('hex')]);
  });

  it('tells speech by the size of frames where no level is said', () => {
    const talk = new Talk();
    talk.send(40, undefined, 3);
    const speech = talk.send(10, undefined, 60);
    const pause = talk.send(35, undefined, 3);
    talk.clock.advance(2_000);
    const said = payloadsOf(talk.take());
    expect(said.slice(15, -3)).toEqual(payloadsOf([...speech, ...pause.slice(0, 10)]));
    expect(said).toHaveLength(15 + 10 + 10 + 3);
  });

  it('repeats what has lasted 20 seconds, pause or not', () => {
    const talk = new Talk();
    const speech = talk.send(999, LOUD);
    expect(talk.take()).toEqual([]);
    speech.push(...talk.send(1, LOUD));
    talk.clock.advance(21_000);
    expect(payloadsOf(talk.take())).toEqual([...payloadsOf(speech), ...silence]);
  });

  it('keeps no more than a thousand packets, however short they are', () => {
    const talk = new Talk();
    for (let index = 0; index < 5_000; index += 1) {
      talk.parrot.hear({ timestamp: index * 120, payload: Buffer.alloc(60, index), audioLevel: LOUD });
    }
    talk.clock.advance(30_000);
    expect(talk.take()).toHaveLength(1_000 + silence.length);
  });

  it('puts packets in order and leaves out what came twice', () => {
    const talk = new Talk();
    const [first, second, third, fourth] = Array.from({ length: 4 }, () => talk.packet(LOUD)) as [
      HeardPacket,
      HeardPacket,
      HeardPacket,
      HeardPacket,
    ];
    for (const packet of [first, fourth, second, second, third, fourth]) talk.parrot.hear(packet);
    talk.clock.advance(700);
    talk.parrot.tick();
    talk.clock.advance(1_000);
    const said = talk.take();
    expect(payloadsOf(said)).toEqual([...payloadsOf([first, second, third, fourth]), ...silence]);
    expect(stepsOf(said)).toEqual(said.slice(1).map(() => [960, 1, 20]));
  });

  it('follows a source that counts from elsewhere', () => {
    const talk = new Talk();
    const speech = talk.send(3, LOUD);
    talk.timestamp = 1_000_000_000;
    speech.push(...talk.send(3, LOUD));
    talk.timestamp = 900_000_000;
    speech.push(...talk.send(3, LOUD));
    talk.clock.advance(700);
    talk.parrot.tick();
    talk.clock.advance(1_000);
    const said = talk.take();
    expect(payloadsOf(said)).toEqual([...payloadsOf(speech), ...silence]);
    expect(stepsOf(said)).toEqual(said.slice(1).map(() => [960, 1, 20]));
  });

  it('shows that it is there while it is silent, and its timestamps go on', () => {
    const talk = new Talk();
    for (let index = 0; index < 5; index += 1) {
      talk.parrot.tick();
      talk.clock.advance(400);
    }
    const said = talk.take();
    expect(payloadsOf(said)).toEqual(Array.from({ length: 5 }, () => OMITTED_FRAME.toString('hex')));
    expect(stepsOf(said)).toEqual(said.slice(1).map(() => [400 * 48, 1, 400]));
  });

  it('says the rest later after a stall, not all at once', () => {
    const talk = new Talk();
    talk.send(50, LOUD);
    talk.clock.advance(700);
    talk.parrot.tick();
    talk.clock.advance(100);
    talk.take();
    talk.clock.jump(5_000);
    talk.clock.advance(1_000);
    expect(talk.take()).toHaveLength(1);
    talk.clock.advance(100);
    expect(talk.take()).toHaveLength(5);
  });

  it('says and keeps nothing once it is stopped', () => {
    const talk = new Talk();
    talk.parrot.greet();
    talk.clock.advance(GREETING_DELAY_MS + 100);
    talk.parrot.stop();
    talk.take();
    talk.clock.advance(10_000);
    expect({ said: talk.take(), timers: talk.clock.timerCount }).toEqual({ said: [], timers: 0 });
  });
});

describe('The greeting', () => {
  it('is a second of Opus in frames of 20 ms', () => {
    expect(GREETING.length).toBeGreaterThanOrEqual(45);
    expect(GREETING.length).toBeLessThanOrEqual(60);
    // CELT, full band, 20 ms, mono, one frame (RFC 6716, section 3.1).
    expect(new Set(GREETING.map(({ payload }) => payload[0]))).toEqual(new Set([0xf8]));
    expect(GREETING.map(({ offset }) => offset)).toEqual(GREETING.map((_, index) => index * 960));
  });
});
