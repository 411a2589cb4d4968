import { carriedIds } from './egress-extensions.ts';
import { startsH264KeyFrame } from './h264.ts';
import type { IncomingPacket } from './incoming-packet.ts';
import { KeyFrameRequests } from './key-frame-requests.ts';
import { NackGenerator } from './nack-generator.ts';
import { RateMeter } from './rate-meter.ts';
import { type Arrival, ReceiveWindow } from './receive-window.ts';
import { ReceptionStatistics } from './reception-statistics.ts';
import type { ReportBlock, SenderReport } from './rtcp-packet.ts';
import type { StreamFormat } from './session-media.ts';

/** Browsers send at least a picture a second, and probes into layers that are switched off come more rarely. */
const FLOWING_MS = 2_000;
/** An SSRC that was replaced may come back when its successor has been silent for so long. */
const REPLACED_MS = 500;

/** Who gets what a stream brings. */
export interface PacketSink {
  forward(from: IngressStream, packet: IncomingPacket): void;
  /** The stream counts anew, and has another picture: what was known of it is void. */
  restarted(from: IngressStream): void;
}

/** The way back to the publisher. */
export interface Feedback {
  askKeyFrame(mediaSsrc: number): void;
  askAgain(mediaSsrc: number, sequenceNumbers: readonly number[]): void;
}

/** What is known of the publisher's clock: its NTP time, in milliseconds, and its RTP time belong to one moment. */
export type SenderTime = { readonly ntpMs: number; readonly rtpTime: number; readonly arrivedAtMs: number };

/** One RTP stream that comes in: a track, or one simulcast layer of it. */
export class IngressStream {
  /** Empty without simulcast. */
  readonly rid: string;
  readonly format: StreamFormat;
  readonly #feedback: Feedback;
  readonly #onFirstPacket: () => void;
  readonly #ids;
  readonly #sinks: PacketSink[] = [];
  readonly #window = new ReceiveWindow();
  readonly #statistics = new ReceptionStatistics();
  readonly #nack = new NackGenerator();
  readonly #keyFrames = new KeyFrameRequests();
  readonly #meter = new RateMeter();
  #ssrc: number | undefined;
  #replacedSsrc: number | undefined;
  #lastPacketAtMs: number | undefined;
  #hasEnded = false;
  #lastTimestamp = -1;
  #keyFrameIndex = -1;
  #senderTime: SenderTime | undefined;
  #lastSr = 0;

  constructor(rid: string, format: StreamFormat, feedback: Feedback, onFirstPacket: () => void) {
    this.rid = rid;
    this.format = format;
    this.#feedback = feedback;
    this.#onFirstPacket = onFirstPacket;
    this.#ids = carriedIds(format.extensions);
  }

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  get lastPacketAtMs(): number | undefined {
    return this.#lastPacketAtMs;
  }

  get bps(): number {
    return this.#meter.perSecond;
  }

  get senderTime(): SenderTime | undefined {
    return this.#senderTime;
  }

  isFlowing(nowMs: number): boolean {
    return !this.#hasEnded && nowMs - (this.#lastPacketAtMs ?? -Infinity) < FLOWING_MS;
  }

  attach(sink: PacketSink): void {
    this.#sinks.push(sink);
  }

