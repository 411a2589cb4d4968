import { createCipheriv } from 'node:crypto';

/** The protection profiles spoken here, the preferred one first: GCM costs about half of AES-CM with HMAC. */
export const SRTP_PROFILES = ['aead-aes-128-gcm', 'aes-128-cm-sha1-80'] as const;
export type SrtpProfile = (typeof SRTP_PROFILES)[number];

/** What DTLS exports for one direction. */
export type SrtpMasterKey = { readonly key: Buffer; readonly salt: Buffer };

/** What encrypts one direction: keys for RTP and for RTCP. The authentication keys are empty with GCM, which has none. */
export type SrtpSessionKeys = { readonly rtp: SrtpStreamKeys; readonly rtcp: SrtpStreamKeys };
export type SrtpStreamKeys = {
  readonly key: Buffer;
  readonly salt: Buffer;
  readonly authenticationKey: Buffer;
};

const KEY_BYTES = 16;
/** RFC 3711, section 4.2.1: HMAC-SHA1 takes 160 bits. */
const AUTHENTICATION_KEY_BYTES = 20;

/** The sizes of the master keys by profile: RFC 5764, section 4.1.2, and RFC 7714, section 12. */
export const MASTER_KEY_SIZES: Readonly<
  Record<SrtpProfile, { readonly key: number; readonly salt: number }>
> = {
  'aead-aes-128-gcm': { key: KEY_BYTES, salt: 12 },
  'aes-128-cm-sha1-80': { key: KEY_BYTES, salt: 14 },
};

/** RFC 3711, section 4.3.2. */
const LABELS = { rtp: { key: 0, authentication: 1, salt: 2 }, rtcp: { key: 3, authentication: 4, salt: 5 } };

/** Derives one key of `length` bytes: RFC 3711, sections 4.3.1 and 4.3.3, with a key derivation rate of 0. */
export function deriveSrtpKey(master: SrtpMasterKey, label: number, length: number): Buffer {
  // A salt of 96 bits counts as one of 112 bits that ends in zeros (RFC 7714, section 11).
  const counter = Buffer.alloc(16);
  master.salt.copy(counter);
  counter[7] = (counter[7] ?? 0) ^ label;
  return createCipheriv('aes-128-ctr', master.key, counter).update(Buffer.alloc(length));
}

/** Everything that one direction needs. */
export function deriveSrtpKeys(profile: SrtpProfile, master: SrtpMasterKey): SrtpSessionKeys {
  const authenticationBytes = profile === 'aead-aes-128-gcm' ? 0 : AUTHENTICATION_KEY_BYTES;
  const stream = (labels: typeof LABELS.rtp): SrtpStreamKeys => ({
    key: deriveSrtpKey(master, labels.key, KEY_BYTES),
    salt: deriveSrtpKey(master, labels.salt, MASTER_KEY_SIZES[profile].salt),
    authenticationKey: deriveSrtpKey(master, labels.authentication, authenticationBytes),
  });
  return { rtp: stream(LABELS.rtp), rtcp: stream(LABELS.rtcp) };
}
