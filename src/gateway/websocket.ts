import { nanoid } from 'nanoid';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { AppError, type ErrorCode, type HttpErrorCode } from '../errors.ts';
import type { Headers } from '../identity/credentials.ts';
import { PENDING, type Identifier, type Identity } from '../identity/identify.ts';
import { originAllowed } from '../identity/origin.ts';
import { closeFor } from '../protocol/close-codes.ts';
import { decode } from '../protocol/codec.ts';
import { connectionIdSchema } from '../protocol/messages.ts';
import { parseRoomName } from '../protocol/room-name.ts';
import type { Frame, Transport } from '../rooms/connection.ts';
import type { RoomRegistry } from '../rooms/registry.ts';
import type { Claim } from '../rooms/members.ts';
import { addressText } from './http.ts';
import { errorResponse, writeResponse } from './http-response.ts';
import { RateLimit } from './rate-limit.ts';
import { copyHeaders } from './request-headers.ts';
import { addressGroup, type TrustedProxies } from './trusted-proxies.ts';
import { UwsConnection, type SocketData } from './uws-connection.ts';
import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket } from './uws.ts';

/** uWS cuts a connection without a close frame past its own limit; ours, which answers 1009, must come before it. */
const HARD_LIMIT_FACTOR = 4;
/** Seconds after which uWS ends a connection on which not even its pings are answered. */
const IDLE_TIMEOUT_SECONDS = 32;

/** How finely the closes of a drain are spread. */
const DRAIN_STEP_MS = 50;

export type RoomSocketsDeps = {
  readonly registry: RoomRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly proxies: TrustedProxies;
  readonly identifier: Identifier;
  readonly allowedOrigins: readonly string[];
  readonly maxFrameBytes: number;
  readonly maxFramesPerSecond: number;
  readonly maxBufferedBytes: number;
  readonly maxConnectionsPerAddress: number;
  readonly isDraining: () => boolean;
};

/** What an upgrade request says, read before anything else happens: uWS takes the request away afterwards. */
type Upgrade = {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: Headers;
  readonly remoteAddress: string;
};

/**
 * Whether a `Connection` header is a handshake's. uWS looks at `Upgrade` alone; with `close`, say, it would open a socket
 * whose end nobody is told.
 */
const asksForUpgrade = (connection: string): boolean => {
  const options = connection.split(',').map((option) => option.trim().toLowerCase());
  return (
    options.includes('upgrade') && options.every((option) => option === 'upgrade' || option === 'keep-alive')
  );
};

/** The rooms' WebSockets: `GET /parties/rooms/:room?_pk=…`. Frames go from here to the codec, then to the room. */
export class RoomSockets implements Transport {
  readonly #app: TemplatedApp;
  readonly #deps: RoomSocketsDeps;
  readonly #perAddress = new Map<string, number>();
  /** Connections that lost a frame and must not get another. */
  #doomed: UwsConnection[] = [];
  #onEmpty: (() => void) | undefined = undefined;
  readonly #open = new Set<UwsConnection>();

  constructor(app: TemplatedApp, deps: RoomSocketsDeps) {
    this.#app = app;
    this.#deps = deps;
    app.ws<SocketData>('/parties/*', {
      maxPayloadLength: deps.maxFrameBytes * HARD_LIMIT_FACTOR,
      maxBackpressure: deps.maxBufferedBytes,
      idleTimeout: IDLE_TIMEOUT_SECONDS,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.#upgrade(res, req, context),
      open: (ws) => this.#opened(ws),
      message: (ws, message, isBinary) => this.#received(ws, message, isBinary),
      dropped: (ws) => this.#overflowed(ws),
      close: (ws, code, reason) => this.#closed(ws, code, reason),
    });
  }

  get connectionCount(): number {
    return this.#open.size;
  }

  /**
   * Closes all connections with 1012, spread evenly over a time, so that their clients do not come back in one burst.
   * Resolves when none is left; new ones must be refused before this is called.
   */
  drain(windowMs: number): Promise<void> {
    const { clock } = this.#deps;
    const connections = [...this.#open];
    const steps = Math.max(1, Math.floor(windowMs / DRAIN_STEP_MS));
    const closeShare = (step: number): void => {
      const from = Math.floor(((step - 1) * connections.length) / steps);
      const to = Math.floor((step * connections.length) / steps);
      for (const connection of connections.slice(from, to)) connection.close(closeFor('draining'));
      if (step < steps && this.#open.size > 0) clock.setTimeout(() => closeShare(step + 1), DRAIN_STEP_MS);
    };
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      closeShare(1);
      if (this.#open.size === 0) resolve();
    });
  }

  publish(topic: string, frame: Frame): void {
    this.#reap();
    this.#app.publish(topic, frame);
  }

  subscribers(topic: string): number {
    return this.#app.numSubscribers(topic);
  }

  #upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const header = copyHeaders(req);
    const query = new URLSearchParams(req.getQuery() ?? '');
    const upgrade: Upgrade = { header, path: req.getUrl(), query, remoteAddress: addressText(res) };
    const verdict = this.#examine(upgrade);
    if (verdict !== PENDING) {
      if (typeof verdict === 'string') this.#refuse(res, verdict);
      // No subprotocol and no compression, as recorded. In this turn: uWS reads freed memory when it upgrades later.
      else res.upgrade(verdict, header('sec-websocket-key'), '', '', context);
      return;
    }
    void this.#refuseLater(res, header);
  }

