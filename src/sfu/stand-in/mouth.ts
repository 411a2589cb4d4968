import type { Clock } from '../../clock.ts';
import { FRAME_SAMPLES, OMITTED_FRAME, SAMPLES_PER_MS, SILENT_FRAME, type Frame } from './opus.ts';

export type SpokenPacket = {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  /** The first packet after silence (RFC 3551, section 4.1). */
  readonly marker: boolean;
  readonly payload: Buffer;
};

/** Whole silent frames after each utterance, so that no decoder draws its last sound out. */
const SILENT_FRAMES = 3;
/** After a longer stall the rest is said later, and not all at once. */
const MAX_LATE_MS = 200;

const uint32 = (value: number): number => value >>> 0;

/**
 * Speaks frames at their times, as one RTP stream whose timestamps go on through its silence. It has one timer while it speaks,
 * and none while it is silent.
 */
export class Mouth {
  readonly #clock: Clock;
  readonly #send: (packet: SpokenPacket) => void;
  /** Where the stream's timestamps begin, and when. Both are random by RFC 3550; so are the sequence numbers. */
  readonly #firstTimestamp: number;
  readonly #startedAtMs: number;
  #sequenceNumber: number;
  /** Of the newest packet, counted from the first timestamp. */
  #position = -FRAME_SAMPLES;
  #frames: readonly Frame[] = [];
  #next = 0;
  /** Where and when the first of the frames is said. */
  #start = { position: 0, atMs: 0 };
  #timer: unknown;

  constructor(clock: Clock, random: () => number, send: (packet: SpokenPacket) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#startedAtMs = clock.now();
    this.#firstTimestamp = uint32(Math.floor(random() * 2 ** 32));
    this.#sequenceNumber = Math.floor(random() * 2 ** 16);
  }

  /** Also while it waits to begin. */
  get isSpeaking(): boolean {
    return this.#frames.length > 0;
  }

  /** Says frames after a delay; what it is saying is broken off. */
  say(frames: readonly Frame[], delayMs = 0): void {
    this.stop();
    const end = (frames.at(-1)?.offset ?? 0) + FRAME_SAMPLES;
    const silence = Array.from({ length: SILENT_FRAMES }, (_, index) => ({
      offset: end + index * FRAME_SAMPLES,
      payload: SILENT_FRAME,
    }));
    const atMs = this.#clock.now() + delayMs;
    this.#frames = [...frames, ...silence];
    this.#start = { position: this.#positionAt(atMs), atMs };
    if (delayMs === 0) this.#sayWhatIsDue();
    else this.#wait(delayMs);
  }

  /** Shows that it is still there, as a silent encoder does: an SFU takes a stream without packets for dead. */
  sayNothing(): void {
    if (this.#next > 0) return;
    const position = this.#positionAt(this.#clock.now());
    if (this.isSpeaking && position >= this.#start.position) return;
    this.#emit(position, false, OMITTED_FRAME);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#frames = [];
    this.#next = 0;
  }

  #sayWhatIsDue(): void {
    const now = this.#clock.now();
    const lateMs = now - this.#dueAt(this.#next);
    // Also when the clock was set back: what is to be said now was to be said later, by that clock.
    if (Math.abs(lateMs) > MAX_LATE_MS) this.#start = { ...this.#start, atMs: this.#start.atMs + lateMs };
    do {
      const frame = this.#frames[this.#next];
      if (frame === undefined) return this.stop();
      this.#emit(this.#start.position + frame.offset, this.#next === 0, frame.payload);
      this.#next += 1;
    } while (this.#dueAt(this.#next) <= now);
    this.#wait(Math.max(1, this.#dueAt(this.#next) - now));
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#sayWhatIsDue(), delayMs);
  }

  /** When a frame is to be said; at the end, at once. */
  #dueAt(index: number): number {
    const frame = this.#frames[index];
    return frame === undefined ? this.#clock.now() : this.#start.atMs + frame.offset / SAMPLES_PER_MS;
  }

  /** The stream's place at a time: never before what was said last. */
  #positionAt(atMs: number): number {
    const byTheClock = Math.round((atMs - this.#startedAtMs) * SAMPLES_PER_MS);
    return Math.max(byTheClock, this.#position + FRAME_SAMPLES);
  }

  #emit(position: number, marker: boolean, payload: Buffer): void {
    this.#position = position;
    this.#send({
      sequenceNumber: this.#sequenceNumber,
      timestamp: uint32(this.#firstTimestamp + position),
      marker,
      payload,
    });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
  }
}
