import { randomBytes, randomInt } from 'node:crypto';
import type { MediaTransport } from '../transport/session-transport.ts';
import { Demultiplexer } from './demultiplexer.ts';
import { toAbsSendTime } from './egress-extensions.ts';
import { EgressStream } from './egress-stream.ts';
import type { EngineParts } from './engine-parts.ts';
import { PublisherFeedback } from './publisher-feedback.ts';
import { SubscriberLimit } from './remb-policy.ts';
import { RtcpOutbox } from './rtcp-outbox.ts';
import { MAX_COUNT, type ReportBlock, type RtcpPacket } from './rtcp-packet.ts';
import { readRtcp } from './rtcp-reader.ts';
import type { PublicationParameters, SessionMedia, StreamFormat, Subscription } from './session-media.ts';
import { TrackPublication } from './track-publication.ts';

/** Reports go every second, as browsers send them for video; they are small beside media. */
const REPORT_PAUSE_MS = 1_000;

/** One session's media: its publications, its subscriptions, and the RTCP about both. */
export class ForwardingSession implements SessionMedia {
  readonly #parts: EngineParts;
  readonly #transport: MediaTransport;
  readonly #ssrc = randomSsrc();
  readonly #outbox: RtcpOutbox;
  readonly #feedback: PublisherFeedback;
  readonly #demultiplexer: Demultiplexer;
  readonly #publications: TrackPublication[] = [];
  readonly #egress = new Map<number, EgressStream>();
  readonly #limit = new SubscriberLimit();
  #reportedAtMs = -Infinity;
  #isClosed = false;

  constructor(parts: EngineParts, transport: MediaTransport) {
    this.#parts = parts;
    this.#transport = transport;
    this.#demultiplexer = new Demultiplexer(parts.logger);
    // A random name of 96 bits (RFC 7022, section 4.2).
    this.#outbox = new RtcpOutbox(transport, this.#ssrc, randomBytes(12).toString('base64'));
    this.#feedback = new PublisherFeedback(parts, this.#outbox, this.#ssrc);
  }

