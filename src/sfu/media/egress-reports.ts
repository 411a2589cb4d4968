import type { SenderTime } from './ingress-stream.ts';
import type { ReportBlock, SenderReport } from './rtcp-packet.ts';

/** Counts what one subscriber gets, tells it which moments its time stamps stand for, and learns how long the way is. */
export class EgressReports {
  readonly #ssrc: number;
  #packets = 0;
  #octets = 0;
  #lastSr = 0;
  #sentAtMs = 0;

  constructor(ssrc: number) {
    this.#ssrc = ssrc;
  }

  sent(payloadBytes: number): void {
    this.#packets += 1;
    this.#octets += payloadBytes;
  }

  /**
   * The publisher's clock, read on to this moment, so that a receiver keeps sound and picture of one publisher together:
   * the same NTP time, and the RTP time as this subscriber has it.
   */
  senderReport(time: SenderTime, timeShift: number, clockRate: number, nowMs: number): SenderReport {
    const elapsed = Math.max(0, nowMs - time.arrivedAtMs);
    const ntpMs = time.ntpMs + elapsed;
    const ntpSeconds = Math.floor(ntpMs / 1_000);
    const ntpFraction = Math.floor(((ntpMs - ntpSeconds * 1_000) * 2 ** 32) / 1_000);
    this.#lastSr = ((ntpSeconds << 16) | (ntpFraction >>> 16)) >>> 0;
    this.#sentAtMs = nowMs;
    return {
      type: 'sr',
      ssrc: this.#ssrc,
      ntpSeconds: ntpSeconds >>> 0,
      ntpFraction: ntpFraction >>> 0,
      rtpTime: (time.rtpTime + Math.round((elapsed * clockRate) / 1_000) + timeShift) >>> 0,
      packetCount: this.#packets >>> 0,
      octetCount: this.#octets >>> 0,
      reports: [],
    };
  }

  /** The round trip that a report block measures, if it answers the last sender report (RFC 3550, section 6.4.1). */
  roundTripMs({ lastSr, delaySinceLastSr }: ReportBlock, nowMs: number): number | undefined {
    if (lastSr === 0 || lastSr !== this.#lastSr) return undefined;
    const roundTrip = nowMs - this.#sentAtMs - delaySinceLastSr / 65.536;
    return roundTrip >= 0 ? roundTrip : undefined;
  }
}
