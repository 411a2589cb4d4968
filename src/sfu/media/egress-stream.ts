import type { MediaTransport } from '../transport/session-transport.ts';
import { EgressReports } from './egress-reports.ts';
import type { EngineParts } from './engine-parts.ts';
import type { IncomingPacket } from './incoming-packet.ts';
import type { IngressStream, PacketSink } from './ingress-stream.ts';
import { PacketRewriter, type StreamStart } from './packet-rewriter.ts';
import { RateMeter } from './rate-meter.ts';
import { Retransmitter } from './retransmitter.ts';
import type { ReportBlock, SenderReport } from './rtcp-packet.ts';
import type { Publication, SimulcastChoice, StreamFormat, Subscription } from './session-media.ts';
import { type Follower, TrackPublication } from './track-publication.ts';

/**
 * A picture usually begins within 300 ms of being asked for. After this time it may be that it cannot be seen where it
 * begins, for it is encrypted end to end: then any frame must do, and the receiver finds out.
 */
const PATIENCE_MS = 1_500;

const NO_CHOICE: SimulcastChoice = { priorityOrdering: 'none', ridNotAvailable: 'none' };

/** A track that is sent to the session's peer: follows one publication at a time, and of that one layer at a time. */
export class EgressStream implements Subscription, PacketSink, Follower {
  readonly ssrc: number;
  readonly #parts: EngineParts;
  readonly #transport: MediaTransport;
  readonly #onClose: (egress: EgressStream) => void;
  readonly #rewriter: PacketRewriter;
  readonly #reports: EgressReports;
  readonly #retransmitter: Retransmitter | undefined;
  readonly #meter = new RateMeter();
  readonly #resend: (datagram: Buffer) => void;
  #format: StreamFormat;
  #choice = NO_CHOICE;
  #source: TrackPublication | undefined;
  /** What is forwarded. */
  #current: IngressStream | undefined;
  /** What is to be forwarded as soon as a picture begins in it. */
  #awaited: IngressStream | undefined;
  #heardAwaitedAtMs: number | undefined;
  #isClosed = false;
  /** What the peer's way takes of this track; set by the session, which knows about all tracks on that way. */
  limitBps: number | undefined;

  constructor(
    parts: EngineParts,
    transport: MediaTransport,
    start: StreamStart,
    mid: string,
    format: StreamFormat,
    onClose: (egress: EgressStream) => void,
  ) {
    this.ssrc = start.ssrc;
    this.#parts = parts;
    this.#transport = transport;
    this.#onClose = onClose;
    this.#format = format;
    this.#rewriter = new PacketRewriter(start, mid, format);
    this.#reports = new EgressReports(start.ssrc);
    this.#retransmitter = format.kind === 'video' ? new Retransmitter() : undefined;
    this.#resend = (datagram) => this.#send(datagram);
  }

  get kind(): StreamFormat['kind'] {
    return this.#format.kind;
  }

  get bps(): number {
    return this.#meter.perSecond;
  }

