const TEXT = 1;
const CLOSE = 8;
const FIN = 0x80;
const OPCODE = 0x0f;
const LENGTH = 0x7f;
/** Two bytes, or with a length of 16 or 64 bits behind them. */
const SHORT_HEADER = 2;

/**
 * Counts a server's WebSocket frames by their headers. Payloads are neither copied nor parsed, because a client that
 * did either could not keep up with a thousand states of a thousand users; the last text frame is kept as it came.
 */
export class FrameReader {
  textFrames = 0;
  /** Pings, and whatever else is not text. */
  otherFrames = 0;
  /** Code and reason of the server's close frame. */
  closedWith: string | undefined;
  #opcode = 0;
  #header: number[] = [];
  #missing = 0;
  #payload: Buffer[] = [];
  #lastText: readonly Buffer[] = [];
  readonly #onText: ((payload: Buffer) => void) | undefined;

  /** @param onText - gets each text frame; without it payloads are not put together */
  constructor(onText?: (payload: Buffer) => void) {
    this.#onText = onText;
  }

  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#missing > 0) {
        const part = chunk.subarray(offset, offset + this.#missing);
        this.#payload.push(part);
        this.#missing -= part.length;
        offset += part.length;
        if (this.#missing === 0) this.#complete();
      } else {
        this.#header.push(chunk[offset] ?? 0);
        offset += 1;
        this.#readHeader();
      }
    }
  }

  lastText(): Buffer {
    return Buffer.concat(this.#lastText);
  }

  #readHeader(): void {
    const header = this.#header;
    const [first = 0, second = 0] = header;
    const length = second & LENGTH;
    const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
    if (header.length < SHORT_HEADER + extended) return;
    if ((first & FIN) === 0) throw new Error('The server has sent a fragmented frame');
    this.#opcode = first & OPCODE;
    this.#missing =
      extended === 0 ? length : header.slice(SHORT_HEADER).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#header = [];
    this.#payload = [];
    if (this.#missing === 0) this.#complete();
  }

  #complete(): void {
    if (this.#opcode === TEXT) {
      this.textFrames += 1;
      this.#lastText = this.#payload;
      const [first] = this.#payload;
      if (first !== undefined)
        this.#onText?.(this.#payload.length === 1 ? first : Buffer.concat(this.#payload));
      return;
    }
    this.otherFrames += 1;
    if (this.#opcode !== CLOSE) return;
    const payload = Buffer.concat(this.#payload);
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE();
    this.closedWith = `${code} ${payload.subarray(2).toString('utf8')}`.trimEnd();
  }
}
