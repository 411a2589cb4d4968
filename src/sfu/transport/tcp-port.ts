import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { Path, PathListener, PathOwner } from './path.ts';
import { networkOf } from './ip-address.ts';
import { frameHeader, FrameReader } from './tcp-framing.ts';
import type { TransportCounters } from './transport-counters.ts';

/** A datagram over UDP has at most about 1,500 bytes; a DTLS flight with a long certificate may come as one frame. */
const MAX_FRAME_BYTES = 8192;
/** About two seconds of video: whoever is further behind is better served by losing packets. */
const MAX_UNSENT_BYTES = 512 * 1024;
const MAX_CONNECTIONS = 512;
/** People behind one address may be many; each browser opens one or two. */
const MAX_CONNECTIONS_PER_NETWORK = 32;
/** A browser sends its first check at once. */
const FIRST_CHECK_MS = 10_000;

/** Passive ICE-TCP (RFC 6544) at one address, for networks that let no UDP through. */
export class TcpPort {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #listener: PathListener;
  readonly #counters: TransportCounters;
  readonly #clock: Clock;
  readonly #connections = new Set<TcpPath>();

  /** Rejects when the port is taken or the address is not this host's. */
  static async open(
    address: string,
    port: number,
    listener: PathListener,
    counters: TransportCounters,
    clock: Clock,
  ): Promise<TcpPort> {
    const server = createServer({ noDelay: true });
    const listening = once(server, 'listening');
    server.listen({ host: address, port, exclusive: true, ipv6Only: isIPv6(address) });
    await listening;
    return new TcpPort(server, address, listener, counters, clock);
  }

  private constructor(
    server: Server,
    address: string,
    listener: PathListener,
    counters: TransportCounters,
    clock: Clock,
  ) {
    const bound = server.address();
    this.address = address;
    this.port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    this.#server = server;
    this.#listener = listener;
    this.#counters = counters;
    this.#clock = clock;
    server.on('connection', (socket) => this.#accept(socket));
    // Accepting failed: the peer tries again, or another way.
    server.on('error', () => undefined);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const path of this.#connections) path.close();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const path = new TcpPath(socket, this.#counters);
    if (!this.#hasRoomFor(path)) {
      this.#counters.drop('tcpOverflow');
      socket.destroy();
      return;
    }
    this.#connections.add(path);
    const early = this.#clock.setTimeout(() => {
      if (path.owner === undefined) path.close();
    }, FIRST_CHECK_MS);
    socket.on('close', () => {
      this.#clock.clearTimeout(early);
      this.#connections.delete(path);
      this.#listener.lost(path);
    });
    socket.on('end', () => path.close());
    this.#read(socket, path);
  }

  #read(socket: Socket, path: TcpPath): void {
    const reader = new FrameReader(MAX_FRAME_BYTES);
    socket.on('data', (chunk: Buffer) => {
      const packets = reader.push(chunk);
      if (packets === undefined) {
        this.#counters.drop('tcpOverflow');
        path.close();
        return;
      }
      for (const packet of packets) {
        if (socket.destroyed) return;
        this.#counters.datagramsIn += 1;
        this.#counters.bytesIn += packet.length;
        this.#listener.receive(packet, path);
      }
    });
  }

  /** Who has hung up already has no address. */
  #hasRoomFor({ remoteAddress, network }: TcpPath): boolean {
    if (remoteAddress === '' || this.#connections.size >= MAX_CONNECTIONS) return false;
    let sameNetwork = 0;
    for (const connection of this.#connections) if (connection.network === network) sameNetwork += 1;
    return sameNetwork < MAX_CONNECTIONS_PER_NETWORK;
  }
}

class TcpPath implements Path {
  readonly protocol = 'tcp';
  owner: PathOwner | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly network: string;
  readonly #socket: Socket;
  readonly #counters: TransportCounters;

  constructor(socket: Socket, counters: TransportCounters) {
    this.#socket = socket;
    this.#counters = counters;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.network = networkOf(this.remoteAddress);
  }

  send(datagram: Buffer): void {
    if (this.#socket.writableLength > MAX_UNSENT_BYTES || !this.#socket.writable) {
      this.#counters.drop('tcpOverflow');
      return;
    }
    this.#counters.datagramsOut += 1;
    this.#counters.bytesOut += datagram.length;
    this.#socket.cork();
    this.#socket.write(frameHeader(datagram.length));
    this.#socket.write(datagram);
    this.#socket.uncork();
  }

  /** A connection knows itself. */
  keep(): void {}

  close(): void {
    this.#socket.destroy();
  }
}
