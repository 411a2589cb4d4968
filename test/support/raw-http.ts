import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer as it came; header names in lower case, several lines of one name in one list. */
export type RawAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
};

/** Lines of a request with their ends, and the empty line after them. */
export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

/** A whole request, its length stated, byte for byte as given: nothing is normalised on the way. */
export const rawRequest = (
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string =>
  head(
    `${method} ${target} HTTP/1.1`,
    'Host: meet.example',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ) + body;

/** An HTTP client by hand on a TCP socket: what it sends is what arrives. */
export class RawHttp {
  /** The server has ended the connection. */
  readonly ended: Promise<'ended'>;
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #arrived: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#arrived();
    });
    // A reset is an end like any other here.
    this.#socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve('ended');
        this.#arrived();
      });
    });
    onTestFinished(() => void this.#socket.destroy());
  }

  /** Resolves when the kernel has taken the bytes. */
  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => void this.#socket.write(bytes, () => resolve()));
  }

  /**
   * The next answer, or `ended` when there is none any more.
   *
   * @param bodiless - the answer to a HEAD, which states the length of a body that does not come
   */
  async answer(bodiless = false): Promise<RawAnswer | 'ended'> {
    for (;;) {
      const parsed = this.#parse(bodiless);
      if (parsed !== undefined) return parsed;
      if (this.#socket.closed) return 'ended';
      await new Promise<void>((resolve) => void (this.#arrived = resolve));
    }
  }

  /** Cuts the connection. */
  drop(): void {
    this.#socket.destroy();
  }

  /** Takes an answer that has arrived whole out of the bytes. */
  #parse(bodiless: boolean): RawAnswer | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [statusLine = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n');
    const headers: Record<string, string[]> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    const start = end + 4;
    // Without a length the body goes on to the end of the connection.
    const stated = bodiless ? '0' : headers['content-length']?.[0];
    const length = stated === undefined ? this.#bytes.length - start : Number(stated);
    if (this.#bytes.length < start + length) return undefined;
    const body = this.#bytes.toString('utf8', start, start + length);
    this.#bytes = this.#bytes.subarray(start + length);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }
}

/** Sends bytes on a connection of their own; gives the first answer, or `ended` when there was none. */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawAnswer | 'ended'> {
  const raw = new RawHttp(port);
  await raw.write(bytes);
  return raw.answer();
}
