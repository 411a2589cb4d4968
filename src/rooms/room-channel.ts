import type { Connection, Frame, Transport } from './connection.ts';

/**
 * Everybody of one room, by the kind of states they get: stock clients whole ones, those that asked for them patches. Each
 * connection is in one topic, so that the order of frames is that of the calls, whatever their kind. [P1, P3]
 */
export class RoomChannel {
  readonly #transport: Transport;
  readonly #stock: string;
  readonly #patched: string;

  constructor(room: string, transport: Transport) {
    this.#transport = transport;
    this.#stock = `room/${room}`;
    this.#patched = `patched/${room}`;
  }

  get stockCount(): number {
    return this.#transport.subscribers(this.#stock);
  }

  get patchedCount(): number {
    return this.#transport.subscribers(this.#patched);
  }

  /** From here on the connection gets what is sent. */
  enter(connection: Connection): void {
    connection.subscribe(connection.takesPatches ? this.#patched : this.#stock);
  }

  /** To everybody. */
  publish(frame: Frame): void {
    this.#transport.publish(this.#stock, frame);
    if (this.patchedCount > 0) this.#transport.publish(this.#patched, frame);
  }

  /** To everybody but one who is in the room. */
  publishToOthers(connection: Connection, frame: Frame): void {
    connection.publishToOthers(this.#stock, frame);
    if (this.patchedCount > 0) connection.publishToOthers(this.#patched, frame);
  }

  /** To stock clients. */
  publishState(frame: Frame): void {
    this.#transport.publish(this.#stock, frame);
  }

  /** To those who take patches. */
  publishPatch(frame: Frame): void {
    this.#transport.publish(this.#patched, frame);
  }
}
