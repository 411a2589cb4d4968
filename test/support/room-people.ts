import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { RoomClient, type RoomClientOptions, type RoomEvents } from '../../src/client/index.ts';
import { loginCookie, type TestServer } from './server.ts';
import { until } from './until.ts';

/** One of the events of a room client, as it was told. */
export type Told = { [Type in keyof RoomEvents]: readonly [Type, RoomEvents[Type]] }[keyof RoomEvents];

/** Somebody in a room by the client library, with the sockets that it has made and what it has told. */
export class RoomPerson {
  readonly client: RoomClient;
  readonly sockets: WebSocket[] = [];
  readonly told: Told[] = [];

  constructor(server: Pick<TestServer, 'port'>, name: string, options: Partial<RoomClientOptions> = {}) {
    this.client = new RoomClient({
      server: `127.0.0.1:${server.port}`,
      room: 'room',
      id: name,
      retryMs: { min: 5, max: 20 },
      WebSocket: this.#socketOf(loginCookie(name)),
      ...options,
    });
    for (const type of ['connection', 'join', 'leave', 'muted', 'directMessage', 'e2ee', 'error'] as const) {
      this.client.on(type, (detail) => void this.told.push([type, detail] as Told));
    }
    onTestFinished(() => this.client.leave());
  }

  /** What has been told of one type, in order. */
  all<Type extends keyof RoomEvents>(type: Type): RoomEvents[Type][] {
    return this.told.filter((event) => event[0] === type).map(([, detail]) => detail as RoomEvents[Type]);
  }

  /** Waits until the room is known, and all of these are in it and see this client as it is. */
  async meets(...ids: readonly string[]): Promise<this> {
    const wanted = [this.client.id, ...ids].toSorted();
    await until(
      () => this.client.connection.status === 'open' && String(this.ids().toSorted()) === String(wanted),
    );
    return this;
  }

  ids(): string[] {
    return this.client.users.map(({ id }) => id);
  }

  /** Cuts the TCP connection without a close frame, as a network that goes away. */
  cut(): void {
    this.sockets.at(-1)?.terminate();
  }

  /** The `ws` package's class with a cookie, which a browser would add by itself. */
  #socketOf(cookie: string): new (url: string, protocols?: string[]) => WebSocket {
    const { sockets } = this;
    return class extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, { headers: { cookie } });
        sockets.push(this);
      }
    };
  }
}
