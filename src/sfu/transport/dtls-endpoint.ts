import type { Clock } from '../../clock.ts';
import { DtlsAssociation, type AssociationFault, type AssociationListener } from './dtls-association.ts';
import type { DtlsCertificate } from './dtls-certificate.ts';
import type { SrtpAgreement } from './dtls-library.ts';
import { clientRandomIn, CONTENT, parseHandshake, parseRecords, type DtlsRecord } from './dtls-record.ts';
import type { RemoteParameters } from './session-transport.ts';

export type DtlsPeer = Pick<RemoteParameters, 'fingerprint' | 'dtlsRole'>;

/** Who is told. */
export interface DtlsListener {
  send(datagram: Buffer): void;
  /** New keys: they replace those that were there. */
  agreed(agreement: SrtpAgreement): void;
  /** The peer has closed its side. It may open another one at any time, and the keys stay until then. */
  goodbye(): void;
  failed(fault: AssociationFault, cause?: unknown): void;
  dropped(reason: 'earlyDtls' | 'badDtls'): void;
}

/** A first flight with a post-quantum key share has two datagrams, and is repeated a few times while HTTP is slower. */
const MAX_EARLY_DATAGRAMS = 8;
/** A browser makes a new transport when a person does something; each costs this side a key and a signature. */
const MAX_STARTS = 20;
const STARTS_PER_MS = 60_000;
const MAX_CLIENT_TRIES = 5;
const CLIENT_RETRY_MS = 1_000;

/**
 * DTLS of one session. It outlives its associations: browsers build a new transport, on another port or on the same one,
 * when the first line of a description stops, and greet anew. The old association goes on until the new one has keys.
 */
export class DtlsEndpoint {
  readonly #certificate: DtlsCertificate;
  readonly #listener: DtlsListener;
  readonly #clock: Clock;
  #peer: DtlsPeer | undefined;
  #early: Buffer[] = [];
  #hasPath = false;
  #current: DtlsAssociation | undefined;
  #pending: DtlsAssociation | undefined;
  /** The current association is not, or no longer, with the peer as it is: as the client, this side greets again. */
  #isStale = true;
  /** Of the newest ClientHello that was taken up: its repetitions are no new association. */
  #clientRandom: Buffer | undefined;
  #starts = 0;
  #startsSinceMs = 0;
  #clientTries = 0;
  #retry: unknown;
  #isClosed = false;

  constructor(certificate: DtlsCertificate, clock: Clock, listener: DtlsListener) {
    this.#certificate = certificate;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Says who the peer must prove to be. What came before is taken up, in a later turn. */
  expect(peer: DtlsPeer): void {
    const isOther =
      this.#peer?.dtlsRole !== peer.dtlsRole || this.#peer.fingerprint.value !== peer.fingerprint.value;
    this.#peer = peer;
    if (isOther) {
      this.#dropPending();
      this.#isStale = true;
      this.#clientTries = 0;
    }
    const early = this.#early;
    this.#early = [];
    queueMicrotask(() => {
      for (const datagram of early) this.receive(datagram);
      this.#greet();
    });
  }

  /** There is a way to the peer: as the client, this side may greet. */
  pathFound(): void {
    this.#hasPath = true;
    this.#greet();
  }

  receive(datagram: Buffer): void {
    if (this.#isClosed) return;
    if (this.#peer === undefined) {
      if (this.#early.length < MAX_EARLY_DATAGRAMS) this.#early.push(datagram);
      else this.#listener.dropped('earlyDtls');
      return;
    }
    const records = parseRecords(datagram);
    if (records.length === 0) this.#listener.dropped('badDtls');
    for (const record of records) if (!this.#route(record, this.#peer)) this.#listener.dropped('badDtls');
  }

  close(): void {
    this.#isClosed = true;
    this.#early = [];
    this.#clock.clearTimeout(this.#retry);
    this.#dropPending();
    this.#current?.close();
    this.#current = undefined;
  }

  #route(record: DtlsRecord, peer: DtlsPeer): boolean {
    if (record.epoch === 0 && record.contentType === CONTENT.handshake && peer.dtlsRole === 'server') {
      if (!this.#welcome(record, peer)) return false;
    }
    // Something encrypted may be of either: each says whether it could read it.
    return this.#pending?.receive(record) === true || this.#current?.receive(record) === true;
  }

  /** A ClientHello that is not known starts an association. Says no when there have been too many. */
  #welcome(record: DtlsRecord, peer: DtlsPeer): boolean {
    for (const fragment of parseHandshake(record.fragment)) {
      const random = clientRandomIn(fragment);
      if (random === undefined || this.#clientRandom?.equals(random) === true) continue;
      if (!this.#mayStart()) return false;
      this.#begin(peer);
      this.#clientRandom = Buffer.from(random);
    }
    return true;
  }

  #greet(): void {
    const isNeeded = this.#isStale && this.#pending === undefined && !this.#isClosed;
    if (!isNeeded || !this.#hasPath || this.#peer?.dtlsRole !== 'client') return;
    if (this.#clientTries >= MAX_CLIENT_TRIES) return;
    this.#clientTries += 1;
    this.#begin(this.#peer);
    this.#pending?.start();
  }

  #begin({ dtlsRole: role, fingerprint }: DtlsPeer): void {
    this.#dropPending();
    const options = { role, fingerprint, certificate: this.#certificate, clock: this.#clock };
    const association = new DtlsAssociation(
      options,
      this.#associationListener(() => association),
    );
    this.#pending = association;
  }

  #associationListener(self: () => DtlsAssociation): AssociationListener {
    return {
      send: (datagram) => this.#listener.send(datagram),
      agreed: (agreement) => {
        this.#current?.close();
        this.#current = self();
        this.#pending = undefined;
        this.#isStale = false;
        this.#clientTries = 0;
        this.#listener.agreed(agreement);
      },
      failed: (fault, cause) => {
        this.#pending = undefined;
        // The same greeting again is another try then.
        this.#clientRandom = undefined;
        this.#listener.failed(fault, cause);
        this.#retryLater();
      },
      goodbye: () => {
        if (self() !== this.#current) {
          this.#dropPending();
          return;
        }
        this.#isStale = true;
        this.#retryLater();
        this.#listener.goodbye();
      },
    };
  }

  #retryLater(): void {
    this.#clock.clearTimeout(this.#retry);
    this.#retry = this.#clock.setTimeout(() => this.#greet(), CLIENT_RETRY_MS);
  }

  #dropPending(): void {
    this.#pending?.close();
    this.#pending = undefined;
    this.#clientRandom = undefined;
  }

  #mayStart(): boolean {
    const now = this.#clock.now();
    if (now - this.#startsSinceMs >= STARTS_PER_MS) {
      this.#startsSinceMs = now;
      this.#starts = 0;
    }
    this.#starts += 1;
    return this.#starts <= MAX_STARTS;
  }
}
