import {
  DtlsClient,
  DtlsServer,
  HashAlgorithm,
  keyLength,
  ProtectionProfileAeadAes128Gcm,
  saltLength,
  SignatureAlgorithm,
  SrtcpSession,
  SrtpSession,
  type DtlsSocket,
  type Transport,
} from 'werift';
import type { DtlsCertificate } from '../../../../src/sfu/transport/dtls-certificate.ts';

type SrtpProfile = NonNullable<DtlsSocket['srtp']['srtpProfile']>;

/** The library's DTLS by itself, as a peer that knows nothing of what stands around it here. */
export class LibraryDtls {
  readonly socket: DtlsSocket;
  readonly #transport: Transport;
  #isConnected = false;

  constructor(
    role: 'client' | 'server',
    certificate: DtlsCertificate,
    send: (datagram: Buffer) => void,
    profiles: SrtpProfile[] = [ProtectionProfileAeadAes128Gcm],
  ) {
    this.#transport = {
      type: 'udp',
      address: { address: '', family: '', port: 0 },
      closed: false,
      onData: () => undefined,
      send: (datagram) => {
        send(datagram);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    const options = {
      transport: this.#transport,
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      signatureHash: { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
      srtpProfiles: profiles,
      extendedMasterSecret: true,
    };
    this.socket =
      role === 'client' ? new DtlsClient(options) : new DtlsServer({ ...options, certificateRequest: true });
    this.socket.onConnect.subscribe(() => void (this.#isConnected = true));
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    if (this.socket instanceof DtlsClient) void this.socket.connect().catch(() => undefined);
  }

  receive(datagram: Buffer): void {
    this.#transport.onData(datagram, ['', 0]);
  }

  /** Says goodbye: an encrypted close_notify. */
  sayGoodbye(): void {
    const { cipher, dtls, transport } = this.socket;
    dtls.recordSequenceNumber += 1;
    const header = { type: 21, version: 0xfefd, epoch: 1, sequenceNumber: dtls.recordSequenceNumber };
    const sealed = cipher.cipher.encrypt(cipher.sessionType, Buffer.from([1, 0]), header);
    const record = Buffer.alloc(13);
    record.writeUInt8(21, 0);
    record.writeUInt16BE(0xfefd, 1);
    record.writeUInt16BE(1, 3);
    record.writeUIntBE(dtls.recordSequenceNumber, 5, 6);
    record.writeUInt16BE(sealed.length, 11);
    void transport.send(Buffer.concat([record, sealed]));
  }

  srtp(): { readonly rtp: SrtpSession; readonly rtcp: SrtcpSession } {
    const profile = this.socket.srtp.srtpProfile;
    if (profile === undefined) throw new Error('No SRTP profile was agreed on');
    const keys = this.socket.extractSessionKeys(keyLength(profile), saltLength(profile));
    const config = {
      profile,
      keys: {
        localMasterKey: keys.localKey,
        localMasterSalt: keys.localSalt,
        remoteMasterKey: keys.remoteKey,
        remoteMasterSalt: keys.remoteSalt,
      },
    };
    return { rtp: new SrtpSession(config), rtcp: new SrtcpSession(config) };
  }

  /** Ends the library's own repetitions. */
  close(): void {
    this.socket.dtls.flight = 99;
  }
}
