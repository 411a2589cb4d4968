/** An address at which a peer may be reached, as in `a=candidate` (RFC 8839). The component is always 1: RTCP is multiplexed. */
export type Candidate = {
  readonly foundation: string;
  readonly protocol: 'udp' | 'tcp';
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly tcpType?: 'active' | 'passive' | 'so';
};

export type IceCredentials = { readonly ufrag: string; readonly password: string };

/** The hash of a DTLS certificate, as in `a=fingerprint` (RFC 8122): `value` is upper-case hex with colons. */
export type Fingerprint = { readonly algorithm: string; readonly value: string };

/** What a description of this side says about the way here. */
export type LocalParameters = {
  readonly ice: IceCredentials;
  readonly candidates: readonly Candidate[];
  readonly fingerprint: Fingerprint;
};

/** What a peer's description says about the way to it. */
export type RemoteParameters = {
  readonly ice: IceCredentials;
  readonly candidates: readonly Candidate[];
  readonly fingerprint: Fingerprint;
  /** Which side of DTLS this server takes: the peer that is `active` meets a `server`. */
  readonly dtlsRole: 'client' | 'server';
};

/**
 * Who is at the other end. A `browser` does the connectivity checks, and this side is ICE-lite. A `third-party` is lite itself
 * and never sends a check: this side is full ICE then, and controlling.
 */
export type PeerKind = 'browser' | 'third-party';

/**
 * `new` until media can flow; `connected`; `disconnected` while the peer has not been heard for a while or has said goodbye,
 * and may come back; `closed` at the end.
 */
export type TransportState = 'new' | 'connected' | 'disconnected' | 'closed';

/** Who is told what arrives. Never called while the call that would cause it is still running, nor after `close`. */
export interface TransportListener {
  /** A decrypted RTP packet; the buffer belongs to the listener. Replayed and forged packets have been dropped. */
  onRtp(packet: Buffer, receivedAtMs: number): void;
  /** A decrypted compound RTCP packet. */
  onRtcp(compound: Buffer, receivedAtMs: number): void;
  /** Told at each change, and of `connected` once more when there are other keys. */
  onState(state: TransportState): void;
}

/** What media need of a transport. */
export interface MediaTransport {
  /**
   * Encrypts one RTP packet into a datagram that stays valid for sending again, or gives nothing while there are no keys.
   * Never to be called twice for one SSRC and sequence number: AES-GCM must not use a nonce twice. So what is sent again is
   * the datagram. (RFC 7714, section 8.1.)
   */
  protectRtp(packet: Buffer): Buffer | undefined;
  /** Sends what `protectRtp` made. Best effort, as UDP is. */
  send(datagram: Buffer): void;
  /** Encrypts and sends one compound RTCP packet; without keys it is dropped. */
  sendRtcp(compound: Buffer): void;
}

/**
 * One session's way to its peer: ICE, DTLS and SRTP over a port that all sessions share (RFC 8445, 5764, 3711, 7714).
 * Survives what browsers do: a new DTLS association on the same or another port, a changed address, close_notify.
 */
export interface SessionTransport extends MediaTransport {
  readonly local: LocalParameters;
  readonly state: TransportState;
  /**
   * Says who the peer is; called with each description that the peer sends. The same parameters change nothing. Packets that
   * came before wait, within bounds: the peer's first ClientHello may be faster than the HTTP answer.
   */
  connect(remote: RemoteParameters): void;
  close(): void;
}

/** All transports of this SFU, on its ports. */
export interface TransportHub {
  open(kind: PeerKind, listener: TransportListener): SessionTransport;
  close(): Promise<void>;
}
