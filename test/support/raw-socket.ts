import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { loginCookie } from './server.ts';
import type { Frame } from './test-client.ts';

const TEXT = 0x1;

/** The text frames at the start of `bytes`, and how many bytes they take. A server's frames are not masked. */
function parseFrames(bytes: Buffer): { frames: Frame[]; length: number } {
  const frames: Frame[] = [];
  let offset = 0;
  while (offset + 2 <= bytes.length) {
    const opcode = bytes.readUInt8(offset) & 0x0f;
    const short = bytes.readUInt8(offset + 1) & 0x7f;
    const start = offset + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (start > bytes.length) break;
    const size =
      short === 126
        ? bytes.readUInt16BE(offset + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(offset + 2))
          : short;
    if (start + size > bytes.length) break;
    if (opcode === TEXT) frames.push(JSON.parse(bytes.toString('utf8', start, start + size)) as Frame);
    offset = start + size;
  }
  return { frames, length: offset };
}

/**
 * A WebSocket client by hand, on a TCP socket that is read only when the test says so: a browser whose tab hangs, or
 * whose network does not keep up. It answers nothing, not even pings.
 */
export class RawSocket {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  readonly #frames: Frame[] = [];
  #bytes: Buffer[] = [];
  #wanted: (frames: readonly Frame[]) => boolean = () => false;
  #satisfied: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended = new Promise((resolve) => void socket.once('close', () => resolve()));
    // A reset is an end like any other here.
    socket.on('error', () => {});
  }

  /** Joins a room on loopback; from there on nothing is read. */
  static async open(port: number, room: string, id: string): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1');
    const raw = new RawSocket(socket);
    socket.write(
      [
        `GET /parties/rooms/${room}?_pk=${id} HTTP/1.1`,
        'Host: 127.0.0.1',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        `Cookie: ${loginCookie(id)}`,
        '\r\n',
      ].join('\r\n'),
    );
    const head = await new Promise<Buffer>((resolve) => void socket.once('data', resolve));
    socket.pause();
    const end = head.indexOf('\r\n\r\n') + 4;
    if (!head.toString('latin1', 0, end).startsWith('HTTP/1.1 101'))
      throw new Error('the upgrade was refused');
    raw.#bytes.push(head.subarray(end));
    socket.on('data', (chunk) => raw.#receive(chunk));
    socket.pause();
    return raw;
  }

  /** Reads on until the server has ended the connection; gives all whole frames there were. */
  async readToEnd(): Promise<readonly Frame[]> {
    this.#socket.resume();
    await this.#ended;
    this.#parse();
    return this.#frames;
  }

  /** Reads on until the frames so far are as wanted; gives them. */
  async readUntil(wanted: (frames: readonly Frame[]) => boolean): Promise<readonly Frame[]> {
    const satisfied = new Promise<void>((resolve) => void (this.#satisfied = resolve));
    this.#wanted = wanted;
    this.#socket.resume();
    await satisfied;
    return this.#frames;
  }

  drop(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#bytes.push(chunk);
    this.#parse();
    if (this.#wanted(this.#frames)) this.#satisfied();
  }

  #parse(): void {
    const bytes = Buffer.concat(this.#bytes);
    const { frames, length } = parseFrames(bytes);
    this.#frames.push(...frames);
    this.#bytes = [bytes.subarray(length)];
  }
}
