import { RetransmissionRing } from './retransmission-ring.ts';
import { TokenBucket } from './token-bucket.ts';

/** Where the way's length is not known yet; also the shortest pause, for a round trip on loopback takes no time at all. */
const USUAL_ROUND_TRIP_MS = 100;
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * Packets that one subscriber may have sent again in a second, and at once. Two thirds of a 5 Mbps picture; somebody who
 * asks for everything all the time gets no more than that.
 */
const PER_SECOND = 400;
const BURST = 200;

/** Answers one subscriber's NACKs, within bounds: a few bytes that ask for many packets must not make a flood. */
export class Retransmitter {
  readonly #ring = new RetransmissionRing();
  readonly #budget = new TokenBucket(PER_SECOND, BURST);
  #roundTripMs = USUAL_ROUND_TRIP_MS;

  keep(sequenceNumber: number, datagram: Buffer): void {
    this.#ring.put(sequenceNumber, datagram);
  }

  measured(roundTripMs: number): void {
    this.#roundTripMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, roundTripMs));
  }

  /** Sends what is still there; gives how many packets. */
  answer(sequenceNumbers: readonly number[], nowMs: number, send: (datagram: Buffer) => void): number {
    let sent = 0;
    for (const sequenceNumber of sequenceNumbers) {
      const datagram = this.#ring.take(sequenceNumber, nowMs, this.#roundTripMs);
      if (datagram === undefined) continue;
      if (!this.#budget.take(nowMs)) return sent;
      send(datagram);
      sent += 1;
    }
    return sent;
  }

  clear(): void {
    this.#ring.clear();
  }
}
