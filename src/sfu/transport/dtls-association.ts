import { DtlsClient, type DtlsSocket } from 'werift';
import type { Clock } from '../../clock.ts';
import type { DtlsCertificate } from './dtls-certificate.ts';
import {
  agreementOf,
  createLibrarySocket,
  decrypted,
  libraryTransport,
  resealed,
  type SrtpAgreement,
} from './dtls-library.ts';
import {
  CONTENT,
  HANDSHAKE,
  handshakeRecord,
  parseHandshake,
  type DtlsRecord,
  type HandshakeFragment,
} from './dtls-record.ts';
import { handshakeFault, type HandshakeFault } from './dtls-verification.ts';
import { HandshakeFlight } from './handshake-flight.ts';
import { HandshakeSequencer, type HandshakeMessage } from './handshake-sequencer.ts';
import { RecordNumbers } from './record-numbers.ts';
import type { Fingerprint } from './session-transport.ts';

/** Why an association came to nothing. */
export type AssociationFault = HandshakeFault | 'outOfTurn' | 'library' | 'timeout';

/** Who is told. Never from within `receive`'s caller's own call to `start`. */
export interface AssociationListener {
  send(datagram: Buffer): void;
  agreed(agreement: SrtpAgreement): void;
  failed(fault: AssociationFault, cause?: unknown): void;
  /** The peer's authenticated close_notify, or a fatal alert. */
  goodbye(): void;
}

export type AssociationOptions = {
  readonly role: 'client' | 'server';
  readonly certificate: DtlsCertificate;
  readonly fingerprint: Fingerprint;
  readonly clock: Clock;
};

/**
 * What a peer of each kind may say before there are keys, in the only order there is (RFC 6347, section 4.2.4). Finished is not
 * among it: the library would believe a plain one.
 */
const PLAIN_MESSAGES: Readonly<Record<'client' | 'server', readonly number[]>> = {
  server: [
    HANDSHAKE.clientHello,
    HANDSHAKE.certificate,
    HANDSHAKE.clientKeyExchange,
    HANDSHAKE.certificateVerify,
  ],
  client: [
    HANDSHAKE.helloVerifyRequest,
    HANDSHAKE.serverHello,
    HANDSHAKE.certificate,
    HANDSHAKE.serverKeyExchange,
    HANDSHAKE.certificateRequest,
    HANDSHAKE.serverHelloDone,
  ],
};
/** A client says hello again, with the cookie of the library's HelloVerifyRequest. */
const MOST_HELLOS = 2;
/** The message after which only Finished is missing. */
const LAST_PLAIN = { server: HANDSHAKE.certificateVerify, client: HANDSHAKE.serverHelloDone } as const;
/** A client that gets no answer for so long starts again from the beginning. */
const CLIENT_TIMEOUT_MS = 20_000;
/** Later than every flight: the library's timers stop by themselves when the handshake has come this far. */
const FLIGHT_AFTER_ALL = 99;
/** A flight of the library that nobody answered within its own 33 s. Ours are repeated for as long as it takes. */
const GAVE_UP = 'over retransmitCount';

/**
 * One DTLS association (RFC 6347, RFC 5764). The handshake is the library's; around it stand what makes it bear loss (the sequencer
 * before it, the flight behind it) and what makes it prove something (`handshakeFault`).
 */
export class DtlsAssociation {
  readonly #options: AssociationOptions;
  readonly #listener: AssociationListener;
  readonly #socket: DtlsSocket;
  readonly #toLibrary: (record: Buffer) => void;
  readonly #sequencer = new HandshakeSequencer();
  readonly #flight: HandshakeFlight;
  #state: 'shaking' | 'proved' | 'agreed' | 'over' = 'shaking';
  #hellos = 0;
  /** Of the plain messages, the place of the one that came last. */
  #place = -1;
  /** Everything of the peer that comes before Finished has come. */
  #awaitsFinished = false;
  #earlyFinished: DtlsRecord | undefined;
  #timeout: unknown;

