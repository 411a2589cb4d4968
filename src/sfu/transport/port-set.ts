import type { Clock } from '../../clock.ts';
import type { BoundPort } from './candidates.ts';
import type { PathListener } from './path.ts';
import { TcpPort } from './tcp-port.ts';
import type { TransportCounters } from './transport-counters.ts';
import { UdpPort } from './udp-port.ts';

/** Numbers to try in this order; both ends belong to it. 0 means any free one. */
export type PortRange = { readonly from: number; readonly to: number };

export type PortSettings = {
  readonly addresses: readonly string[];
  readonly range: PortRange;
  readonly tcp: boolean;
};

/** With port 0 another try is another number; with the numbers taken by chance, this many are enough. */
const EPHEMERAL_TRIES = 16;

/** The sockets of the SFU: at every address the same number, for UDP and, if it is free too, for TCP. */
export class PortSet {
  readonly udp: readonly UdpPort[];
  readonly tcp: readonly TcpPort[];

  /**
   * Takes the first number that is free for UDP and TCP at all addresses that are this host's; if there is none, the first that
   * is free for UDP. Rejects when no number is free.
   */
  static async open(
    settings: PortSettings,
    listener: PathListener,
    counters: TransportCounters,
    clock: Clock,
  ): Promise<PortSet> {
    let lastError: unknown;
    for (const tcp of settings.tcp ? [true, false] : [false]) {
      for (const port of numbers(settings.range)) {
        try {
          return await PortSet.#openAt(port, { ...settings, tcp }, listener, counters, clock);
        } catch (error) {
          lastError = error;
        }
      }
    }
    throw new Error('No port is free for the SFU', { cause: lastError });
  }

  static async #openAt(
    port: number,
    { addresses, tcp }: PortSettings,
    listener: PathListener,
    counters: TransportCounters,
    clock: Clock,
  ): Promise<PortSet> {
    const opened: (UdpPort | TcpPort)[] = [];
    const udp: UdpPort[] = [];
    const tcpPorts: TcpPort[] = [];
    try {
      for (const address of addresses) {
        const socket = await openedUnlessForeign(
          UdpPort.open(address, udp[0]?.port ?? port, listener, counters),
        );
        if (socket !== undefined) opened.push((udp[udp.length] = socket));
      }
      const [first] = udp;
      if (first === undefined) throw new Error('None of the addresses is of this host');
      for (const { address } of tcp ? udp : []) {
        opened.push(
          (tcpPorts[tcpPorts.length] = await TcpPort.open(address, first.port, listener, counters, clock)),
        );
      }
      return new PortSet(udp, tcpPorts);
    } catch (error) {
      await Promise.all(opened.map((socket) => socket.close()));
      throw error;
    }
  }

  private constructor(udp: readonly UdpPort[], tcp: readonly TcpPort[]) {
    this.udp = udp;
    this.tcp = tcp;
  }

  get port(): number {
    return this.udp[0]?.port ?? 0;
  }

  get bound(): BoundPort[] {
    return [
      ...this.udp.map(({ address, port }) => ({ protocol: 'udp' as const, address, port })),
      ...this.tcp.map(({ address, port }) => ({ protocol: 'tcp' as const, address, port })),
    ];
  }

  async close(): Promise<void> {
    await Promise.all([...this.udp, ...this.tcp].map((port) => port.close()));
  }
}

function* numbers({ from, to }: PortRange): Iterable<number> {
  if (from === 0) for (let tries = 0; tries < EPHEMERAL_TRIES; tries += 1) yield 0;
  else for (let port = from; port <= to; port += 1) yield port;
}

/** An address may have gone, or still be tentative, since it was detected: the others serve without it. */
async function openedUnlessForeign(opening: Promise<UdpPort>): Promise<UdpPort | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL') return undefined;
    throw error;
  }
}
