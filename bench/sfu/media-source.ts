import { AUDIO_LEVEL_ID, OPUS_TYPE, SEND_TIME_ID, VP8_TYPE } from './descriptions.ts';
import { STAMP_BYTES, writeStamp } from './stamp.ts';

/** An RTP header with one extension of up to three bytes (RFC 3550, section 5.1; RFC 8285, section 4.2). */
const HEADER_BYTES = 20;
/** X, S; I, L, T, K; 15 bits of picture id, TL0PICIDX, TID and KEYIDX (RFC 7741, section 4.2). */
const DESCRIPTOR_BYTES = 6;
/** Frame tag, start code and dimensions of a key frame (RFC 6386, section 9.1); as much is left free in all packets. */
const FRAME_HEADER_BYTES = 10;
const MAX_PAYLOAD_BYTES = 1_150;

/** Behind what the SFU may rewrite, counted from the payload's start. */
export const AUDIO_STAMP_AT = 1;
export const VIDEO_STAMP_AT = DESCRIPTOR_BYTES + FRAME_HEADER_BYTES;

/** Opus at 32 kbps, as browsers send speech. */
const AUDIO_PAYLOAD_BYTES = 80;
const AUDIO_STEP_MS = 20;
const AUDIO_STEP_SAMPLES = 960;
const FRAMES_PER_SECOND = 30;
const FRAME_SAMPLES = 3_000;
/** A key frame is so many times as large as another. */
const KEY_FRAME_FACTOR = 3;

const random16 = (): number => Math.floor(Math.random() * 2 ** 16);
const random32 = (): number => Math.floor(Math.random() * 2 ** 32);

type SourceParts = {
  readonly stream: number;
  readonly payloadType: number;
  readonly extensionId: number;
  /** The extension's length less one. */
  readonly extensionLength: number;
};

/** A stream that a synthetic peer sends, packet by packet, each at its own time. */
abstract class MediaSource {
  readonly ssrc = random32();
  readonly stream: number;
  packets = 0;
  octets = 0;
  timestamp = random32();
  protected dueAtMs = 0;
  readonly #template = Buffer.alloc(HEADER_BYTES);
  #sequenceNumber = random16();

  protected constructor({ stream, payloadType, extensionId, extensionLength }: SourceParts) {
    this.stream = stream;
    const template = this.#template;
    template[0] = 0x90;
    template[1] = payloadType;
    template.writeUInt32BE(this.ssrc, 8);
    template.writeUInt32BE(0xbede_0001, 12);
    template[16] = (extensionId << 4) | extensionLength;
    template[17] = 0x92;
  }

  /** A key frame is asked for. */
  abstract refresh(): void;

  /** The next packet, if its time has come. */
  abstract next(nowMs: number): Buffer | undefined;

  start(nowMs: number): void {
    this.dueAtMs = nowMs;
  }

  protected packet(
    payloadBytes: number,
    stampAt: number,
    marker: boolean,
    key: boolean,
    nowMs: number,
  ): Buffer {
    const packet = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes);
    this.#template.copy(packet);
    if (marker) packet[1] = (packet[1] ?? 0) | 0x80;
    packet.writeUInt16BE(this.#sequenceNumber, 2);
    packet.writeUInt32BE(this.timestamp, 4);
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    const { stream, timestamp, packets: number } = this;
    writeStamp(packet, HEADER_BYTES + stampAt, {
      stream,
      number,
      timestamp,
      marker,
      startsKeyFrame: key,
      sentAtMs: nowMs,
    });
    this.packets += 1;
    this.octets += payloadBytes;
    return packet;
  }

  protected forward(samples: number): void {
    this.timestamp = (this.timestamp + samples) >>> 0;
  }
}

export class AudioSource extends MediaSource {
  constructor(stream: number) {
    super({ stream, payloadType: OPUS_TYPE, extensionId: AUDIO_LEVEL_ID, extensionLength: 0 });
  }