  publish(parameters: PublicationParameters): TrackPublication {
    const { clock, maxVideoBps } = this.#parts;
    // An m-line carries one track: what it carried before is over.
    this.#publications.find(({ mid }) => mid === parameters.mid)?.close();
    const publication = new TrackPublication(parameters, {
      clock,
      maxVideoBps,
      feedback: this.#feedback,
      onClose: (closed) => this.#removePublication(closed),
    });
    this.#publications.push(publication);
    this.#demultiplexer.add(publication);
    if (this.#isClosed) publication.close();
    return publication;
  }

  subscribe(mid: string, format: StreamFormat): Subscription {
    let ssrc = randomSsrc();
    while (ssrc === this.#ssrc || this.#egress.has(ssrc)) ssrc = randomSsrc();
    // Well below the first wrap: a receiver that misses the first packets must not guess the wrong roll-over count.
    const start = { ssrc, sequenceNumber: randomInt(1, 0x8000), timestamp: randomBytes(4).readUInt32BE() };
    const egress = new EgressStream(this.#parts, this.#transport, start, mid, format, (closed) =>
      this.#removeEgress(closed),
    );
    this.#egress.set(ssrc, egress);
    if (this.#isClosed) egress.close();
    return egress;
  }

  receiveRtp(packet: Buffer, receivedAtMs: number): void {
    const { totals, incoming } = this.#parts;
    totals.packetsIn += 1;
    totals.bytesIn += packet.length;
    if (!incoming.read(packet)) {
      totals.dropped += 1;
      return;
    }
    incoming.receivedAtMs = receivedAtMs;
    incoming.absSendTime = toAbsSendTime(receivedAtMs);
    const stream = this.#demultiplexer.find(incoming);
    if (stream?.receive(incoming) !== true) totals.dropped += 1;
  }

  receiveRtcp(compound: Buffer, receivedAtMs: number): void {
    const packets = readRtcp(compound);
    if (packets === undefined) {
      this.#parts.totals.dropped += 1;
      return;
    }
    for (const packet of packets) this.#understand(packet, receivedAtMs);
  }

  connected(): void {
    const now = this.#parts.clock.now();
    this.#feedback.repeat();
    this.#feedback.allow(this.#publications, now);
    for (const egress of this.#egress.values()) egress.connected(now);
  }

  tick(nowMs: number): void {
    this.#parts.egress.sample(nowMs);
    for (const { streams } of this.#publications) for (const stream of streams) stream.tick(nowMs);
    this.#shareLimit(nowMs);
    for (const egress of this.#egress.values()) egress.tick(nowMs);
    this.#feedback.allow(this.#publications, nowMs);
    if (nowMs - this.#reportedAtMs < REPORT_PAUSE_MS) return;
    this.#reportedAtMs = nowMs;
    this.#report(nowMs);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const publication of this.#publications.slice()) publication.close();
    const ssrcs = [...this.#egress.keys()];
    for (const egress of this.#egress.values()) egress.close();
    this.#sayGoodbye(ssrcs);
  }

  #understand(packet: RtcpPacket, nowMs: number): void {
    switch (packet.type) {
      case 'sr':
        this.#demultiplexer.streamOf(packet.ssrc)?.senderReport(packet, nowMs);
        this.#reported(packet.reports, nowMs);
        break;
      case 'rr':
        this.#reported(packet.reports, nowMs);
        break;
      case 'bye':
        for (const ssrc of packet.ssrcs) this.#demultiplexer.streamOf(ssrc)?.ended(ssrc);
        break;
      case 'nack':
        this.#egress.get(packet.mediaSsrc)?.answer(packet.sequenceNumbers, nowMs);
        break;
      case 'pli':
        this.#egress.get(packet.mediaSsrc)?.requestKeyFrame(nowMs);
        break;
      case 'fir':
        for (const { ssrc } of packet.requests) this.#egress.get(ssrc)?.requestKeyFrame(nowMs);
        break;
      case 'remb':
        this.#limit.estimate(packet.bitrate, this.#bps('any'), nowMs);
        break;
      case 'sdes':
    }
  }

  #reported(reports: readonly ReportBlock[], nowMs: number): void {
    for (const block of reports) this.#egress.get(block.ssrc)?.reported(block, nowMs);
  }

  /** Each picture gets its share of what the peer's way takes; sound is left alone. */
  #shareLimit(nowMs: number): void {
    const videoBps = this.#bps('video');
    const allBps = this.#bps('any');
    this.#limit.tick(nowMs, Math.max(2 * allBps, this.#parts.maxVideoBps));
    const { bps } = this.#limit;
    for (const egress of this.#egress.values()) {
      const isHeldBack = bps !== undefined && egress.kind === 'video' && egress.bps > 0;
      const left = Math.max(0, (bps ?? 0) - (allBps - videoBps));
      egress.limitBps = isHeldBack ? left * (egress.bps / videoBps) : undefined;
    }
  }

  #bps(kind: 'video' | 'any'): number {
    let bps = 0;
    for (const egress of this.#egress.values()) if (kind === 'any' || egress.kind === kind) bps += egress.bps;
    return bps;
  }

  /** Sender reports to the subscriber, receiver reports to the publisher that the same peer is. */
  #report(nowMs: number): void {
    for (const egress of this.#egress.values()) {
      const report = egress.senderReport(nowMs);
      if (report !== undefined) this.#outbox.add(report);
    }
    const blocks = this.#publications.flatMap(({ streams }) =>
      streams.flatMap((stream) => stream.report(nowMs) ?? []),
    );
    for (let at = 0; at < blocks.length; at += MAX_COUNT) {
      this.#outbox.add({ type: 'rr', ssrc: this.#ssrc, reports: blocks.slice(at, at + MAX_COUNT) });
    }
    this.#outbox.flush();
  }

  #removePublication(publication: TrackPublication): void {
    const at = this.#publications.indexOf(publication);
    if (at !== -1) this.#publications.splice(at, 1);
    this.#demultiplexer.remove(publication);
  }

  #removeEgress(egress: EgressStream): void {
    this.#egress.delete(egress.ssrc);
    if (!this.#isClosed) this.#sayGoodbye([egress.ssrc]);
  }

  #sayGoodbye(ssrcs: readonly number[]): void {
    for (let at = 0; at < ssrcs.length; at += MAX_COUNT) {
      this.#outbox.add({ type: 'bye', ssrcs: ssrcs.slice(at, at + MAX_COUNT) });
    }
    this.#outbox.flush();
  }
}

function randomSsrc(): number {
  return randomInt(1, 2 ** 32);
}
