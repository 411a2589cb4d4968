import { ahead16 } from './sequence-numbers.ts';

/** About three seconds of a picture at 1.5 Mbps. */
export const RING_SIZE = 512;

/**
 * The last datagrams of one stream, as they were sent: encrypted. They are sent again as they are, for encrypting a packet again
 * would use a nonce of AES-GCM twice.
 */
export class RetransmissionRing {
  readonly #datagrams: (Buffer | undefined)[] = Array.from({ length: RING_SIZE }, () => undefined);
  readonly #sequenceNumbers = new Uint16Array(RING_SIZE);
  readonly #resentAtMs = new Float64Array(RING_SIZE);

  put(sequenceNumber: number, datagram: Buffer): void {
    const slot = sequenceNumber & (RING_SIZE - 1);
    // One that comes very late must not take the place of a newer one.
    const isOld = ahead16(this.#sequenceNumbers[slot] ?? 0, sequenceNumber) > 0;
    if (isOld && this.#datagrams[slot] !== undefined) return;
    this.#datagrams[slot] = datagram;
    this.#sequenceNumbers[slot] = sequenceNumber;
    this.#resentAtMs[slot] = -Infinity;
  }

  /** The datagram, unless it is gone or has been taken within `pauseMs`: then the receiver could not have had it. */
  take(sequenceNumber: number, nowMs: number, pauseMs: number): Buffer | undefined {
    const slot = sequenceNumber & (RING_SIZE - 1);
    const datagram = this.#datagrams[slot];
    if (datagram === undefined || this.#sequenceNumbers[slot] !== sequenceNumber) return undefined;
    if (nowMs - (this.#resentAtMs[slot] ?? 0) < pauseMs) return undefined;
    this.#resentAtMs[slot] = nowMs;
    return datagram;
  }

  clear(): void {
    this.#datagrams.fill(undefined);
  }
}
