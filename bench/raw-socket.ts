import { createConnection, type Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';

export type Target = { readonly port: number; readonly path: string; readonly cookie: string };

export type SocketEvents = {
  /** The server has accepted the WebSocket. */
  readonly onOpen: () => void;
  /** Bytes have come in; the counters are up to date. */
  readonly onData: (bytes: number) => void;
  /** Gets each text frame, for a client that reads what it receives. */
  readonly onText?: (payload: Buffer) => void;
  /** The connection is gone, for whatever reason. */
  readonly onGone: (why: string) => void;
};

/** A handshake key must be 16 bytes in base64; nothing depends on which. */
const KEY = Buffer.from('satsuma-benching').toString('base64');
const END_OF_HEAD = '\r\n\r\n';

const MASK = [0x53, 0x61, 0x74, 0x73];
const SHORT_LENGTH = 125;
const LENGTH_OF_16_BITS = 126;

/**
 * A client's text frame of less than 64 KiB. The mask is the same for all: it protects browsers from each other, and costs
 * the server the same whatever it is.
 */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  for (let index = 0; index < length; index += 1)
    payload[index] = (payload[index] ?? 0) ^ (MASK[index % 4] ?? 0);
  const head = length > SHORT_LENGTH ? [LENGTH_OF_16_BITS, length >> 8, length & 0xff] : [length];
  head[0] = 0x80 | (head[0] ?? 0);
  return Buffer.concat([Buffer.from([0x81, ...head, ...MASK]), payload]);
}

/** One WebSocket on a bare TCP socket: the least that a client can be, so that ten thousand fit into one process. */
export class RawSocket {
  readonly reader: FrameReader;
  readonly #socket: Socket;
  readonly #events: SocketEvents;
  #head: string | undefined = '';

  constructor(target: Target, events: SocketEvents) {
    this.#events = events;
    this.reader = new FrameReader(events.onText);
    this.#socket = createConnection({ host: '127.0.0.1', port: target.port, noDelay: true });
    this.#socket.write(
      [
        `GET ${target.path} HTTP/1.1`,
        `Host: 127.0.0.1:${target.port}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${KEY}`,
        `Cookie: ${target.cookie}${END_OF_HEAD}`,
      ].join('\r\n'),
    );
    let why = 'closed without a close frame';
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => (why = error.message));
    this.#socket.on('close', () => {
      const { closedWith } = this.reader;
      events.onGone(closedWith === undefined ? why : `closed by the server with ${closedWith}`);
    });
  }

  get isOpen(): boolean {
    return this.#head === undefined && this.#socket.writable;
  }

  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  #receive(chunk: Buffer): void {
    const frames = this.#head === undefined ? chunk : this.#readHead(chunk, this.#head);
    if (frames.length === 0) return;
    this.reader.push(frames);
    this.#events.onData(frames.length);
  }

  /** Reads the answer to the handshake; gives what stands behind it. */
  #readHead(chunk: Buffer, before: string): Buffer {
    const text = before + chunk.toString('latin1');
    const end = text.indexOf(END_OF_HEAD);
    if (end < 0) {
      this.#head = text;
      return chunk.subarray(chunk.length);
    }
    this.#head = undefined;
    const [statusLine = ''] = text.split('\r\n', 1);
    if (!statusLine.startsWith('HTTP/1.1 101 ')) {
      this.#socket.destroy(new Error(`refused with ${statusLine}`));
      return chunk.subarray(chunk.length);
    }
    this.#events.onOpen();
    return chunk.subarray(chunk.length - (text.length - end - END_OF_HEAD.length));
  }
}
