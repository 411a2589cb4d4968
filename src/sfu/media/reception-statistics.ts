import type { ReportBlock } from './rtcp-packet.ts';
import { ahead32 } from './sequence-numbers.ts';

/** The numbers of a report block for one stream that comes in (RFC 3550, appendices A.3 and A.8). */
export class ReceptionStatistics {
  #base = -1;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #lastTransit = 0;

  reset(): void {
    this.#base = -1;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#jitter = 0;
  }

  /** `arrival` is the time here in units of the stream's clock. */
  received(index: number, timestamp: number, arrival: number): void {
    const transit = (arrival - timestamp) | 0;
    if (this.#base === -1) this.#base = index;
    else this.#jitter += (Math.abs(ahead32(transit, this.#lastTransit)) - this.#jitter) / 16;
    this.#lastTransit = transit;
    this.#received += 1;
  }

  report(ssrc: number, highest: number, lastSr: number, delaySinceLastSr: number): ReportBlock {
    const expected = highest - this.#base + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const lost = expected - this.#received;
    return {
      ssrc,
      fractionLost:
        expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, lost)),
      highestSequence: highest % 0x1_0000_0000,
      jitter: Math.floor(this.#jitter),
      lastSr,
      delaySinceLastSr,
    };
  }
}
