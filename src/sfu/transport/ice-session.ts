import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { DtlsCertificate } from './dtls-certificate.ts';
import { DtlsEndpoint } from './dtls-endpoint.ts';
import type { SrtpAgreement } from './dtls-library.ts';
import { answerCheck } from './ice-check.ts';
import { IceControlling, type ControllingContext } from './ice-controlling.ts';
import { packetKind } from './packet-kind.ts';
import type { PathTable } from './path-table.ts';
import type { Path, PathOwner } from './path.ts';
import type {
  LocalParameters,
  PeerKind,
  RemoteParameters,
  SessionTransport,
  TransportListener,
  TransportState,
} from './session-transport.ts';
import { SrtpReceiver, SrtpSender, type SrtpRefusal } from './srtp.ts';
import type { StunMessage } from './stun-message.ts';
import type { TransportCounters } from './transport-counters.ts';

/** What all sessions of one hub share. */
export type SessionContext = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: TransportCounters;
  readonly paths: PathTable;
  readonly certificate: DtlsCertificate;
  readonly controlling: Pick<ControllingContext, 'pathsTo' | 'expectResponse' | 'forgetResponse'>;
  /** The session has ended. */
  readonly forget: (session: IceSession) => void;
};

/** Browsers ask for consent each 2.5 to 6 s, and send RTCP or media besides: this is what only silence comes to. */
export const DISCONNECTED_AFTER_MS = 10_000;
/** Without a sign for so long, nobody there has agreed to be sent to (RFC 7675, section 5.1). */
export const CONSENT_EXPIRES_MS = 30_000;

/** One peer: which ways lead to it, who it is, and the keys. */
export class IceSession implements SessionTransport, PathOwner {
  readonly local: LocalParameters;
  readonly #listener: TransportListener;
  readonly #context: SessionContext;
  readonly #dtls: DtlsEndpoint;
  readonly #agent: IceControlling | undefined;
  #state: TransportState = 'new';
  #remote: RemoteParameters | undefined;
  #selected: Path | undefined;
  /** Where the peer's last DTLS came from: an answer may be due before the peer has decided on a way. */
  #dtlsPath: Path | undefined;
  #sender: SrtpSender | undefined;
  #receiver: SrtpReceiver | undefined;
  #heardAtMs = 0;
  #hasConsent = true;
  #saidGoodbye = false;