  refresh(): void {
    // Every frame of sound stands for itself.
  }

  next(nowMs: number): Buffer | undefined {
    if (nowMs < this.dueAtMs) return undefined;
    const packet = this.packet(AUDIO_PAYLOAD_BYTES, AUDIO_STAMP_AT, false, false, nowMs);
    packet[HEADER_BYTES] = 0xf8;
    this.dueAtMs += AUDIO_STEP_MS;
    this.forward(AUDIO_STEP_SAMPLES);
    return packet;
  }
}

/** Frames of equal size but for key frames, their packets spread over the time of the frame. */
export class VideoSource extends MediaSource {
  readonly #frameBytes: number;
  #pictureId = random16() & 0x7fff;
  #layerZero = random16() & 0xff;
  #isKey = true;
  #isRefreshed = false;
  #packetsLeft = 0;
  #packetsInFrame = 0;
  #frameAtMs = 0;

  constructor(stream: number, bitsPerSecond: number) {
    super({ stream, payloadType: VP8_TYPE, extensionId: SEND_TIME_ID, extensionLength: 2 });
    this.#frameBytes = Math.max(200, Math.round(bitsPerSecond / 8 / FRAMES_PER_SECOND));
  }

  override start(nowMs: number): void {
    super.start(nowMs);
    this.#frameAtMs = nowMs;
  }

  refresh(): void {
    this.#isRefreshed = true;
  }

  next(nowMs: number): Buffer | undefined {
    if (nowMs < this.dueAtMs) return undefined;
    if (this.#packetsLeft === 0) this.#beginFrame();
    const isFirst = this.#packetsLeft === this.#packetsInFrame;
    this.#packetsLeft -= 1;
    const isLast = this.#packetsLeft === 0;
    const bytes = Math.ceil((this.#frameBytes * (this.#isKey ? KEY_FRAME_FACTOR : 1)) / this.#packetsInFrame);
    const size = Math.max(VIDEO_STAMP_AT + STAMP_BYTES, bytes);
    const packet = this.packet(size, VIDEO_STAMP_AT, isLast, isFirst && this.#isKey, nowMs);
    this.#describe(packet, isFirst);
    if (isLast) this.#endFrame();
    else this.dueAtMs += 1_000 / FRAMES_PER_SECOND / this.#packetsInFrame;
    return packet;
  }

  #beginFrame(): void {
    this.#isKey = this.packets === 0 || this.#isRefreshed;
    this.#isRefreshed = false;
    const bytes = this.#frameBytes * (this.#isKey ? KEY_FRAME_FACTOR : 1);
    this.#packetsInFrame = Math.ceil(bytes / MAX_PAYLOAD_BYTES);
    this.#packetsLeft = this.#packetsInFrame;
  }

  #endFrame(): void {
    this.#frameAtMs += 1_000 / FRAMES_PER_SECOND;
    this.dueAtMs = this.#frameAtMs;
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    this.#layerZero = (this.#layerZero + 1) & 0xff;
    this.forward(FRAME_SAMPLES);
  }

  #describe(packet: Buffer, isFirst: boolean): void {
    const at = HEADER_BYTES;
    packet[at] = isFirst ? 0x90 : 0x80;
    packet[at + 1] = 0xf0;
    packet.writeUInt16BE(0x8000 | this.#pictureId, at + 2);
    packet[at + 4] = this.#layerZero;
    packet[at + 5] = 0;
    if (!isFirst) return;
    const frame = at + DESCRIPTOR_BYTES;
    // Bit 0 is clear in a key frame; the bit for showing it is set.
    packet.writeUIntBE(this.#isKey ? 0x10_00_00 : 0x11_00_00, frame, 3);
    if (!this.#isKey) return;
    packet.writeUIntBE(0x9d_01_2a, frame + 3, 3);
    packet.writeUInt16LE(1_280, frame + 6);
    packet.writeUInt16LE(720, frame + 8);
  }
}
