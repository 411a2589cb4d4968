import type { Logger } from 'pino';
import type { App } from './app.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Gateway } from './gateway/gateway.ts';
import { closeFor } from './protocol/close-codes.ts';
import { startSweep } from './rooms/liveness.ts';
import type { RoomJournal } from './rooms/room-journal.ts';
import type { Store } from './store/store.ts';

/** The life of a server: what starts before what, and ends after what. */
export class RoomServer implements App {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: Store;
  readonly #journal: RoomJournal;
  readonly #gateway: Gateway;
  #stopSweep: () => void = () => {};
  #closing: Promise<void> | undefined = undefined;

  constructor(
    config: Config,
    clock: Clock,
    log: Logger,
    store: Store,
    journal: RoomJournal,
    gateway: Gateway,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.#journal = journal;
    this.#gateway = gateway;
  }

  async listen(): Promise<{ port: number; adminPort: number }> {
    await this.#store.open();
    try {
      const { registry } = this.#gateway;
      registry.restore(await this.#store.readLiveRooms());
      const calls = await this.#store.listAiCalls();
      if (calls.length > 0)
        this.#log.warn({ calls: calls.length }, 'AI calls of an earlier process are still open');
      const ports = await this.#gateway.listen();
      this.#stopSweep = startSweep(this.#clock, (now) => registry.sweep(now));
      return ports;
    } catch (error) {
      await this.#store.close();
      throw error;
    }
  }

  async drain(): Promise<void> {
    this.#gateway.refuseConnections();
    // Those whose connections are closed first must not be missed by those whose are closed last.
    this.#stopSweep();
    await this.#journal.flush();
    await this.#gateway.drain(this.#config.drainSeconds * 1_000);
    await this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): { rooms: number; connections: number } {
    const { registry, connectionCount } = this.#gateway;
    return { rooms: registry.roomCount, connections: connectionCount };
  }

  async #close(): Promise<void> {
    this.#gateway.refuseConnections();
    this.#stopSweep();
    await this.#journal.flush();
    this.#gateway.registry.stop(closeFor('draining'));
    // The close frames leave at the end of the turn; closing the sockets before would swallow them.
    await new Promise<void>((resolve) => this.#clock.afterTurn(resolve));
    this.#gateway.close();
    this.#journal.end();
    await this.#store.close();
  }
}
