import greeting from './greeting.json' with { type: 'json' };

/** RTP counts Opus in 48 kHz whatever was sampled (RFC 7587, section 4.1). */
export const SAMPLES_PER_MS = 48;

/** As every browser sends them by default, and as the greeting is made. */
export const FRAME_MS = 20;
export const FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS;

/** A whole frame of silence: CELT, full band, 20 ms, mono (RFC 6716, section 3.1), and an encoder's two bytes for nothing. */
export const SILENT_FRAME: Buffer = Buffer.from([0xf8, 0xff, 0xfe]);

/** A frame that says it is left out (RFC 6716, section 3.2.1): the decoder goes on with what it takes for quiet. */
export const OMITTED_FRAME: Buffer = Buffer.from([0xf8]);

/** How often an Opus encoder that is silent says so (RFC 7587, section 3.1.3). */
export const OMITTED_FRAME_INTERVAL_MS = 400;

/** A frame and its place: samples since the first of its utterance. */
export type Frame = { readonly offset: number; readonly payload: Buffer };

/** Three notes, a second long; test/sfu/stand-in/print-greeting.ts made them. */
export const GREETING: readonly Frame[] = greeting.frames.map((frame, index) => ({
  offset: index * greeting.frameMs * SAMPLES_PER_MS,
  payload: Buffer.from(frame, 'base64'),
}));
