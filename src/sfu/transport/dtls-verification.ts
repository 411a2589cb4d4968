import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import type { DtlsSocket } from 'werift';
import { matchesFingerprint } from './dtls-certificate.ts';
import { HANDSHAKE } from './dtls-record.ts';
import type { Fingerprint } from './session-transport.ts';

/** Why a handshake that came to its end proves nothing. */
export type HandshakeFault =
  'incomplete' | 'wrongFingerprint' | 'badSignature' | 'badFinished' | 'weakCipher' | 'noSrtpProfile';

/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and its RSA sister: what this side offers. */
const CIPHER_SUITES: ReadonlySet<number> = new Set([0xc02b, 0xc02f]);
/** The schemes that the library offers, as hash and signature (RFC 5246, section 7.4.1.4.1). */
const ECDSA_SHA256 = 0x0403;
const RSA_SHA256 = 0x0401;
const VERIFY_DATA_BYTES = 12;

type Message = DtlsSocket['dtls']['sortedHandshakeCache'][number];

/**
 * Whether the peer is who the description names; asked when its Finished has been decrypted, before anything is made of it. The
 * library of the handshake (werift 0.24.4) checks neither the signature that proves that the peer has its certificate's private
 * key, nor the hash in Finished that proves that nobody changed a message: whoever stands in between could show a copy of the
 * right certificate. So both are checked here, over the messages that the library has kept.
 */
export function handshakeFault(
  socket: DtlsSocket,
  role: 'client' | 'server',
  expected: Fingerprint,
  finished: Buffer,
): HandshakeFault | undefined {
  const { remoteCertificate, masterSecret, cipherSuite } = socket.cipher;
  if (remoteCertificate === undefined) return 'incomplete';
  if (!CIPHER_SUITES.has(cipherSuite)) return 'weakCipher';
  if (socket.srtp.srtpProfile === undefined) return 'noSrtpProfile';
  if (!matchesFingerprint(remoteCertificate, expected)) return 'wrongFingerprint';
  // A client's own Finished is among them by now, as the server's has to cover it.
  const messages = socket.dtls.sortedHandshakeCache;
  const proof = role === 'server' ? clientProof(messages) : serverProof(messages, socket);
  if (proof === undefined) return 'incomplete';
  if (!isSigned(remoteCertificate, proof)) return 'badSignature';
  const label = role === 'server' ? 'client finished' : 'server finished';
  return isFinished(messages, masterSecret, label, finished) ? undefined : 'badFinished';
}

type Proof = { readonly signed: Buffer; readonly scheme: number; readonly signature: Buffer };

/** CertificateVerify: a signature over everything before it (RFC 5246, section 7.4.8). */
function clientProof(messages: readonly Message[]): Proof | undefined {
  const at = messages.findIndex(({ msg_type: type }) => type === HANDSHAKE.certificateVerify);
  const body = messages[at]?.fragment;
  if (body === undefined || body.length < 4) return undefined;
  return { signed: transcript(messages.slice(0, at)), ...signatureAt(body, 0) };
}

/** ServerKeyExchange: a signature over both randoms and the server's key (RFC 8422, section 5.4). */
function serverProof(messages: readonly Message[], { cipher }: DtlsSocket): Proof | undefined {
  const body = messages.find(({ msg_type: type }) => type === HANDSHAKE.serverKeyExchange)?.fragment;
  if (body === undefined || body.length < 4) return undefined;
  const end = 4 + body.readUInt8(3);
  if (body.length < end + 4) return undefined;
  const randoms = [cipher.localRandom.serialize(), cipher.remoteRandom.serialize()];
  return { signed: Buffer.concat([...randoms, body.subarray(0, end)]), ...signatureAt(body, end) };
}

const signatureAt = (body: Buffer, at: number): Omit<Proof, 'signed'> => ({
  scheme: body.readUInt16BE(at),
  signature: body.subarray(at + 4, at + 4 + body.readUInt16BE(at + 2)),
});

function isSigned(certificate: Buffer, { signed, scheme, signature }: Proof): boolean {
  try {
    const key = new X509Certificate(certificate).publicKey;
    const expected = key.asymmetricKeyType === 'ec' ? ECDSA_SHA256 : RSA_SHA256;
    const isUsable = key.asymmetricKeyType === 'ec' || key.asymmetricKeyType === 'rsa';
    return isUsable && scheme === expected && verify('sha256', signed, key, signature);
  } catch {
    // No certificate, or a key that cannot verify.
    return false;
  }
}

/** Finished: a hash, keyed with the master secret, over everything before it (RFC 5246, section 7.4.9). */
function isFinished(
  messages: readonly Message[],
  masterSecret: Buffer,
  label: string,
  finished: Buffer,
): boolean {
  const hash = createHash('sha256').update(transcript(messages)).digest();
  const expected = prf(masterSecret, Buffer.concat([Buffer.from(label), hash])).subarray(
    0,
    VERIFY_DATA_BYTES,
  );
  return finished.length === VERIFY_DATA_BYTES && timingSafeEqual(finished, expected);
}

const transcript = (messages: readonly Message[]): Buffer =>
  Buffer.concat(messages.map((message) => message.serialize()));

/** The first block of P_SHA256 (RFC 5246, section 5): all that 12 bytes need. */
function prf(secret: Buffer, seed: Buffer): Buffer {
  const first = createHmac('sha256', secret).update(seed).digest();
  return createHmac('sha256', secret).update(first).update(seed).digest();
}
