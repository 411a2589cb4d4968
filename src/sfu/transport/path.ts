/** Who gets what comes on a way that has shown that it knows the session's password. */
export interface PathOwner {
  /** The listener's own packets: nothing that is STUN. */
  receive(datagram: Buffer, path: Path): void;
  /** The way is gone: a TCP connection has ended, or another session has shown that the way is its own. */
  lost(path: Path): void;
}

/** One way between an address here and one there: what RFC 8445 calls a pair and the others a 5-tuple. */
export interface Path {
  readonly protocol: 'udp' | 'tcp';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The session that it belongs to: nobody before the first authenticated check. Set by the path table alone. */
  owner: PathOwner | undefined;
  /** Best effort: what does not fit is dropped. */
  send(datagram: Buffer): void;
  /** From now on datagrams of this way are known by it. */
  keep(): void;
  /** Ends a connection; forgets a pair of addresses. */
  close(): void;
}

/** Where datagrams arrive. */
export interface PathListener {
  receive(datagram: Buffer, path: Path): void;
  lost(path: Path): void;
}
