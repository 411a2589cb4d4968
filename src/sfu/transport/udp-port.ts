import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Path, PathListener, PathOwner } from './path.ts';
import type { TransportCounters } from './transport-counters.ts';

/** Bursts of key frames for all: the default of about 200 kB is full within milliseconds. The kernel may grant less. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * One UDP socket at one address. Never at 0.0.0.0: on a host with several addresses the kernel would answer from another one
 * than was asked, and ICE drops such answers.
 */
export class UdpPort {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #counters: TransportCounters;
  readonly #paths = new Map<string, UdpPath>();

  /** Rejects when the port is taken or the address is not this host's. */
  static async open(
    address: string,
    port: number,
    listener: PathListener,
    counters: TransportCounters,
  ): Promise<UdpPort> {
    const socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(address),
      // Without it every packet sent goes through the resolver and waits for the next tick.
      lookup: (host, _, done) => done(null, host, isIPv6(host) ? 6 : 4),
    });
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new UdpPort(socket, listener, counters);
  }

  private constructor(socket: Socket, listener: PathListener, counters: TransportCounters) {
    ({ address: this.address, port: this.port } = socket.address());
    this.#socket = socket;
    this.#counters = counters;
    try {
      socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
      socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
    } catch {
      // Best effort: with smaller buffers bursts lose packets, which the media repair.
    }
    // A datagram that could not be sent is lost, as UDP may lose any.
    socket.on('error', () => undefined);
    socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
      counters.datagramsIn += 1;
      counters.bytesIn += datagram.length;
      // Port 0 is nobody's: it could not be answered.
      if (from.port !== 0) listener.receive(datagram, this.path(from.address, from.port));
    });
  }

  /** The way to a peer: the one that was kept, if it was. */
  path(address: string, port: number): Path {
    return this.#paths.get(pathKey(address, port)) ?? new UdpPath(this, address, port);
  }

  send(datagram: Buffer, address: string, port: number): void {
    this.#counters.datagramsOut += 1;
    this.#counters.bytesOut += datagram.length;
    this.#socket.send(datagram, port, address);
  }

  keep(path: UdpPath): void {
    this.#paths.set(pathKey(path.remoteAddress, path.remotePort), path);
  }

  forget(path: UdpPath): void {
    const key = pathKey(path.remoteAddress, path.remotePort);
    if (this.#paths.get(key) === path) this.#paths.delete(key);
  }

  async close(): Promise<void> {
    this.#paths.clear();
    await new Promise<void>((resolve) => void this.#socket.close(resolve));
  }
}

const pathKey = (address: string, port: number): string => `${address} ${port}`;

class UdpPath implements Path {
  readonly protocol = 'udp';
  owner: PathOwner | undefined;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #port: UdpPort;

  constructor(port: UdpPort, remoteAddress: string, remotePort: number) {
    this.#port = port;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  get localAddress(): string {
    return this.#port.address;
  }

  get localPort(): number {
    return this.#port.port;
  }

  send(datagram: Buffer): void {
    this.#port.send(datagram, this.remoteAddress, this.remotePort);
  }

  keep(): void {
    this.#port.keep(this);
  }

  close(): void {
    this.#port.forget(this);
  }
}
