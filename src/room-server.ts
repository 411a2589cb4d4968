import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { waitAtMost } from './deadline.ts';
import type { Gateway } from './gateway/gateway.ts';
import { closeFor } from './protocol/close-codes.ts';
import { startSweep } from './rooms/liveness.ts';
import type { RoomJournal } from './rooms/room-journal.ts';
import type { Store } from './store/store.ts';

/** A room server that is assembled and not yet listening. */
export interface App {
  /** Resolves with the ports in use; rejects when one cannot be had, and then nothing listens. */
  listen(): Promise<{ port: number; adminPort: number }>;
  /**
   * Stops as a deploy wants it: refuses new connections, stores the rooms, closes the connections with 1012 in a spread
   * over `DRAIN_SECONDS`, and then everything else. Nobody is told that anybody left.
   */
  drain(): Promise<void>;
  /** The same without the spread. Safe to call twice, and during a drain. */
  close(): Promise<void>;
  /** How many rooms and connections there are now. */
  stats(): { rooms: number; connections: number };
}

/** A part that works beside the rooms, between the opening of the store and its end. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type RoomServerDeps = {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: Store;
  readonly journal: RoomJournal;
  readonly gateway: Gateway;
  readonly services: readonly Service[];
};

/** How long a stop waits for the store (a locked database is given up after 2 s), and for what ends AI calls. */
const STOP_DEADLINE_MS = 3_000;

/** The life of a server: what starts before what, and ends after what. */
export class RoomServer implements App {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #store: Store;
  readonly #journal: RoomJournal;
  readonly #gateway: Gateway;
  readonly #services: readonly Service[];
  #stopSweep: () => void = () => {};
  #draining: Promise<void> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor({ config, clock, log, store, journal, gateway, services }: RoomServerDeps) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.#journal = journal;
    this.#gateway = gateway;
    this.#services = services;
  }

  async listen(): Promise<{ port: number; adminPort: number }> {
    await this.#store.open();
    try {
      const { registry } = this.#gateway;
      registry.restore(await this.#store.readLiveRooms());
      const calls = await this.#store.listAiCalls();
      if (calls.length > 0) {
        this.#log.warn({ calls: calls.length }, 'AI calls of an earlier process are still open');
      }
      for (const service of this.#services) await service.start();
      const ports = await this.#gateway.listen();
      this.#stopSweep = startSweep(this.#clock, {
        sweep: (now) => registry.sweep(now),
        forgive: (ms) => registry.forgive(ms),
      });
      return ports;
    } catch (error) {
      await this.#stopServices();
      await this.#store.close();
      throw error;
    }
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): { rooms: number; connections: number } {
    const { registry, connectionCount } = this.#gateway;
    return { rooms: registry.roomCount, connections: connectionCount };
  }

  async #drain(): Promise<void> {
    this.#gateway.refuseConnections();
    // Those whose connections are closed first must not be missed by those whose are closed last.
    this.#stopSweep();
    // Not waited for: a store that hangs must not keep the clients here.
    void this.#journal.flush();
    await this.#gateway.drain(this.#config.drainSeconds * 1_000);
    await this.close();
  }

  async #close(): Promise<void> {
    const { registry } = this.#gateway;
    this.#gateway.refuseConnections();
    this.#stopSweep();
    registry.hangUp(closeFor('draining'));
    // The close frames leave at the end of the turn; closing the sockets before would swallow them.
    await new Promise<void>((resolve) => this.#clock.afterTurn(resolve));
    this.#gateway.close();
    // Nobody can say anything any more: what is stored now is the last word.
    await this.#unlessStuck('store', this.#journal.flush());
    registry.stop();
    this.#journal.end();
    await this.#unlessStuck('services', this.#stopServices());
    await this.#unlessStuck('store', this.#store.close());
  }

  async #stopServices(): Promise<void> {
    // One after the other: what comes first may need what comes later.
    for (const service of this.#services) await service.stop();
  }

  /** A stop ends, whoever does not. */
  #unlessStuck(who: string, work: Promise<void>): Promise<void> {
    return waitAtMost(this.#clock, STOP_DEADLINE_MS, work, () => {
      this.#log.error({ who }, 'stopping without somebody who does not answer');
    });
  }
}
