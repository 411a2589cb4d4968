import type { AddressInfo } from 'node:net';
import {
  DtlsClient,
  DtlsServer,
  HashAlgorithm,
  ProtectionProfileAeadAes128Gcm,
  ProtectionProfileAes128CmHmacSha1_80,
  SignatureAlgorithm,
  type DtlsSocket,
  type Transport,
} from 'werift';
import type { DtlsCertificate } from './dtls-certificate.ts';
import { encodeRecord, type DtlsRecord } from './dtls-record.ts';
import { MASTER_KEY_SIZES, SRTP_PROFILES, type SrtpMasterKey, type SrtpProfile } from './srtp-keys.ts';

/** What both sides have agreed on. */
export type SrtpAgreement = {
  readonly profile: SrtpProfile;
  readonly local: SrtpMasterKey;
  readonly remote: SrtpMasterKey;
};

type CipherHeader = Parameters<DtlsSocket['cipher']['cipher']['decrypt']>[2];

const PROFILES = {
  'aead-aes-128-gcm': ProtectionProfileAeadAes128Gcm,
  'aes-128-cm-sha1-80': ProtectionProfileAes128CmHmacSha1_80,
} as const;

/** One end of a handshake: X25519 and P-256, AES-128-GCM, both SRTP profiles; as the server it asks for a certificate. */
export function createLibrarySocket(
  role: 'client' | 'server',
  certificate: DtlsCertificate,
  transport: Transport,
): DtlsSocket {
  const options = {
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    signatureHash: { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
    transport,
    srtpProfiles: SRTP_PROFILES.map((profile) => PROFILES[profile]),
    // Binds the keys to the handshake (RFC 7627).
    extendedMasterSecret: true,
  };
  return role === 'server'
    ? new DtlsServer({ ...options, certificateRequest: true })
    : new DtlsClient(options);
}

const recordHeader = ({ contentType, version, epoch, sequenceNumber }: DtlsRecord): CipherHeader => ({
  type: contentType,
  version,
  epoch,
  sequenceNumber,
});

/** What is in an encrypted record of the peer, or nothing for a forgery. */
export function decrypted({ cipher: context }: DtlsSocket, record: DtlsRecord): Buffer | undefined {
  const { cipher, sessionType } = context;
  try {
    return cipher.decrypt(sessionType, record.fragment, recordHeader(record));
  } catch {
    return undefined;
  }
}

/** One of this side's own records, which only the other role's key could open, under another number. */
export function resealed(
  { cipher: context }: DtlsSocket,
  record: DtlsRecord,
  sequenceNumber: number,
): Buffer {
  const { cipher, sessionType } = context;
  const plain = cipher.decrypt(sessionType === 1 ? 2 : 1, record.fragment, recordHeader(record));
  const sealed = cipher.encrypt(sessionType, plain, { ...recordHeader(record), sequenceNumber });
  return encodeRecord({ ...record, sequenceNumber, fragment: sealed });
}

/** The library's socket: it is handed each record by itself, and its sending never fails. */
export function libraryTransport(send: (record: Buffer) => void): Transport {
  const address: AddressInfo = { address: '', family: '', port: 0 };
  return {
    type: 'udp',
    address,
    closed: false,
    onData: () => undefined,
    send: (record) => {
      send(record);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** The keys of a handshake that has been proved. */
export function agreementOf(socket: DtlsSocket): SrtpAgreement {
  const profile =
    SRTP_PROFILES.find((name) => PROFILES[name] === socket.srtp.srtpProfile) ?? SRTP_PROFILES[0];
  const { key, salt } = MASTER_KEY_SIZES[profile];
  const keys = socket.extractSessionKeys(key, salt);
  return {
    profile,
    local: { key: Buffer.from(keys.localKey), salt: Buffer.from(keys.localSalt) },
    remote: { key: Buffer.from(keys.remoteKey), salt: Buffer.from(keys.remoteSalt) },
  };
}
