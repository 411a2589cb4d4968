import type { EngineParts } from './engine-parts.ts';
import type { Feedback } from './ingress-stream.ts';
import type { RtcpOutbox } from './rtcp-outbox.ts';
import type { RtcpPacket } from './rtcp-packet.ts';
import type { TrackPublication } from './track-publication.ts';

/** Beyond the picture, for Opus with its headers: browsers take an estimate for all that they send. */
const AUDIO_BPS = 64_000;
/** An estimate that is not repeated is forgotten by some receivers; one per second is what browsers send. */
const REMB_PAUSE_MS = 1_000;

/** What is said to the session's peer about what it sends. */
export class PublisherFeedback implements Feedback {
  readonly #parts: EngineParts;
  readonly #outbox: RtcpOutbox;
  readonly #ssrc: number;
  #allowedBps = 0;
  #allowedAtMs = -Infinity;

  constructor(parts: EngineParts, outbox: RtcpOutbox, ssrc: number) {
    this.#parts = parts;
    this.#outbox = outbox;
    this.#ssrc = ssrc;
  }

  askKeyFrame(mediaSsrc: number): void {
    this.#parts.totals.keyFrameRequests += 1;
    this.#sendNow({ type: 'pli', senderSsrc: this.#ssrc, mediaSsrc });
  }

  askAgain(mediaSsrc: number, sequenceNumbers: readonly number[]): void {
    this.#sendNow({ type: 'nack', senderSsrc: this.#ssrc, mediaSsrc, sequenceNumbers });
  }

  /** Says what was said before once more, as soon as possible: the peer may not have got it. */
  repeat(): void {
    this.#allowedAtMs = -Infinity;
  }

  /**
   * How much the peer may send in all, when that has changed, and every second. Without a picture there is nothing to
   * be said.
   */
  allow(publications: readonly TrackPublication[], nowMs: number): void {
    let allowedBps = 0;
    let videos = 0;
    for (const { format, allowedBps: bps } of publications) {
      allowedBps += format.kind === 'video' ? bps : AUDIO_BPS;
      if (format.kind === 'video') videos += 1;
    }
    if (videos === 0) return;
    if (allowedBps === this.#allowedBps && nowMs - this.#allowedAtMs < REMB_PAUSE_MS) return;
    this.#allowedBps = allowedBps;
    this.#allowedAtMs = nowMs;
    const ssrcs = publications.flatMap(({ streams }) => streams.flatMap(({ ssrc }) => ssrc ?? []));
    this.#sendNow({ type: 'remb', senderSsrc: this.#ssrc, bitrate: allowedBps, ssrcs: ssrcs.slice(0, 255) });
  }

  #sendNow(packet: RtcpPacket): void {
    this.#outbox.add(packet);
    this.#outbox.flush();
  }
}
