import { FRAME_SAMPLES, SAMPLES_PER_MS, type Frame } from './opus.ts';

export type HeardPacket = {
  readonly timestamp: number;
  readonly payload: Buffer;
  /** What the sender measured (RFC 6464): 0 is the loudest, 127 is silence; `undefined` when it does not say. */
  readonly audioLevel: number | undefined;
};

/** How long somebody must be silent to have finished. OpenAI's default is 500 ms; who repeats a sentence must not cut it short. */
export const PAUSE_MS = 700;
/** The longest utterance: then it is repeated, pause or not. */
export const LONGEST_MS = 20_000;
/** As OpenAI's `prefix_padding_ms`: the beginning of a word is softer than what counts as speech. */
export const LEAD_MS = 300;
/** The end of a word is softer too. */
export const TAIL_MS = 200;

/** In -dBov. Speech into a microphone is 20 to 40 below full scale, a quiet room with noise suppression below 60. */
const QUIETEST_SPEECH = 50;
/** Without a measured level: what VBR Opus makes of silence is a few bytes, of speech 50 and more. */
const LARGEST_SILENT_FRAME_BYTES = 20;
/** Packets of 20 ms; shorter ones fill it sooner. With 1,500 bytes each this bounds what one call keeps. */
const MAX_FRAMES = LONGEST_MS / 20;
/** What comes later than this is of another source. */
const MAX_REORDER_SAMPLES = 300 * SAMPLES_PER_MS;

type Heard = { readonly position: number; readonly payload: Buffer; readonly speech: boolean };

function isSpeech({ audioLevel, payload }: HeardPacket): boolean {
  return audioLevel === undefined
    ? payload.length > LARGEST_SILENT_FRAME_BYTES
    : audioLevel < QUIETEST_SPEECH;
}

/**
 * Listens for one utterance: from a little before somebody speaks until they pause. Packets are put in the order of their
 * timestamps; a source that counts from elsewhere follows the one before.
 */
export class Ear {
  #heard: Heard[] = [];
  /** Of the newest packet, as its sender counts. */
  #timestamp = 0;
  #spokeAtMs: number | undefined;

  hear(packet: HeardPacket, nowMs: number): void {
    const speech = isSpeech(packet);
    if (!this.#insert(packet, speech)) return;
    if (speech) this.#spokeAtMs = nowMs;
    if (this.#spokeAtMs === undefined) this.#forgetAllButTheLead();
  }

  /** What was said, once it is over: it is forgotten here. To be asked also when nothing comes any more. */
  take(nowMs: number): readonly Frame[] | undefined {
    if (this.#spokeAtMs === undefined) return undefined;
    if (nowMs - this.#spokeAtMs < PAUSE_MS && !this.#isFull()) return undefined;
    const lastSpoken = this.#heard.findLast(({ speech }) => speech)?.position ?? 0;
    const end = lastSpoken + TAIL_MS * SAMPLES_PER_MS;
    const start = this.#heard[0]?.position ?? 0;
    const frames = this.#heard
      .filter(({ position }) => position <= end)
      .map(({ position, payload }) => ({ offset: position - start, payload }));
    this.forget();
    return frames;
  }

  forget(): void {
    this.#heard = [];
    this.#spokeAtMs = undefined;
  }

  #isFull(): boolean {
    const span = (this.#heard.at(-1)?.position ?? 0) - (this.#heard[0]?.position ?? 0);
    return this.#heard.length >= MAX_FRAMES || span >= LONGEST_MS * SAMPLES_PER_MS;
  }

  /** Gives whether it was taken: a packet that came twice is not, nor what comes when it is full. */
  #insert({ timestamp, payload }: HeardPacket, speech: boolean): boolean {
    if (this.#isFull()) return false;
    const newest = this.#heard.at(-1);
    if (newest === undefined) {
      this.#timestamp = timestamp;
      this.#heard.push({ position: 0, payload, speech });
      return true;
    }
    const step = (timestamp - this.#timestamp) | 0;
    if (step > 0 || step < -MAX_REORDER_SAMPLES) {
      // A longer step would have been a pause: so it is another source, or the sender's clock was set.
      const usual = step > 0 && step <= PAUSE_MS * SAMPLES_PER_MS;
      this.#timestamp = timestamp;
      this.#heard.push({ position: newest.position + (usual ? step : FRAME_SAMPLES), payload, speech });
      return true;
    }
    const position = newest.position + step;
    const before = this.#heard.findLastIndex((heard) => heard.position <= position);
    if (this.#heard[before]?.position === position) return false;
    this.#heard.splice(before + 1, 0, { position, payload, speech });
    return true;
  }

  #forgetAllButTheLead(): void {
    const start = (this.#heard.at(-1)?.position ?? 0) - LEAD_MS * SAMPLES_PER_MS;
    while ((this.#heard[0]?.position ?? Infinity) <= start) this.#heard.shift();
  }
}
