import { MAX_EXTENSION_BYTES } from './egress-extensions.ts';
import { MAX_RTP_BYTES } from './rtp-packet.ts';

/**
 * Where packets are written before they are encrypted, one after the other. A view of each length is made once and kept, because
 * making one costs more than writing the header.
 */
export class OutgoingBuffer {
  readonly bytes = Buffer.alloc(MAX_RTP_BYTES + MAX_EXTENSION_BYTES);
  readonly #views: (Buffer | undefined)[] = Array.from({ length: this.bytes.length + 1 }, () => undefined);

  /** The first `length` bytes; valid until the next packet is written. */
  view(length: number): Buffer {
    return (this.#views[length] ??= this.bytes.subarray(0, length));
  }
}
