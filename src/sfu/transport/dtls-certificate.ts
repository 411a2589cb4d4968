import { createHash, X509Certificate } from 'node:crypto';
import { CipherContext, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm } from 'werift';
import type { Fingerprint } from './session-transport.ts';

/** What this process proves itself with: its own, made at each start. The fingerprint in descriptions is what vouches for it. */
export type DtlsCertificate = {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly fingerprint: Fingerprint;
};

/** RFC 8122 has more, which are too weak to rely on. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
]);

/** ECDSA with P-256, which every peer of WebRTC knows (RFC 8827, section 6.5). */
export async function createDtlsCertificate(): Promise<DtlsCertificate> {
  const { certPem, keyPem } = await CipherContext.createSelfSignedCertificateWithKey(
    { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
    NamedCurveAlgorithm.secp256r1_23,
  );
  const value = new X509Certificate(certPem).fingerprint256;
  return { certificatePem: certPem, privateKeyPem: keyPem, fingerprint: { algorithm: 'sha-256', value } };
}

/** Whether a certificate is the one that a description names. */
export function matchesFingerprint(certificateDer: Buffer, { algorithm, value }: Fingerprint): boolean {
  const hash = HASHES.get(algorithm.toLowerCase());
  if (hash === undefined) return false;
  const expected = value.replaceAll(':', '').toLowerCase();
  return createHash(hash).update(certificateDer).digest('hex') === expected;
}
