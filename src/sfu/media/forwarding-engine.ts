import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { MediaTransport } from '../transport/session-transport.ts';
import type { EngineParts } from './engine-parts.ts';
import { ForwardingSession } from './forwarding-session.ts';
import { IncomingPacket } from './incoming-packet.ts';
import { OutgoingBuffer } from './outgoing-buffer.ts';
import { RateMeter } from './rate-meter.ts';
import type { MediaEngine, MediaTotals } from './session-media.ts';

export type EngineOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * The most that a publisher is allowed for one picture, in bits per second. Said early, it also makes Chromium begin
   * with it, where it would feel its way up from 300,000 for many seconds otherwise.
   */
  readonly maxVideoBps?: number;
};

/** What Chromium takes for 720p at 30 pictures a second. */
const USUAL_MAX_VIDEO_BPS = 2_500_000;

/** Forwards media between sessions, without decoding anything. Holds nothing that has to be closed: sessions are. */
export class ForwardingEngine implements MediaEngine {
  readonly #parts: EngineParts;

  constructor({ clock, logger, maxVideoBps = USUAL_MAX_VIDEO_BPS }: EngineOptions) {
    this.#parts = {
      clock,
      logger,
      maxVideoBps,
      incoming: new IncomingPacket(),
      outgoing: new OutgoingBuffer(),
      egress: new RateMeter(),
      totals: {
        packetsIn: 0,
        packetsOut: 0,
        bytesIn: 0,
        bytesOut: 0,
        retransmitted: 0,
        keyFrameRequests: 0,
        dropped: 0,
      },
    };
  }

  get totals(): MediaTotals {
    return this.#parts.totals;
  }

  /** RTP packets sent per second by all sessions, smoothed over about a second: the measure of this engine's load. */
  get egressPacketsPerSecond(): number {
    return this.#parts.egress.sample(this.#parts.clock.now());
  }

  open(transport: MediaTransport): ForwardingSession {
    return new ForwardingSession(this.#parts, transport);
  }
}
