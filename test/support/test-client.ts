import { WebSocket, type ClientOptions } from 'ws';

export type Frame = { readonly type: string } & Record<string, unknown>;

type Waiter = {
  readonly wanted: () => boolean;
  readonly resolve: () => void;
  readonly reject: (e: Error) => void;
};

/** The answer to an upgrade that was not accepted; `retryAfter` where the header is there. */
export type Refusal = { readonly status: number; readonly body: string; readonly retryAfter?: string };

/** A real WebSocket client that keeps every frame it gets. It waits for frames, never for time. */
export class TestClient {
  readonly opened: Promise<void>;
  /** The refusal of an upgrade; never settles when the upgrade is accepted. */
  readonly refused: Promise<Refusal>;
  /** Code and reason of the end; 1006 without a close frame. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Every frame so far, parsed, in order; pongs of {@link settle} left out. */
  readonly frames: Frame[] = [];
  readonly #ws: WebSocket;
  readonly #waiters = new Set<Waiter>();
  #pongs = 0;

  /** @param headers - several values are several lines, which `ws` sends and its types do not know */
  constructor(url: string, headers: Record<string, string | string[]>, options: ClientOptions = {}) {
    const ws = new WebSocket(url, { headers: headers as Record<string, string>, ...options });
    this.#ws = ws;
    ws.on('message', (data: Buffer) => this.#receive(data.toString('utf8')));
    // A failed connection also closes; the error itself says nothing more.
    ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString('utf8') });
        for (const waiter of this.#waiters) waiter.reject(new Error(`closed with ${code} while waiting`));
      });
    });
    this.opened = new Promise((resolve, reject) => {
      ws.on('open', resolve);
      ws.on('close', () => reject(new Error('the connection was refused')));
    });
    this.opened.catch(() => {});
    this.refused = new Promise((resolve) => {
      ws.on('unexpected-response', (_, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        const retryAfter = response.headers['retry-after'];
        const status = response.statusCode ?? 0;
        response.on('end', () => resolve({ status, body, ...(retryAfter !== undefined && { retryAfter }) }));
      });
    });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  send(message: unknown): void {
    this.#ws.send(JSON.stringify(message));
  }

  sendRaw(data: string | Buffer): void {
    this.#ws.send(data);
  }

  /** Starts the closing handshake. */
  close(code?: number): void {
    this.#ws.close(code);
  }

  /** Cuts the TCP connection without a close frame. */
  drop(): void {
    this.#ws.terminate();
  }

  /** Stops or goes on reading from the socket. */
  pause(): void {
    this.#ws.pause();
  }
  resume(): void {
    this.#ws.resume();
  }

  /** Takes the frames so far out of the list. */
  take(): Frame[] {
    return this.frames.splice(0);
  }

  /** Waits until a frame fulfils `wanted`, also one that is there already; gives the first. */
  async waitFor(wanted: (frame: Frame) => boolean): Promise<Frame> {
    await this.#until(() => this.frames.some(wanted));
    const found = this.frames.find(wanted);
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /**
   * Waits until the server has handled all that this client sent before, and this client has got what was sent to it
   * before the answer. With several clients: settle each of those that act, then each of those that watch.
   */
  async settle(): Promise<void> {
    const expected = this.#pongs + 1;
    this.send({ type: 'partyserver-ping' });
    await this.#until(() => this.#pongs >= expected);
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'partyserver-pong') this.#pongs += 1;
    else this.frames.push(frame);
    for (const waiter of this.#waiters) {
      if (!waiter.wanted()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #until(wanted: () => boolean): Promise<void> {
    if (wanted()) return Promise.resolve();
    return new Promise((resolve, reject) => void this.#waiters.add({ wanted, resolve, reject }));
  }
}
