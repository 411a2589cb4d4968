import type { WebSocket } from './uws.ts';
import type { Close } from '../protocol/close-codes.ts';
import type { Claim } from '../rooms/members.ts';
import type { Connection, Frame } from '../rooms/connection.ts';
import type { RateLimit } from './rate-limit.ts';

/** What the upgrade found out and the open socket needs. */
export type SocketData = {
  readonly connectionId: string;
  readonly roomName: string;
  readonly claim: Claim;
  readonly address: string;
  readonly rateLimit: RateLimit;
  readonly takesPatches: boolean;
  /** Set once the socket is open. */
  connection?: UwsConnection;
};

/**
 * A uWebSockets.js socket as rooms see it. uWS keeps the order of `send` and `publish` on one socket: a send first
 * drains what was published to it (tested in test/gateway/frames.test.ts).
 */
export class UwsConnection implements Connection {
  readonly id: string;
  readonly userId: string;
  readonly takesPatches: boolean;
  readonly #ws: WebSocket<SocketData>;
  readonly #reap: () => void;
  #open = true;

  /** @param reap - drops connections that lost a frame; called before every frame, so that none follows the gap */
  constructor(ws: WebSocket<SocketData>, reap: () => void) {
    const data = ws.getUserData();
    this.#ws = ws;
    this.#reap = reap;
    this.id = data.connectionId;
    this.userId = data.claim.userId;
    this.takesPatches = data.takesPatches;
  }

  subscribe(topic: string): void {
    if (this.#open) this.#ws.subscribe(topic);
  }

  send(frame: Frame): void {
    this.#reap();
    if (this.#open) this.#ws.send(frame);
  }

  publishToOthers(topic: string, frame: Frame): void {
    this.#reap();
    if (this.#open) this.#ws.publish(topic, frame);
  }

  close(close: Close): void {
    if (this.#open) this.#ws.end(close.code, close.reason);
  }

  /** Ends the connection without a close frame, which would wait behind what the client does not read. */
  terminate(): void {
    if (this.#open) this.#ws.close();
  }

  bufferedBytes(): number {
    return this.#open ? this.#ws.getBufferedAmount() : 0;
  }

  /** uWS throws on every use of a socket after its close event. */
  closed(): void {
    this.#open = false;
  }
}
