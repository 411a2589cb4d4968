import type { HandshakeFragment } from './dtls-record.ts';

/** A message that has come whole, and in its turn. */
export type HandshakeMessage = { readonly type: number; readonly sequence: number; readonly body: Buffer };

/** `new` when there is something that was not known; `repeated` when the peer has sent it before, so something here was lost. */
export type Novelty = 'new' | 'repeated' | 'refused';

/** A flight has at most six messages. */
const MAX_AHEAD = 8;
/** A chain of a few certificates; browsers send less than 1 kB. */
const MAX_MESSAGE_BYTES = 16 * 1024;

type Partial = { readonly type: number; readonly body: Buffer; readonly known: Uint8Array; missing: number };

/**
 * Puts the handshake messages of one peer together and in order, each once (RFC 6347, section 4.2). The library that does
 * the handshake takes messages as they come, and fails when one is lost, late, in parts or repeated; behind this it is never so.
 */
export class HandshakeSequencer {
  readonly #partials = new Map<number, Partial>();
  #next = 0;

  add({ type, length, sequence, offset, body }: HandshakeFragment): Novelty {
    if (sequence < this.#next) return 'repeated';
    if (sequence >= this.#next + MAX_AHEAD || length > MAX_MESSAGE_BYTES) return 'refused';
    let partial = this.#partials.get(sequence);
    if (partial === undefined) {
      partial = { type, body: Buffer.alloc(length), known: new Uint8Array(length), missing: length };
      this.#partials.set(sequence, partial);
    } else if (partial.missing === 0) return 'repeated';
    if (partial.type !== type || partial.body.length !== length) return 'refused';
    for (let at = offset; at < offset + body.length; at += 1) {
      if (partial.known[at] === 0) partial.missing -= 1;
      partial.known[at] = 1;
    }
    body.copy(partial.body, offset);
    return 'new';
  }

  /** The messages whose turn it is, and that are whole. */
  take(): HandshakeMessage[] {
    const messages: HandshakeMessage[] = [];
    for (let partial = this.#whole(); partial !== undefined; partial = this.#whole()) {
      messages.push({ type: partial.type, sequence: this.#next, body: partial.body });
      this.#partials.delete(this.#next);
      this.#next += 1;
    }
    return messages;
  }

  #whole(): Partial | undefined {
    const partial = this.#partials.get(this.#next);
    return partial?.missing === 0 ? partial : undefined;
  }
}
