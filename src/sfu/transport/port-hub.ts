import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { localCandidates, type AnnouncedAddresses } from './candidates.ts';
import { createDtlsCertificate, type DtlsCertificate } from './dtls-certificate.ts';
import { rehearseHandshake } from './dtls-rehearsal.ts';
import type { IceControlling } from './ice-controlling.ts';
import { IceSession, type SessionContext } from './ice-session.ts';
import { addressToBytes, bytesToAddress, isLoopback } from './ip-address.ts';
import { addressAdvice, detectLocalAddresses } from './local-addresses.ts';
import { packetKind } from './packet-kind.ts';
import { PathTable } from './path-table.ts';
import type { Path, PathListener } from './path.ts';
import { PortSet, type PortRange } from './port-set.ts';
import type {
  Candidate,
  IceCredentials,
  LocalParameters,
  PeerKind,
  SessionTransport,
  TransportHub,
  TransportListener,
} from './session-transport.ts';
import { ATTRIBUTE, hasIntegrity, parseStun, STUN, type StunMessage } from './stun-message.ts';
import { StunRateLimit } from './stun-rate-limit.ts';
import { TransportCounters } from './transport-counters.ts';

export type PortHubSettings = {
  /** One number, a range of which the first free one is taken, or 0 for any. */
  readonly port: number | PortRange;
  /** {@link detectLocalAddresses} without. */
  readonly addresses?: readonly string[];
  readonly announced?: AnnouncedAddresses;
  /** Whether peers may come over TCP as well; on without. */
  readonly tcp?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A browser has a way for each pair of addresses, and a few more while it moves from one network to another. */
const MAX_PATHS_PER_SESSION = 16;
const MAX_PATHS = 16_384;
const SWEEP_MS = 1_000;

/** All sessions of this process on its ports. */
export class PortHub implements TransportHub, PathListener {
  readonly counters: TransportCounters;
  readonly #clock: Clock;
  readonly #certificate: DtlsCertificate;
  readonly #sessions = new Map<string, IceSession>();
  readonly #responses = new Map<string, IceControlling>();
  readonly #rateLimit = new StunRateLimit();
  readonly #context: SessionContext;
  #ports: PortSet | undefined;
  #candidates: readonly Candidate[] = [];
  #sweep: unknown;
  #closing: Promise<void> | undefined;

  /** Takes the ports. Rejects when there are none to be had. */
  static async open(settings: PortHubSettings): Promise<PortHub> {
    const certificate = await createDtlsCertificate();
    await rehearseHandshake(certificate, settings.clock);
    const hub = new PortHub(settings, certificate);
    await hub.#listen(settings);
    return hub;
  }

  private constructor({ clock, logger }: PortHubSettings, certificate: DtlsCertificate) {
    this.counters = new TransportCounters();
    this.#clock = clock;
    this.#certificate = certificate;
    this.#context = {
      clock,
      logger,
      counters: this.counters,
      paths: new PathTable(MAX_PATHS, MAX_PATHS_PER_SESSION),
      certificate,
      controlling: {
        pathsTo: (candidate) => this.#pathsTo(candidate),
        expectResponse: (transactionId, agent) => void this.#responses.set(transactionId, agent),
        forgetResponse: (transactionId) => void this.#responses.delete(transactionId),
      },
      forget: (session) => this.#forget(session),
    };
  }

  /** The number that was taken. */
  get port(): number {
    return this.#ports?.port ?? 0;
  }

  /** How much there is of what peers can make grow. */
  get sizes(): { readonly sessions: number; readonly paths: number; readonly checks: number } {
    return { sessions: this.#sessions.size, paths: this.#context.paths.size, checks: this.#responses.size };
  }

  open(kind: PeerKind, listener: TransportListener): SessionTransport {
    if (this.#closing !== undefined) throw new Error('The transport hub is closed');
    const ice = newCredentials();
    const { fingerprint } = this.#certificate;
    const local: LocalParameters = { ice, candidates: this.#candidates, fingerprint };
    const session = new IceSession(kind, local, listener, this.#context);
    this.#sessions.set(ice.ufrag, session);
    if (this.#sweep === undefined) this.#sweepLater();
    return session;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) session.shutDown();
    this.#closing ??= this.#ports?.close() ?? Promise.resolve();
    await this.#closing;
  }

  receive(datagram: Buffer, path: Path): void {
    if (packetKind(datagram) === 'stun') this.#receiveStun(datagram, path);
    else if (path.owner === undefined) this.counters.drop('unknownPath');
    else path.owner.receive(datagram, path);
  }

  lost(path: Path): void {
    const { owner } = path;
    this.#context.paths.release(path);
    owner?.lost(path);
  }

  async #listen({
    port,
    addresses = detectLocalAddresses(),
    announced,
    tcp = true,
    logger,
  }: PortHubSettings): Promise<void> {
    const range = typeof port === 'number' ? { from: port, to: port } : port;
    const ports = await PortSet.open({ addresses, range, tcp }, this, this.counters, this.#clock);
    this.#ports = ports;
    this.#candidates = localCandidates(ports.bound, announced);
    const bound = ports.udp.map(({ address }) => address);
    logger.info({ addresses: bound, port: ports.port, announced: announced?.addresses }, 'SFU ports opened');
    if (tcp && ports.tcp.length === 0) logger.warn({ port: ports.port }, 'SFU has no TCP port: it is taken');
    const advice = addressAdvice(bound, ports.port, announced);
    if (advice !== undefined) logger.info({ advice }, 'SFU addresses are local');
  }

  #receiveStun(datagram: Buffer, path: Path): void {
    // A session's own peer is never slowed: somebody else may be sending under its address.
    const isStranger = path.owner === undefined;
    if (isStranger && !this.#rateLimit.allows(path.remoteAddress, this.#clock.now())) {
      this.counters.drop('rateLimited');
      return;
    }
    const message = parseStun(datagram);
    if (message === undefined) return this.#refuse('badStun', path);
    if (message.type === STUN.bindingIndication) return;
    const isKnown =
      message.type === STUN.bindingRequest ? this.#check(message, path) : this.#respond(message, path);
    if (!isKnown) this.#refuse('unauthenticated', path);
  }

  #check(message: StunMessage, path: Path): boolean {
    // The name is ours, a colon, and the peer's own (RFC 8445, section 7.2.2).
    const [ufrag] = (message.attributes.get(ATTRIBUTE.username)?.toString('latin1') ?? '').split(':');
    const session = this.#sessions.get(ufrag ?? '');
    if (session === undefined || !hasIntegrity(message, session.local.ice.password)) return false;
    session.checked(message, path);
    return true;
  }

  #respond(message: StunMessage, path: Path): boolean {
    const isResponse = message.type === STUN.bindingSuccess || message.type === STUN.bindingError;
    const agent = isResponse ? this.#responses.get(message.transactionId.toString('hex')) : undefined;
    return agent?.respond(message, path) === true;
  }

  /** Strangers get no answer: an answer would tell them something, or go to a third one. */
  #refuse(reason: 'badStun' | 'unauthenticated', path: Path): void {
    this.counters.drop(reason);
    this.#rateLimit.spend(path.remoteAddress, this.#clock.now());
  }

  #pathsTo({ address, port }: Candidate): Path[] {
    const bytes = addressToBytes(address);
    if (bytes === undefined) return [];
    // IPv6 has many spellings, and the socket's is the one that answers will have.
    const canonical =
      bytes.length === 4 ? bytesToAddress(bytes) : new URL(`http://[${address}]`).hostname.slice(1, -1);
    const sameFamily = (this.#ports?.udp ?? []).filter((udp) => isIPv6(udp.address) === isIPv6(canonical));
    const matching = sameFamily.filter((udp) => isLoopback(udp.address) === isLoopback(canonical));
    return (matching.length > 0 ? matching : sameFamily).map((udp) => udp.path(canonical, port));
  }

  #forget(session: IceSession): void {
    this.#sessions.delete(session.local.ice.ufrag);
    if (this.#sessions.size > 0) return;
    this.#clock.clearTimeout(this.#sweep);
    this.#sweep = undefined;
  }

  #sweepLater(): void {
    this.#sweep = this.#clock.setTimeout(() => {
      this.#sweepLater();
      const now = this.#clock.now();
      for (const session of this.#sessions.values()) session.sweep(now);
    }, SWEEP_MS);
  }
}

/** RFC 8445, section 5.3, asks for 24 and 128 random bits; base64 of these lengths is made of ice-chars alone. */
const newCredentials = (): IceCredentials => ({
  ufrag: randomBytes(6).toString('base64'),
  password: randomBytes(18).toString('base64'),
});
