import { createConnection, type Socket } from 'node:net';
import type { Entry } from './load.ts';

/** A client's frame, ready to be sent but for its number. */
export type Template = { readonly bytes: Buffer; readonly numberAt: number };

export type Phase = 'connecting' | 'waiting' | 'ready' | 'gone';

/** What the connection tells of itself; everything that is counted is counted there. */
export type Watcher = {
  readonly onOpen: (connection: NodeConnection) => void;
  readonly onText: (connection: NodeConnection, payload: Buffer) => void;
  readonly onBytes: (count: number) => void;
  readonly onGone: (connection: NodeConnection) => void;
};

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const END_OF_HEAD = '\r\n\r\n';
const CHUNK_BYTES = 1 << 20;
/** One for all: what is read is looked at before the next is. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

/** A client's text frame, with a mask of zeros. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + 4);
  head[0] = 0x81;
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** One connection of the load generator in Node; the fields are those of load.h. */
export class NodeConnection {
  readonly marker: Buffer | undefined;
  readonly #entry: Entry;
  #socket: Socket | undefined;
  #rest = Buffer.alloc(0);
  phase: Phase = 'gone';
  frames: readonly Template[] = [];
  markerAt = -1;
  next = 0;
  nextToSend = 0;
  awaiting = false;
  stalled = false;
  sentAt = 0;
  startedAt = 0;
  texts = 0;
  lastLength = 0;
  lastText: Buffer | undefined;

  constructor(entry: Entry) {
    this.#entry = entry;
    this.marker = entry.marker === '' ? undefined : Buffer.from(entry.marker);
  }

  open(port: number, watcher: Watcher): void {
    const { path, cookie } = this.#entry;
    Object.assign(this, { phase: 'connecting', markerAt: -1, next: 0, texts: 0, awaiting: false });
    this.startedAt = performance.now();
    this.#rest = Buffer.alloc(0);
    const socket = createConnection({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: chunk,
        callback: (count) => {
          if (socket === this.#socket) this.#receive(chunk.subarray(0, count), watcher);
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (socket !== this.#socket || this.phase === 'gone') return;
      this.phase = 'gone';
      watcher.onGone(this);
    });
    const login = cookie === '' ? '' : `Cookie: ${cookie}\r\n`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2F0c3VtYS1iZW5jaGluZw==\r\n${login}\r\n`,
    );
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.phase = 'gone';
    socket?.destroy();
  }

  stall(stalled: boolean): void {
    if (stalled) this.#socket?.pause();
    else this.#socket?.resume();
  }

  #receive(bytes: Buffer, watcher: Watcher): void {
    watcher.onBytes(bytes.length);
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.phase === 'connecting') {
      const end = data.indexOf(END_OF_HEAD);
      if (!data.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) return this.#fail(watcher);
      data = data.subarray(end + END_OF_HEAD.length);
      this.phase = 'waiting';
      watcher.onOpen(this);
    }
    const read = this.#readFrames(data, watcher);
    // The chunk is used again at once.
    this.#rest = read === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(read));
  }

  #fail(watcher: Watcher): void {
    this.close();
    watcher.onGone(this);
  }

  #readFrames(data: Buffer, watcher: Watcher): number {
    let at = 0;
    while (data.length - at >= 2) {
      const code = (data[at + 1] ?? 0) & 0x7f;
      const extended = code === 127 ? 8 : code === 126 ? 2 : 0;
      const start = at + 2 + extended;
      if (data.length < start) break;
      const length =
        extended === 0
          ? code
          : extended === 2
            ? data.readUInt16BE(at + 2)
            : Number(data.readBigUInt64BE(at + 2));
      if (data.length < start + length) break;
      this.#take((data[at] ?? 0) & 0x0f, data.subarray(start, start + length), watcher);
      at = start + length;
    }
    return at;
  }

  #take(opcode: number, payload: Buffer, watcher: Watcher): void {
    if (opcode === PING) this.write(PONG);
    else if (opcode === CLOSE) this.#fail(watcher);
    else if (opcode === TEXT) {
      this.texts += 1;
      this.lastLength = payload.length;
      watcher.onText(this, payload);
    }
  }
}
