import type { Clock } from '../../clock.ts';
import { CONTENT, HANDSHAKE, RECORD_HEADER_BYTES } from './dtls-record.ts';
import type { RecordNumbers } from './record-numbers.ts';

/** Round trips of calls are below it; the RFC's 1 s (RFC 6347, section 4.2.4.1) would be a second of silence at each loss. */
const FIRST_REPEAT_MS = 200;
const SLOWEST_REPEAT_MS = 3_000;
/** However often the peer repeats itself: a burst of its repetitions is one question. */
const REPEAT_AT_MOST_EVERY_MS = 50;
/** Below every path's limit that WebRTC is used on: IPv6 guarantees 1,280. */
const MAX_DATAGRAM_BYTES = 1200;

/**
 * What this side has said last in a handshake, sent again until the peer goes on (RFC 6347, section 4.2.4). The library sends
 * each message in a datagram of its own and again after 0.5, 1, 1.5 s; here they go together, which leaves less to lose, and
 * again much sooner. Its own repetitions are the same buffers, and are left out.
 */
export class HandshakeFlight {
  readonly #send: (datagram: Buffer) => void;
  readonly #numbers: RecordNumbers;
  readonly #clock: Clock;
  readonly #known = new WeakSet<Buffer>();
  #records: Buffer[] = [];
  #isOver = false;
  #isFlushing = false;
  #timer: unknown;
  #delayMs = FIRST_REPEAT_MS;
  #sentAtMs = 0;

  constructor(send: (datagram: Buffer) => void, numbers: RecordNumbers, clock: Clock) {
    this.#send = send;
    this.#numbers = numbers;
    this.#clock = clock;
  }

  /** Takes one record; those of one turn go together. */
  add(record: Buffer): void {
    if (this.#known.has(record)) return;
    this.#known.add(record);
    if (this.#isOver) {
      this.#records = [];
      this.#isOver = false;
      this.#delayMs = FIRST_REPEAT_MS;
    }
    this.#records.push(record);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => this.#flush());
  }

  /** The peer has said something new: what is added next is the next flight. */
  answered(): void {
    this.#isOver = true;
    this.rest();
  }

  /** The peer has said something again, because it has not heard this. */
  repeat(): void {
    if (this.#clock.now() - this.#sentAtMs >= REPEAT_AT_MOST_EVERY_MS) this.#sendAll();
  }

  /** Nothing is expected of the peer any more. It is still told again what it asks for. */
  rest(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.rest();
    this.#records = [];
  }

  #flush(): void {
    this.#isFlushing = false;
    this.#sendAll();
    if (this.#expectsAnswer()) this.#repeatLater();
  }

  #repeatLater(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => {
      this.#delayMs = Math.min(2 * this.#delayMs, SLOWEST_REPEAT_MS);
      this.#sendAll();
      this.#repeatLater();
    }, this.#delayMs);
  }

  #sendAll(): void {
    this.#sentAtMs = this.#clock.now();
    const records = this.#records.map((record) => this.#numbers.numbered(record));
    for (const datagram of packed(records)) this.#send(datagram);
  }

  /**
   * The server's HelloVerifyRequest and its last flight are repeated only when asked for (RFC 6347, sections 4.2.1 and 4.2.4):
   * all other flights have one of these.
   */
  #expectsAnswer(): boolean {
    return this.#records.some((record) => {
      const type = record[RECORD_HEADER_BYTES];
      return (
        record[0] === CONTENT.handshake &&
        record.readUInt16BE(3) === 0 &&
        (type === HANDSHAKE.clientHello ||
          type === HANDSHAKE.serverHelloDone ||
          type === HANDSHAKE.clientKeyExchange)
      );
    });
  }
}

function packed(records: readonly Buffer[]): Buffer[] {
  const datagrams: Buffer[] = [];
  let open: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    if (bytes > 0 && bytes + record.length > MAX_DATAGRAM_BYTES) {
      datagrams.push(Buffer.concat(open));
      open = [];
      bytes = 0;
    }
    open.push(record);
    bytes += record.length;
  }
  return bytes > 0 ? [...datagrams, Buffer.concat(open)] : datagrams;
}
