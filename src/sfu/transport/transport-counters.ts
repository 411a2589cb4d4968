import type { SrtpRefusal } from './srtp.ts';

/** Why something that arrived, or was to be sent, was dropped. */
export type DropReason =
  | SrtpRefusal
  /** No session has shown that this address is its peer's. */
  | 'unknownPath'
  /** Neither STUN nor DTLS nor SRTP. */
  | 'unknownKind'
  | 'badStun'
  /** STUN that knows no password, beyond what an address may try. */
  | 'rateLimited'
  | 'unauthenticated'
  | 'pathsFull'
  | 'noKeys'
  /** No packet at all, or one whose nonce has been used. */
  | 'unsendable'
  /** More early DTLS than is kept for a peer that no description has named so far. */
  | 'earlyDtls'
  | 'badDtls'
  /** A TCP peer that does not read, or sends frames that are too big. */
  | 'tcpOverflow'
  /** Nothing was heard of the peer for so long that it may not be sent to (RFC 7675). */
  | 'noConsent';

/** What went through the ports since they opened. Plain numbers, for benchmarks and metrics. */
export class TransportCounters {
  datagramsIn = 0;
  datagramsOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  rtpIn = 0;
  rtpOut = 0;
  rtcpIn = 0;
  rtcpOut = 0;
  handshakesCompleted = 0;
  handshakesFailed = 0;
  readonly dropped: Record<DropReason, number> = {
    malformed: 0,
    replayed: 0,
    forged: 0,
    tooManyStreams: 0,
    unknownPath: 0,
    unknownKind: 0,
    badStun: 0,
    rateLimited: 0,
    unauthenticated: 0,
    pathsFull: 0,
    noKeys: 0,
    unsendable: 0,
    earlyDtls: 0,
    badDtls: 0,
    tcpOverflow: 0,
    noConsent: 0,
  };

  drop(reason: DropReason): void {
    this.dropped[reason] += 1;
  }
}