  detach(sink: PacketSink): void {
    const at = this.#sinks.indexOf(sink);
    if (at !== -1) this.#sinks.splice(at, 1);
    if (this.#sinks.length === 0) this.#nack.clear();
  }

  /** Takes a packet and sends it on; `false` of one that does not belong here or has been here before. */
  receive(packet: IncomingPacket): boolean {
    if (packet.payloadType !== this.format.payloadType) return false;
    if (packet.ssrc !== this.#ssrc && !this.#replace(packet)) return false;
    const { highest } = this.#window;
    const arrival = this.#window.accept(packet.sequenceNumber);
    if (arrival === 'known' || arrival === 'astray') return false;
    packet.index = this.#window.index;
    packet.ids = this.#ids;
    if (arrival === 'restart') this.#restart();
    this.#measure(packet);
    this.#examine(packet);
    // What follows a late packet has gone by already: nobody can begin with it.
    if (arrival === 'late') packet.startsKeyFrame = false;
    if (this.format.kind === 'video') this.#mend(arrival, highest, packet);
    for (const sink of this.#sinks) sink.forward(this, packet);
    return true;
  }

  /** The publisher is asked now, or as soon as it has been heard: at most once in 300 ms, and until one comes. */
  requestKeyFrame(nowMs: number): void {
    if (this.format.kind !== 'video') return;
    this.#keyFrames.want();
    this.#askKeyFrame(nowMs);
  }

  senderReport(report: SenderReport, nowMs: number): void {
    if (report.ssrc !== this.#ssrc) return;
    const ntpMs = report.ntpSeconds * 1_000 + (report.ntpFraction * 1_000) / 2 ** 32;
    this.#senderTime = { ntpMs, rtpTime: report.rtpTime, arrivedAtMs: nowMs };
    this.#lastSr = ((report.ntpSeconds << 16) | (report.ntpFraction >>> 16)) >>> 0;
  }

  /** The publisher says goodbye to this stream; it may come back, but nobody waits for it. */
  ended(ssrc: number): void {
    if (ssrc === this.#ssrc) this.#hasEnded = true;
  }

  /** What a receiver report says of it; nothing before its first packet. */
  report(nowMs: number): ReportBlock | undefined {
    if (this.#ssrc === undefined || this.#window.highest === -1) return undefined;
    const since = this.#senderTime === undefined ? 0 : nowMs - this.#senderTime.arrivedAtMs;
    const delay = Math.min(2 ** 32 - 1, Math.max(0, Math.round(since * 65.536)));
    return this.#statistics.report(this.#ssrc, this.#window.highest, this.#lastSr, delay);
  }

  tick(nowMs: number): void {
    this.#meter.sample(nowMs);
    if (nowMs >= this.#nack.nextDueAtMs) this.#askAgain(nowMs);
    this.#askKeyFrame(nowMs);
  }

  #replace({ ssrc, receivedAtMs }: IncomingPacket): boolean {
    const isSilent = receivedAtMs - (this.#lastPacketAtMs ?? -Infinity) >= REPLACED_MS;
    if (ssrc === this.#replacedSsrc && !isSilent) return false;
    this.#replacedSsrc = this.#ssrc;
    this.#ssrc = ssrc;
    this.#window.reset();
    if (this.#replacedSsrc !== undefined) this.#restart();
    return true;
  }

  #restart(): void {
    this.#statistics.reset();
    this.#nack.clear();
    this.#keyFrameIndex = -1;
    this.#senderTime = undefined;
    this.#lastSr = 0;
    for (const sink of this.#sinks.slice()) sink.restarted(this);
    if (this.format.kind === 'video') this.#keyFrames.want();
  }

  #measure({ index, timestamp, receivedAtMs, buffer }: IncomingPacket): void {
    const arrival = Math.floor((receivedAtMs * this.format.clockRate) / 1_000);
    this.#statistics.received(index, timestamp, arrival);
    this.#meter.add(8 * buffer.length);
    const isFirst = this.#lastPacketAtMs === undefined;
    this.#lastPacketAtMs = receivedAtMs;
    this.#hasEnded = false;
    if (isFirst) this.#onFirstPacket();
  }

  /** Finds out whether a picture begins here. */
  #examine(packet: IncomingPacket): void {
    const { buffer, payloadOffset, payloadLength, timestamp } = packet;
    const hasMedia = payloadLength > 0;
    packet.startsFrame = hasMedia && timestamp !== this.#lastTimestamp;
    if (hasMedia) this.#lastTimestamp = timestamp;
    switch (this.format.codec) {
      case 'VP8':
        packet.startsFrame = packet.vp8.read(buffer, payloadOffset, payloadLength) && packet.vp8.startsFrame;
        packet.startsKeyFrame = packet.vp8.startsKeyFrame;
        break;
      case 'H264':
        packet.startsKeyFrame = startsH264KeyFrame(buffer, payloadOffset, payloadLength);
        break;
      case 'opus':
        packet.startsKeyFrame = hasMedia;
    }
  }

  /** Follows what is missing, and asks for it. */
  #mend(arrival: Arrival, highest: number, packet: IncomingPacket): void {
    const { index, receivedAtMs } = packet;
    if (packet.startsKeyFrame) {
      this.#keyFrames.arrived();
      this.#keyFrameIndex = Math.max(this.#keyFrameIndex, index);
    }
    if (arrival === 'late') this.#nack.found(index);
    // Nobody looks on: what is missing of this layer is worth nothing.
    if (this.#sinks.length === 0) return;
    const isGap = arrival === 'next' && highest !== -1 && index > highest + 1;
    if (isGap && !this.#nack.miss(highest + 1, index, receivedAtMs)) this.#keyFrames.want();
    if (receivedAtMs >= this.#nack.nextDueAtMs) this.#askAgain(receivedAtMs);
    this.#askKeyFrame(receivedAtMs);
  }

  #askAgain(nowMs: number): void {
    const { due, hasGivenUp } = this.#nack.take(nowMs, this.#keyFrameIndex);
    if (this.#ssrc !== undefined && due.length > 0) this.#feedback.askAgain(this.#ssrc, due);
    if (hasGivenUp) this.requestKeyFrame(nowMs);
  }

  #askKeyFrame(nowMs: number): void {
    if (this.#ssrc === undefined || this.#sinks.length === 0 || !this.isFlowing(nowMs)) return;
    if (this.#keyFrames.take(nowMs)) this.#feedback.askKeyFrame(this.#ssrc);
  }
}