  constructor(kind: PeerKind, local: LocalParameters, listener: TransportListener, context: SessionContext) {
    this.local = local;
    this.#listener = listener;
    this.#context = context;
    this.#dtls = new DtlsEndpoint(context.certificate, context.clock, {
      send: (datagram) => (this.#dtlsPath ?? this.#selected)?.send(datagram),
      agreed: (agreement) => this.#agreed(agreement),
      goodbye: () => this.#goodbye(),
      failed: (fault, cause) => {
        context.counters.handshakesFailed += 1;
        context.logger.warn({ ufrag: local.ice.ufrag, fault, err: cause }, 'DTLS handshake failed');
      },
      dropped: (reason) => context.counters.drop(reason),
    });
    if (kind === 'third-party') this.#agent = this.#controllingAgent();
  }

  get state(): TransportState {
    return this.#state;
  }

  connect(remote: RemoteParameters): void {
    if (this.#state === 'closed' || isDeepStrictEqual(remote, this.#remote)) return;
    this.#remote = remote;
    this.#dtls.expect(remote);
    this.#agent?.connect(remote.ice, remote.candidates);
  }

  protectRtp(packet: Buffer): Buffer | undefined {
    if (this.#sender === undefined) {
      this.#context.counters.drop('noKeys');
      return undefined;
    }
    const datagram = this.#sender.protectRtp(packet);
    if (datagram === undefined) this.#context.counters.drop('unsendable');
    return datagram;
  }

  send(datagram: Buffer): void {
    if (this.#selected === undefined || !this.#hasConsent) {
      this.#context.counters.drop('noConsent');
      return;
    }
    this.#context.counters.rtpOut += 1;
    this.#selected.send(datagram);
  }

  sendRtcp(compound: Buffer): void {
    const { counters } = this.#context;
    if (this.#sender === undefined) return counters.drop('noKeys');
    if (this.#selected === undefined || !this.#hasConsent) return counters.drop('noConsent');
    const datagram = this.#sender.protectRtcp(compound);
    if (datagram === undefined) return counters.drop('unsendable');
    counters.rtcpOut += 1;
    this.#selected.send(datagram);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#agent?.close();
    this.#dtls.close();
    this.#context.paths.releaseAll(this);
    this.#selected = undefined;
    this.#dtlsPath = undefined;
    this.#sender = undefined;
    this.#receiver = undefined;
    this.#context.forget(this);
  }

  /** The hub closes: the listener has not asked for it, so it is told. */
  shutDown(): void {
    if (this.#state === 'closed') return;
    this.close();
    queueMicrotask(() => this.#listener.onState('closed'));
  }

  /** A check that knows the password. */
  checked(message: StunMessage, path: Path): void {
    const outcome = answerCheck(message, path, this.local.ice.password, this.#agent?.role ?? 'controlled');
    if (outcome.accepted && !this.#context.paths.adopt(path, this, this.#selected)) {
      this.#context.counters.drop('pathsFull');
      return;
    }
    path.send(outcome.response);
    if (!outcome.accepted) return;
    this.#heard();
    if (this.#agent !== undefined) this.#agent.triggered(path, outcome.nominated);
    // Until the peer decides, the first way that works is the way: its ClientHello is to be answered.
    else if (outcome.nominated || this.#selected === undefined) this.#select(path);
  }

  receive(datagram: Buffer, path: Path): void {
    switch (packetKind(datagram)) {
      case 'dtls':
        this.#dtlsPath = path;
        this.#dtls.receive(datagram);
        return;
      case 'rtp':
        this.#receiveRtp(datagram);
        return;
      case 'rtcp':
        this.#receiveRtcp(datagram);
        return;
      default:
        this.#context.counters.drop('unknownKind');
    }
  }

  lost(path: Path): void {
    if (this.#dtlsPath === path) this.#dtlsPath = undefined;
    this.#agent?.lost(path);
    if (this.#selected !== path) return;
    this.#selected = undefined;
    this.#refreshState();
  }

  /** Called about once a second: a silent peer gives no occasion of its own. */
  sweep(nowMs: number): void {
    this.#hasConsent = nowMs - this.#heardAtMs < CONSENT_EXPIRES_MS;
    this.#refreshState();
  }

  #receiveRtp(datagram: Buffer): void {
    if (this.#receiver === undefined) return this.#context.counters.drop('noKeys');
    const packet = this.#receiver.unprotectRtp(datagram);
    if (!this.#isGenuine(packet)) return;
    this.#context.counters.rtpIn += 1;
    this.#listener.onRtp(packet, this.#heardAtMs);
  }

  #receiveRtcp(datagram: Buffer): void {
    if (this.#receiver === undefined) return this.#context.counters.drop('noKeys');
    const compound = this.#receiver.unprotectRtcp(datagram);
    if (!this.#isGenuine(compound)) return;
    this.#context.counters.rtcpIn += 1;
    this.#listener.onRtcp(compound, this.#heardAtMs);
  }

  #isGenuine(result: Buffer | SrtpRefusal): result is Buffer {
    if (typeof result === 'string') {
      this.#context.counters.drop(result);
      return false;
    }
    this.#heard();
    // The listener may have closed the session just now.
    return this.#state !== 'closed';
  }

  #heard(): void {
    this.#heardAtMs = this.#context.clock.now();
    this.#hasConsent = true;
    if (this.#state === 'disconnected') this.#refreshState();
  }

  #select(path: Path): void {
    // The listener may have closed the session at the sign of life just before.
    if (this.#selected === path || this.#state === 'closed') return;
    this.#selected = path;
    this.#dtlsPath = undefined;
    this.#dtls.pathFound();
    this.#refreshState();
  }

  #agreed({ profile, local, remote }: SrtpAgreement): void {
    this.#context.counters.handshakesCompleted += 1;
    this.#sender = new SrtpSender(profile, local);
    this.#receiver = new SrtpReceiver(profile, remote);
    this.#saidGoodbye = false;
    const wasConnected = this.#state === 'connected';
    this.#heard();
    this.#refreshState();
    // The goodbye of the association before was lost: no change of state tells of the keys.
    if (wasConnected && this.#state === 'connected') this.#listener.onState('connected');
  }

  #goodbye(): void {
    this.#saidGoodbye = true;
    this.#refreshState();
  }

  #refreshState(): void {
    if (this.#state === 'closed' || this.#sender === undefined) return;
    const isSilent = this.#context.clock.now() - this.#heardAtMs >= DISCONNECTED_AFTER_MS;
    const isConnected = this.#selected !== undefined && !isSilent && !this.#saidGoodbye;
    const state = isConnected ? 'connected' : 'disconnected';
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState(state);
  }

  #controllingAgent(): IceControlling {
    const { clock, controlling, paths } = this.#context;
    return new IceControlling({
      ...controlling,
      clock,
      local: this.local.ice,
      alive: (path) => {
        const hasRoom = paths.adopt(path, this, this.#selected);
        if (hasRoom) this.#heard();
        return hasRoom;
      },
      selected: (path) => this.#select(path),
    });
  }
}
