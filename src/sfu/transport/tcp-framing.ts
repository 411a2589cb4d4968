const LENGTH_BYTES = 2;

/** One packet as a frame (RFC 4571, section 2). */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(LENGTH_BYTES);
  header.writeUInt16BE(length);
  return header;
}

/**
 * Cuts a stream of bytes into the packets that were framed. It holds at most one packet that has not come whole, and of that
 * at most `maxBytes`.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The packets that are whole now, or nothing when one is too big: there is no way on in the stream then. */
  push(chunk: Buffer): Buffer[] | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const packets: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt16BE(at);
      if (length > this.#maxBytes) return undefined;
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) break;
      // A copy, since packets are decrypted in place and outlive the stream's chunk.
      packets.push(Buffer.from(bytes.subarray(at + LENGTH_BYTES, end)));
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return packets;
  }
}
