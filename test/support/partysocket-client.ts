import { PartySocket } from 'partysocket';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Frame } from './test-client.ts';

/** One WebSocket that partysocket made, from its first attempt to its end. */
export type Attempt = {
  readonly socket: WebSocket;
  readonly frames: Frame[];
  /** As partysocket tells it to the page: with a code and a reason of its own where there was no close frame. */
  end?: { readonly code: number; readonly reason: string };
  /** Why it failed, in the words of the `ws` package. */
  error?: string;
};

export type StockClientOptions = {
  readonly port: number;
  readonly id: string;
  /** Asked at every attempt, as a browser's cookie jar is. */
  readonly cookie: () => string | undefined;
  /** Every attempt waits for it. */
  readonly mayConnect?: () => Promise<void>;
};

/**
 * The stock client of the room, as published on npm, in Node. Only its delays are shorter than by default; it waits in
 * real time, the server's time is the test's. What the test waits for are its events.
 */
export class StockClient {
  readonly party: PartySocket;
  readonly attempts: Attempt[] = [];
  readonly #waiters = new Set<() => void>();

  constructor({ port, id, cookie, mayConnect = () => Promise.resolve() }: StockClientOptions) {
    this.party = new PartySocket({
      host: `127.0.0.1:${port}`,
      party: 'rooms',
      room: 'room',
      id,
      minReconnectionDelay: 10,
      maxReconnectionDelay: 20,
      query: () => mayConnect().then(() => ({})),
      WebSocket: this.#webSocketWith(cookie),
    });
    this.party.addEventListener('open', () => this.#changed());
    this.party.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      this.last.frames.push(frame);
      this.#changed();
    });
    this.party.addEventListener('close', ({ code, reason }) => {
      this.last.end = { code, reason };
      this.#changed();
    });
    this.party.addEventListener('error', ({ message }) => {
      this.last.error = message;
      this.#changed();
    });
    onTestFinished(() => this.party.close());
  }

  /** The attempt under way, or the connection there is. */
  get last(): Attempt {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error('partysocket has not tried yet');
    return attempt;
  }

  get isOpen(): boolean {
    return this.party.readyState === PartySocket.OPEN;
  }

  send(message: unknown): void {
    this.party.send(JSON.stringify(message));
  }

  /** Cuts the TCP connection without a close frame, as a network that goes away. */
  cut(): void {
    this.last.socket.terminate();
  }

  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) await new Promise<void>((resolve) => void this.#waiters.add(resolve));
  }

  /** Waits until there is an open connection other than `before`, with a frame on it. */
  async connected(before?: Attempt): Promise<Attempt> {
    await this.until(
      () => this.attempts.length > 0 && this.last !== before && this.isOpen && this.last.frames.length > 0,
    );
    return this.last;
  }

  #changed(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiters) resolve();
  }

  /** The `ws` package's class with a cookie, which a browser would add by itself. */
  #webSocketWith(cookie: () => string | undefined): new (url: string, protocols?: string[]) => WebSocket {
    const { attempts } = this;
    return class extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        const value = cookie();
        super(url, protocols, value === undefined ? {} : { headers: { cookie: value } });
        attempts.push({ socket: this, frames: [] });
      }
    };
  }
}
