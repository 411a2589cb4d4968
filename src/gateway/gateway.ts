import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { waitAtMost } from '../deadline.ts';
import type { Identifier } from '../identity/identify.ts';
import type { Transport } from '../rooms/connection.ts';
import type { RoomRegistry } from '../rooms/registry.ts';
import { RequestsUnderWay, serveHttp } from './http.ts';
import { listen, type Listening } from './listen.ts';
import type { Router } from './request.ts';
import { exactly, firstOf, healthRoutes } from './routes.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import { App } from './uws.ts';
import { RoomSockets } from './websocket.ts';

/** How long a drain waits for requests that are being answered. */
const REQUESTS_DEADLINE_MS = 3_000;

export type GatewayDeps = {
  readonly config: Config;
  readonly identifier: Identifier;
  /** What the public port offers over HTTP, beside the health of the server. */
  readonly routes: Router;
  /** The same on the admin port; made with the rooms. */
  readonly createAdminRoutes: (registry: RoomRegistry) => Router;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why the server should get no new clients, beside that it stops. */
  readonly unreadyReason: () => string | undefined;
  /** Makes the registry that the sockets feed, given the fan-out it is to use. */
  readonly createRegistry: (transport: Transport) => RoomRegistry;
};

/** Everything that is a socket: the public port with rooms and pages, and the admin port. */
export class Gateway {
  readonly registry: RoomRegistry;
  readonly #deps: GatewayDeps;
  readonly #public = App();
  readonly #admin = App();
  readonly #sockets: RoomSockets;
  readonly #underWay = new RequestsUnderWay();
  #listening: Listening[] = [];
  #draining = false;

  constructor(deps: GatewayDeps) {
    const { config, log, clock, identifier } = deps;
    this.#deps = deps;
    const proxies = new TrustedProxies(config.trustedProxies);
    const unreadyReason = (): string | undefined => (this.#draining ? 'draining' : deps.unreadyReason());
    this.registry = deps.createRegistry({
      publish: (topic, frame) => this.#sockets.publish(topic, frame),
      subscribers: (topic) => this.#sockets.subscribers(topic),
    });
    this.#sockets = new RoomSockets(this.#public, {
      registry: this.registry,
      clock,
      log,
      proxies,
      identifier,
      allowedOrigins: config.allowedOrigins,
      maxFrameBytes: config.maxFrameBytes,
      maxFramesPerSecond: config.maxFramesPerSecond,
      maxBufferedBytes: config.maxBufferedBytes,
      maxConnectionsPerAddress: config.maxConnectionsPerAddress,
      isDraining: () => this.#draining,
    });
    const health = exactly(healthRoutes(unreadyReason));
    const http = {
      proxies,
      clock,
      log,
      allowedOrigins: config.allowedOrigins,
      underWay: this.#underWay,
    };
    serveHttp(this.#public, firstOf(health, deps.routes), http);
    serveHttp(this.#admin, firstOf(health, deps.createAdminRoutes(this.registry)), http);
  }

  get connectionCount(): number {
    return this.#sockets.connectionCount;
  }

  /** Rejects with a `ListenError`, and then listens nowhere. */
  async listen(): Promise<{ port: number; adminPort: number }> {
    const { host, port, adminHost, adminPort } = this.#deps.config;
    try {
      const open = await listen(this.#public, host, port);
      this.#listening.push(open);
      const admin = await listen(this.#admin, adminHost, adminPort);
      this.#listening.push(admin);
      return { port: open.port, adminPort: admin.port };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** From here on new connections are refused with 503, and `/readyz` says why. */
  refuseConnections(): void {
    this.#draining = true;
  }

  /** Closes the connections with 1012, spread over a time; resolves when they and the requests under way are over. */
  async drain(windowMs: number): Promise<void> {
    this.refuseConnections();
    await this.#sockets.drain(windowMs);
    // A client whose pull is cut off hangs.
    await waitAtMost(this.#deps.clock, REQUESTS_DEADLINE_MS, this.#underWay.idle());
  }

  /** Closes what listens and what is connected. */
  close(): void {
    this.#draining = true;
    for (const listening of this.#listening) listening.stop();
    this.#listening = [];
    this.#public.close();
    this.#admin.close();
  }
}
