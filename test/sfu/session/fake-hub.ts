import type {
  LocalParameters,
  PeerKind,
  RemoteParameters,
  SessionTransport,
  TransportHub,
  TransportListener,
  TransportState,
} from '../../../src/sfu/transport/session-transport.ts';

export const LOCAL: LocalParameters = {
  ice: { ufrag: 'sfuu', password: 'sfupasswordsfupasswords1' },
  candidates: [
    {
      foundation: '1',
      protocol: 'udp',
      priority: 2_130_706_431,
      address: '192.0.2.1',
      port: 4_000,
      type: 'host',
    },
    {
      foundation: '2',
      protocol: 'tcp',
      priority: 1_000,
      address: '192.0.2.1',
      port: 4_000,
      type: 'host',
      tcpType: 'passive',
    },
  ],
  fingerprint: { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') },
};

/** A transport that goes nowhere and remembers what it was told. */
export class FakeTransport implements SessionTransport {
  readonly local = LOCAL;
  readonly kind: PeerKind;
  readonly remotes: RemoteParameters[] = [];
  readonly #listener: TransportListener;
  state: TransportState = 'new';

  constructor(kind: PeerKind, listener: TransportListener) {
    this.kind = kind;
    this.#listener = listener;
  }

  /** The peer's doing. */
  become(state: TransportState): void {
    this.state = state;
    this.#listener.onState(state);
  }

  receive(packet: Buffer, compound: Buffer): void {
    this.#listener.onRtp(packet, 1);
    this.#listener.onRtcp(compound, 2);
  }

  connect(remote: RemoteParameters): void {
    this.remotes.push(remote);
  }

  close(): void {
    this.state = 'closed';
  }

  protectRtp(packet: Buffer): Buffer {
    return packet;
  }

  send(): void {}

  sendRtcp(): void {}
}

export class FakeHub implements TransportHub {
  readonly transports: FakeTransport[] = [];
  isClosed = false;

  open(kind: PeerKind, listener: TransportListener): FakeTransport {
    const transport = new FakeTransport(kind, listener);
    this.transports.push(transport);
    return transport;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}