  constructor(options: AssociationOptions, listener: AssociationListener) {
    this.#options = options;
    this.#listener = listener;
    const numbers = new RecordNumbers((record, number) => resealed(this.#socket, record, number));
    this.#flight = new HandshakeFlight((datagram) => listener.send(datagram), numbers, options.clock);
    const transport = libraryTransport((record) => {
      if (this.#state !== 'over') this.#flight.add(record);
    });
    this.#socket = createLibrarySocket(options.role, options.certificate, transport);
    this.#toLibrary = (record) => transport.onData(record, ['', 0]);
    this.#socket.onConnect.subscribe(() => this.#connected());
    this.#socket.onError.subscribe((error) => this.#libraryFailed(error));
  }

  get isAgreed(): boolean {
    return this.#state === 'agreed';
  }

  /** As the client, says hello. */
  start(): void {
    if (!(this.#socket instanceof DtlsClient)) return;
    this.#socket.connect().catch((error: unknown) => this.#libraryFailed(error));
    this.#timeout = this.#options.clock.setTimeout(() => this.#fail('timeout'), CLIENT_TIMEOUT_MS);
  }

  /** Takes one record; says whether it was of this association. */
  receive(record: DtlsRecord): boolean {
    if (this.#state === 'over') return false;
    if (record.epoch === 0) return record.contentType !== CONTENT.handshake || this.#receivePlain(record);
    if (record.contentType === CONTENT.handshake) return this.#receiveFinished(record);
    return record.contentType !== CONTENT.alert || this.#receiveAlert(record);
  }

  /** Ends it without a word: the peer learns of it in another way. */
  close(): void {
    this.#state = 'over';
    this.#options.clock.clearTimeout(this.#timeout);
    this.#flight.close();
    this.#socket.dtls.flight = FLIGHT_AFTER_ALL;
    this.#earlyFinished = undefined;
  }

  #receivePlain(record: DtlsRecord): boolean {
    let repeated = false;
    for (const fragment of parseHandshake(record.fragment)) {
      if (!PLAIN_MESSAGES[this.#options.role].includes(fragment.type)) continue;
      repeated = this.#receiveFragment(fragment) || repeated;
    }
    if (repeated) this.#flight.repeat();
    return true;
  }

  /** Says whether the peer has said it before. */
  #receiveFragment(fragment: HandshakeFragment): boolean {
    const novelty = this.#sequencer.add(fragment);
    // Once the peer has proved itself, nothing in clear is of it: the library would begin anew with whoever says hello.
    if (this.#state !== 'shaking') return novelty === 'repeated';
    const messages = this.#sequencer.take();
    if (messages.length > 0) this.#flight.answered();
    for (const message of messages) this.#deliver(message);
    return novelty === 'repeated';
  }

  #deliver({ type, sequence, body }: HandshakeMessage): void {
    if (this.#state !== 'shaking') return;
    if (!this.#isInTurn(type)) {
      this.#fail('outOfTurn');
      return;
    }
    try {
      this.#toLibrary(handshakeRecord(type, sequence, body));
    } catch (error) {
      this.#libraryFailed(error);
      return;
    }
    if (type !== LAST_PLAIN[this.#options.role]) return;
    this.#awaitsFinished = true;
    const early = this.#earlyFinished;
    this.#earlyFinished = undefined;
    if (early !== undefined) this.#receiveFinished(early);
  }

  /**
   * Each message once and in its turn. The library takes them as they come and remembers the first of each kind, but uses the last:
   * a key that came behind the proof would count, and neither the signature nor Finished would cover it.
   */
  #isInTurn(type: number): boolean {
    const place = PLAIN_MESSAGES[this.#options.role].indexOf(type);
    const isHello = type === HANDSHAKE.clientHello;
    if (isHello) this.#hellos += 1;
    const isInTurn = isHello ? this.#place <= place && this.#hellos <= MOST_HELLOS : place > this.#place;
    this.#place = Math.max(place, this.#place);
    return isInTurn;
  }

  #receiveFinished(record: DtlsRecord): boolean {
    // The peer repeats its last flight, since ours was lost.
    if (this.#state !== 'shaking') this.#flight.repeat();
    else if (this.#awaitsFinished) this.#prove(record);
    else this.#earlyFinished = record;
    return true;
  }

  #prove(record: DtlsRecord): void {
    const [message] = parseHandshake(decrypted(this.#socket, record) ?? Buffer.alloc(0));
    // A forged record proves nothing, and spoils nothing either.
    if (message?.type !== HANDSHAKE.finished) return;
    const { role, fingerprint } = this.#options;
    const fault = handshakeFault(this.#socket, role, fingerprint, message.body);
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    this.#state = 'proved';
    this.#flight.answered();
    this.#toLibrary(record.raw);
  }

  #connected(): void {
    if (this.#state !== 'proved') return;
    this.#state = 'agreed';
    this.#options.clock.clearTimeout(this.#timeout);
    this.#socket.dtls.flight = FLIGHT_AFTER_ALL;
    this.#listener.agreed(agreementOf(this.#socket));
  }

  /** Only a peer with the keys may end an association. */
  #receiveAlert(record: DtlsRecord): boolean {
    const alert = decrypted(this.#socket, record);
    if (alert === undefined) return false;
    const [level, description] = alert;
    // Fatal, or close_notify (RFC 5246, section 7.2).
    if (level === 2 || description === 0) this.#listener.goodbye();
    return true;
  }

  #libraryFailed(error: unknown): void {
    if (error instanceof Error && error.message.startsWith(GAVE_UP)) return;
    if (this.#state === 'shaking' || this.#state === 'proved') this.#fail('library', error);
  }

  #fail(fault: AssociationFault, cause?: unknown): void {
    this.close();
    this.#listener.failed(fault, cause);
  }
}
