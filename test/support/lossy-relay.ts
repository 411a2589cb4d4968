import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { systemClock, type Clock } from '../../src/clock.ts';

/** Datagrams that share a port are told apart by their first byte (RFC 7983, section 7). */
export type DatagramKind = 'stun' | 'dtls' | 'media' | 'other';

export type Impairment = {
  /** What is impaired; all else passes at once, as it is. `media` are RTP and RTCP. */
  readonly affects: 'media' | 'dtls' | 'all';
  /** The same seed and the same datagrams: the same ones are lost. */
  readonly seed: number;
  readonly lossPercent?: number;
  readonly delayMs?: number;
  /** Up to so much is added to the delay, evenly spread. */
  readonly jitterMs?: number;
  /** Whether datagrams overtake each other by their jitter; else one that is late makes those behind it late too. */
  readonly reorders?: boolean;
};

export type RelayCounts = { passed: number; lost: number; delayed: number };

const LOOPBACK = '127.0.0.1';
/** Peers of one test; a relay that never forgets is none for strangers. */
const MAX_CLIENTS = 64;

export function kindOf(datagram: Buffer): DatagramKind {
  const first = datagram[0] ?? 255;
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  return first >= 128 && first <= 191 ? 'media' : 'other';
}

/** Evenly spread numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Waiting = { readonly dueAtMs: number; readonly pass: () => void };

/** One direction of one client's way. */
class Line {
  readonly #impairment: Impairment;
  readonly #clock: Clock;
  readonly #counts: RelayCounts;
  readonly #random: () => number;
  readonly #waiting: Waiting[] = [];
  #latestMs = 0;
  #timer: unknown;

  constructor(impairment: Impairment, seed: number, clock: Clock, counts: RelayCounts) {
    this.#impairment = impairment;
    this.#clock = clock;
    this.#counts = counts;
    this.#random = randomFrom(seed);
  }

  carry(datagram: Buffer, send: () => void): void {
    const { affects, lossPercent = 0, delayMs = 0, jitterMs = 0, reorders = false } = this.#impairment;
    const isAffected = affects === 'all' || kindOf(datagram) === affects;
    const pass = (): void => {
      this.#counts.passed += 1;
      send();
    };
    if (!isAffected) return pass();
    // Both are drawn for every datagram, so that one setting does not change what the other does.
    const isLost = this.#random() * 100 < lossPercent;
    const lateMs = delayMs + this.#random() * jitterMs;
    if (isLost) {
      this.#counts.lost += 1;
      return;
    }
    if (lateMs === 0) return pass();
    this.#counts.delayed += 1;
    const dueAtMs = this.#clock.now() + lateMs;
    this.#latestMs = reorders ? dueAtMs : Math.max(this.#latestMs, dueAtMs);
    this.#put({ dueAtMs: this.#latestMs, pass });
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #put(datagram: Waiting): void {
    const before = this.#waiting.findLastIndex(({ dueAtMs }) => dueAtMs <= datagram.dueAtMs);
    this.#waiting.splice(before + 1, 0, datagram);
    if (before === -1) this.#wait();
  }

  #wait(): void {
    this.#clock.clearTimeout(this.#timer);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#timer = this.#clock.setTimeout(
      () => this.#passWhatIsDue(),
      Math.max(0, next.dueAtMs - this.#clock.now()),
    );
  }

  #passWhatIsDue(): void {
    // A timer of the system may be early by less than a millisecond.
    const now = this.#clock.now() + 1;
    while ((this.#waiting[0]?.dueAtMs ?? Number.POSITIVE_INFINITY) < now) this.#waiting.shift()?.pass();
    this.#wait();
  }
}

type Client = { readonly socket: Socket; readonly up: Line; readonly down: Line };

/**
 * A bad network on loopback: a UDP port in front of another, for whoever believes that it is the other. Each client has a
 * port of its own behind it, as behind NAT, so that ICE finds its way and the far end tells clients apart.
 */
export class LossyRelay {
  readonly counts: RelayCounts = { passed: 0, lost: 0, delayed: 0 };
  readonly #front: Socket;
  readonly #targetPort: number;
  readonly #clock: Clock;
  readonly #clients = new Map<number, Client>();
  #impairment: Impairment;

  private constructor(targetPort: number, impairment: Impairment, clock: Clock) {
    this.#targetPort = targetPort;
    this.#impairment = impairment;
    this.#clock = clock;
    this.#front = createSocket('udp4');
    this.#front.on('message', (datagram, { port }) => {
      this.#clientAt(port)?.up.carry(datagram, () => this.#toTarget(port, datagram));
    });
  }

  /** Listens on a port of its own until the test ends. */
  static async start(
    targetPort: number,
    impairment: Impairment,
    clock: Clock = systemClock,
  ): Promise<LossyRelay> {
    const relay = new LossyRelay(targetPort, impairment, clock);
    relay.#front.bind(0, LOOPBACK);
    await once(relay.#front, 'listening');
    onTestFinished(() => relay.#close());
    return relay;
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** A description of the far end by which peers come this way; other ways to it are left out. */
  through(sdp: string): string {
    const target = `UDP ${this.#targetPort} `.toLowerCase();
    return sdp
      .split('\r\n')
      .flatMap((line) => {
        const [foundation, component, protocol = '', priority, address, port, ...rest] = line.split(' ');
        if (!line.startsWith('a=candidate:')) return line;
        if (`${protocol} ${port} `.toLowerCase() !== target || address !== LOOPBACK) return [];
        return [foundation, component, protocol, priority, address, this.port, ...rest].join(' ');
      })
      .join('\r\n');
  }

  /** From now on, for clients that come: those that are there keep what they have. */
  set impairment(impairment: Impairment) {
    this.#impairment = impairment;
  }

  #clientAt(port: number): Client | undefined {
    const known = this.#clients.get(port);
    if (known !== undefined || this.#clients.size >= MAX_CLIENTS) return known;
    const socket = createSocket('udp4');
    // Each direction of each client draws its own numbers: what one sends changes nothing for the others.
    const seed = this.#impairment.seed * 1_000 + 2 * this.#clients.size;
    const line = (offset: number): Line =>
      new Line(this.#impairment, seed + offset, this.#clock, this.counts);
    const client = { socket, up: line(0), down: line(1) };
    socket.on('message', (datagram) =>
      client.down.carry(datagram, () => this.#front.send(datagram, port, LOOPBACK)),
    );
    this.#clients.set(port, client);
    return client;
  }

  #toTarget(port: number, datagram: Buffer): void {
    this.#clients.get(port)?.socket.send(datagram, this.#targetPort, LOOPBACK);
  }

  async #close(): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    for (const { up, down } of clients) {
      up.stop();
      down.stop();
    }
    const sockets = [this.#front, ...clients.map(({ socket }) => socket)];
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => void socket.close(() => resolve()))),
    );
  }
}