  /** Too late for this handshake; the next, which comes by itself, finds at once what is found out here. */
  async #refuseLater(res: HttpResponse, header: Headers): Promise<void> {
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    const identity = await this.#deps.identifier.identify({ header, token: '' });
    if (!aborted) this.#refuse(res, identity === undefined ? 'unauthorized' : 'login_pending');
  }

  #refuse(res: HttpResponse, code: HttpErrorCode): void {
    // As recorded: 401 without a body. A client that is refused comes back every few seconds, for ever.
    const response = errorResponse(code);
    writeResponse(res, code === 'unauthorized' ? { ...response, body: '' } : response);
  }

  /** Everything that can refuse an upgrade, the cheapest first. */
  #examine(upgrade: Upgrade): SocketData | HttpErrorCode | typeof PENDING {
    const { proxies, identifier, allowedOrigins, isDraining } = this.#deps;
    if (isDraining()) return 'draining';
    const [, , party, segment = ''] = upgrade.path.split('/');
    const roomName = party === 'rooms' ? parseRoomName(segment) : undefined;
    if (roomName === undefined) return 'not_found';
    if (upgrade.header('sec-websocket-version') !== '13') return 'bad_request';
    if (!asksForUpgrade(upgrade.header('connection'))) return 'bad_request';
    const { address, host } = proxies.read(upgrade.remoteAddress, upgrade.header);
    if (!originAllowed(upgrade.header('origin'), host, allowedOrigins)) return 'forbidden_origin';
    try {
      const token = upgrade.query.get('token') ?? '';
      const identity = identifier.identifyNow({ header: upgrade.header, token, room: roomName });
      if (identity === PENDING) return PENDING;
      return identity === undefined
        ? 'unauthorized'
        : this.#seat(roomName, addressGroup(address), identity, upgrade.query);
    } catch (error) {
      if (error instanceof AppError && error.code === 'token_invalid') return error.code;
      throw error;
    }
  }

  /** Whether there is a place for somebody now. */
  #seat(
    roomName: string,
    address: string,
    identity: Identity,
    query: URLSearchParams,
  ): SocketData | HttpErrorCode {
    const { registry, clock, maxConnectionsPerAddress, maxFramesPerSecond } = this.#deps;
    if ((this.#perAddress.get(address) ?? 0) >= maxConnectionsPerAddress) return 'too_many_connections';
    const userId = connectionIdSchema.safeParse(query.get('_pk') || nanoid());
    if (!userId.success) return 'id_reserved';
    const claim: Claim = { userId: userId.data, ...identity };
    const refusal = registry.refusal(roomName, claim);
    if (refusal !== undefined) return refusal;
    const rateLimit = new RateLimit(maxFramesPerSecond, clock.now());
    const takesPatches = (query.get('features') ?? '').split(',').includes('patch');
    return { connectionId: nanoid(10), roomName, claim, address, rateLimit, takesPatches };
  }

  #opened(ws: WebSocket<SocketData>): void {
    const data = ws.getUserData();
    const connection = new UwsConnection(ws, () => this.#reap());
    data.connection = connection;
    this.#open.add(connection);
    this.#perAddress.set(data.address, (this.#perAddress.get(data.address) ?? 0) + 1);
    this.#deps.log.debug({ connection: connection.id, room: data.roomName }, 'connection opened');
    this.#deps.registry.admit(data.roomName, connection, data.claim);
  }

  #received(ws: WebSocket<SocketData>, message: ArrayBuffer, isBinary: boolean): void {
    const data = ws.getUserData();
    const { connection } = data;
    if (connection === undefined) return;
    const { registry, clock, maxFrameBytes, log } = this.#deps;
    if (message.byteLength > maxFrameBytes) {
      log.warn({ connection: connection.id, bytes: message.byteLength }, 'frame too large');
      connection.close(closeFor('message_too_large'));
      return;
    }
    if (!data.rateLimit.take(clock.now(), message.byteLength)) {
      log.warn({ connection: connection.id, room: data.roomName }, 'too many frames');
      registry.get(data.roomName)?.refuse(connection, 'rate_limited');
      connection.close(closeFor('rate_limited'));
      return;
    }
    // The protocol is text; binary frames are ignored, as recorded.
    if (isBinary) return;
    const room = registry.get(data.roomName);
    const decoded = decode(Buffer.from(message).toString('utf8'));
    if (decoded.ok) room?.receive(connection, decoded.message);
    else room?.refuse(connection, decoded.code);
  }

  /**
   * uWS dropped a frame because the client does not read. It may call this from within its own fan-out, where closing
   * a socket is not safe: the connection is ended before the next frame, or at the end of the turn.
   */
  #overflowed(ws: WebSocket<SocketData>): void {
    const { connection } = ws.getUserData();
    if (connection === undefined || this.#doomed.includes(connection)) return;
    if (this.#doomed.length === 0) this.#deps.clock.afterTurn(() => this.#reap());
    this.#doomed.push(connection);
  }

  #reap(): void {
    if (this.#doomed.length === 0) return;
    const doomed = this.#doomed;
    this.#doomed = [];
    for (const connection of doomed) {
      this.#deps.log.warn(
        {
          connection: connection.id,
          userId: connection.userId,
          code: 'slow_consumer' satisfies ErrorCode,
          bufferedBytes: connection.bufferedBytes(),
        },
        'slow consumer dropped',
      );
      connection.terminate();
    }
  }

  #closed(ws: WebSocket<SocketData>, code: number, reason: ArrayBuffer): void {
    const { connection, roomName, address } = ws.getUserData();
    if (connection === undefined) return;
    connection.closed();
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    this.#deps.log.debug(
      { connection: connection.id, room: roomName, code, reason: Buffer.from(reason).toString('utf8') },
      'connection closed',
    );
    this.#deps.registry.get(roomName)?.disconnected(connection);
  }
}