  setSource(source: Publication | undefined): void {
    if (this.#isClosed || source === this.#source) return;
    if (source !== undefined && !(source instanceof TrackPublication)) {
      throw new TypeError('A publication of another engine cannot be forwarded');
    }
    this.#source?.unfollow(this);
    this.#leave();
    this.limitBps = undefined;
    this.#source = source?.isClosed === true ? undefined : source;
    this.#source?.follow(this);
    this.#select(this.#parts.clock.now());
  }

  setFormat(format: StreamFormat): void {
    const isOtherCodec = format.codec !== this.#format.codec;
    this.#format = format;
    this.#rewriter.format = format;
    if (!isOtherCodec) return;
    this.#leave();
    this.#select(this.#parts.clock.now());
  }

  setSimulcast(choice: SimulcastChoice): void {
    this.#choice = choice;
    this.#select(this.#parts.clock.now());
  }

  refresh(): void {
    this.requestKeyFrame(this.#parts.clock.now());
  }

  close(): void {
    if (this.#isClosed) return;
    this.setSource(undefined);
    this.#isClosed = true;
    this.#retransmitter?.clear();
    this.#onClose(this);
  }

  sourceClosed(): void {
    this.#source = undefined;
    this.#leave();
  }

  /** What is awaited has a key frame asked for already; what is shown until then needs one too. */
  requestKeyFrame(nowMs: number): void {
    this.#awaited?.requestKeyFrame(nowMs);
    this.#current?.requestKeyFrame(nowMs);
  }

  /** What was encrypted with other keys is of no use to the peer any more. */
  connected(nowMs: number): void {
    this.#retransmitter?.clear();
    this.requestKeyFrame(nowMs);
  }

  forward(from: IngressStream, packet: IncomingPacket): void {
    if (from !== this.#current && !this.#begins(from, packet)) return;
    const { outgoing } = this.#parts;
    const length = this.#rewriter.write(outgoing.bytes, packet);
    if (length === 0) return;
    const datagram = this.#transport.protectRtp(outgoing.view(length));
    if (datagram === undefined) return;
    this.#retransmitter?.keep(this.#rewriter.sequenceNumber, datagram);
    this.#reports.sent(packet.payloadLength);
    this.#send(datagram);
  }

  restarted(from: IngressStream): void {
    if (from !== this.#current) return;
    this.#current = undefined;
    if (this.#awaited !== undefined) {
      // Another layer is on its way already, with a key frame of its own.
      from.detach(this);
      return;
    }
    this.#awaited = from;
    this.#heardAwaitedAtMs = undefined;
  }

  /** Sends again what the peer has not got, as far as it is there. */
  answer(sequenceNumbers: readonly number[], nowMs: number): void {
    const sent = this.#retransmitter?.answer(sequenceNumbers, nowMs, this.#resend) ?? 0;
    this.#parts.totals.retransmitted += sent;
  }

  reported(block: ReportBlock, nowMs: number): void {
    const roundTripMs = this.#reports.roundTripMs(block, nowMs);
    if (roundTripMs !== undefined) this.#retransmitter?.measured(roundTripMs);
  }

  /** Nothing while nothing is forwarded, or while the publisher has not told its own time. */
  senderReport(nowMs: number): SenderReport | undefined {
    const time = this.#current?.senderTime;
    if (time === undefined) return undefined;
    return this.#reports.senderReport(time, this.#rewriter.timeShift, this.#format.clockRate, nowMs);
  }

  tick(nowMs: number): void {
    this.#meter.sample(nowMs);
    this.#select(nowMs);
  }

  /** Goes over to the layer that is due, once a picture begins in it; what is shown goes on until then. */
  #select(nowMs: number): void {
    const chosen = this.#chosen(nowMs);
    if (chosen === this.#awaited && chosen !== undefined) return;
    this.#awaited?.detach(this);
    this.#awaited = undefined;
    if (chosen === this.#current) return;
    if (chosen === undefined) {
      this.#leave();
      return;
    }
    this.#awaited = chosen;
    this.#heardAwaitedAtMs = undefined;
    chosen.attach(this);
    chosen.requestKeyFrame(nowMs);
  }

  #chosen(nowMs: number): IngressStream | undefined {
    const source = this.#source;
    if (source === undefined || source.format.codec !== this.#format.codec) return undefined;
    return source.choose(this.#choice, this.limitBps, nowMs);
  }

  /** Whether the awaited stream takes over with this packet. */
  #begins(from: IngressStream, packet: IncomingPacket): boolean {
    if (from !== this.#awaited) return false;
    this.#heardAwaitedAtMs ??= packet.receivedAtMs;
    if (!packet.startsKeyFrame) {
      // Frames of another layer on top of those that are shown would be a broken picture; here nothing is shown.
      const hasWaited = packet.receivedAtMs - this.#heardAwaitedAtMs >= PATIENCE_MS;
      if (this.#current !== undefined || !packet.startsFrame || !hasWaited) return false;
    }
    // Without a key frame one packet seems lost, so that the receiver does not decode before it has got one.
    this.#rewriter.begin(packet, packet.startsKeyFrame ? 0 : 1);
    this.#current?.detach(this);
    this.#current = from;
    this.#awaited = undefined;
    return true;
  }

  #leave(): void {
    this.#current?.detach(this);
    this.#awaited?.detach(this);
    this.#current = undefined;
    this.#awaited = undefined;
  }

  #send(datagram: Buffer): void {
    const { totals, egress } = this.#parts;
    totals.packetsOut += 1;
    totals.bytesOut += datagram.length;
    egress.add(1);
    this.#meter.add(8 * datagram.length);
    this.#transport.send(datagram);
  }
}
