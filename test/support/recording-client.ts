import { WebSocket } from 'ws';
import { seenText, type Seen } from './recording.ts';

/**
 * A client for replays: it notes all it sees with the time, and never makes a sign of life of its own. Where
 * `TestClient` settles by a message, which keeps its user alive, this one uses the WebSocket's own pings.
 */
export class RecordingClient {
  readonly seen: Seen[] = [];
  /** Fulfilled when the server has accepted or refused the connection. */
  readonly answered: Promise<void>;
  readonly #ws: WebSocket;
  readonly #ended: Promise<void>;

  constructor(url: string, headers: Record<string, string>, now: () => number) {
    const ws = new WebSocket(url, { headers });
    this.#ws = ws;
    let refused = false;
    // A failed connection also closes; the error itself says nothing more.
    ws.on('error', () => {});
    ws.on('message', (data: Buffer) => {
      this.seen.push(seenText(now(), data.toString('utf8')));
    });
    this.#ended = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        if (!refused) this.seen.push({ at: now(), closed: { code, reason: reason.toString('utf8') } });
        resolve();
      });
    });
    this.answered = new Promise((resolve) => {
      ws.on('open', () => {
        this.seen.push({ at: now(), opened: { protocol: ws.protocol, extensions: ws.extensions } });
        resolve();
      });
      ws.on('unexpected-response', (_, response) => {
        refused = true;
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        response.on('end', () => {
          this.seen.push({ at: now(), refused: { status: response.statusCode ?? 0, body } });
          ws.terminate();
          resolve();
        });
      });
    });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Sends, if the connection is still open. */
  send(data: string | Buffer): void {
    if (this.isOpen) this.#ws.send(data);
  }

  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason);
  }

  /** Cuts the TCP connection without a close frame. */
  drop(): void {
    this.#ws.terminate();
  }

  /**
   * Waits until the server has handled all that this client sent before, and this client has got all that was sent to
   * it because of that. The server answers a ping at once, before the state that waits for the end of the turn; by the
   * second ping that turn is over.
   */
  async settle(): Promise<void> {
    await this.#roundTrip();
    await this.#roundTrip();
    if (this.#ws.readyState === WebSocket.CLOSING) await this.#ended;
  }

  async #roundTrip(): Promise<void> {
    if (!this.isOpen) return;
    const pong = new Promise<void>((resolve) => void this.#ws.once('pong', () => resolve()));
    this.#ws.ping();
    await Promise.race([pong, this.#ended]);
  }
}
