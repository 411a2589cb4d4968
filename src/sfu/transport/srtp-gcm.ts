import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { rolloverCount } from './packet-index.ts';
import type { SrtpSessionKeys } from './srtp-keys.ts';
import {
  RTCP_CLEAR_BYTES,
  SRTCP_ENCRYPTED,
  SRTCP_INDEX_BYTES,
  type SrtpTransform,
} from './srtp-transform.ts';

const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** SRTP_AEAD_AES_128_GCM (RFC 7714). */
export class SrtpGcm implements SrtpTransform {
  readonly rtpOverhead = TAG_BYTES;
  readonly rtcpOverhead = TAG_BYTES + SRTCP_INDEX_BYTES;
  readonly #rtpKey: KeyObject;
  readonly #rtcpKey: KeyObject;
  readonly #rtpSalt: Salt;
  readonly #rtcpSalt: Salt;
  /** OpenSSL copies it: one for all packets saves an allocation each. */
  readonly #nonce = Buffer.alloc(12);

  constructor(keys: SrtpSessionKeys) {
    this.#rtpKey = createSecretKey(keys.rtp.key);
    this.#rtcpKey = createSecretKey(keys.rtcp.key);
    this.#rtpSalt = saltWords(keys.rtp.salt);
    this.#rtcpSalt = saltWords(keys.rtcp.salt);
  }

  sealRtp(packet: Buffer, headerLength: number, ssrc: number, index: number): Buffer {
    const cipher = createCipheriv('aes-128-gcm', this.#rtpKey, this.#rtpNonce(ssrc, index), OPTIONS);
    cipher.setAAD(packet.subarray(0, headerLength));
    const datagram = Buffer.allocUnsafe(packet.length + TAG_BYTES);
    packet.copy(datagram, 0, 0, headerLength);
    cipher.update(packet.subarray(headerLength)).copy(datagram, headerLength);
    cipher.final();
    cipher.getAuthTag().copy(datagram, packet.length);
    return datagram;
  }

  openRtp(datagram: Buffer, headerLength: number, ssrc: number, index: number): Buffer | undefined {
    const end = datagram.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-128-gcm', this.#rtpKey, this.#rtpNonce(ssrc, index), OPTIONS);
    decipher.setAAD(datagram.subarray(0, headerLength));
    decipher.setAuthTag(datagram.subarray(end));
    const payload = decipher.update(datagram.subarray(headerLength, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    payload.copy(datagram, headerLength);
    return datagram.subarray(0, end);
  }

  sealRtcp(compound: Buffer, index: number): Buffer {
    const datagram = Buffer.allocUnsafe(compound.length + TAG_BYTES + SRTCP_INDEX_BYTES);
    datagram.writeUInt32BE(SRTCP_ENCRYPTED + index, compound.length + TAG_BYTES);
    const nonce = this.#rtcpNonce(compound.readUInt32BE(4), index);
    const cipher = createCipheriv('aes-128-gcm', this.#rtcpKey, nonce, OPTIONS);
    cipher.setAAD(rtcpAssociatedData(compound, SRTCP_ENCRYPTED + index));
    compound.copy(datagram, 0, 0, RTCP_CLEAR_BYTES);
    cipher.update(compound.subarray(RTCP_CLEAR_BYTES)).copy(datagram, RTCP_CLEAR_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(datagram, compound.length);
    return datagram;
  }

  openRtcp(datagram: Buffer): Buffer | undefined {
    const word = this.rtcpIndexWord(datagram);
    const end = datagram.length - this.rtcpOverhead;
    const nonce = this.#rtcpNonce(datagram.readUInt32BE(4), word - SRTCP_ENCRYPTED);
    const decipher = createDecipheriv('aes-128-gcm', this.#rtcpKey, nonce, OPTIONS);
    decipher.setAAD(rtcpAssociatedData(datagram, word));
    decipher.setAuthTag(datagram.subarray(end, end + TAG_BYTES));
    const body = decipher.update(datagram.subarray(RTCP_CLEAR_BYTES, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    body.copy(datagram, RTCP_CLEAR_BYTES);
    return datagram.subarray(0, end);
  }

  rtcpIndexWord(datagram: Buffer): number {
    return datagram.readUInt32BE(datagram.length - SRTCP_INDEX_BYTES);
  }

  /** RFC 7714, section 8.1: two zero bytes, SSRC, rollover counter and sequence number, mixed with the salt. */
  #rtpNonce(ssrc: number, index: number): Buffer {
    const nonce = this.#nonce;
    const [first, ssrcSalt, rolloverSalt, sequenceSalt] = this.#rtpSalt;
    nonce.writeUInt16BE(first, 0);
    nonce.writeUInt32BE((ssrc ^ ssrcSalt) >>> 0, 2);
    nonce.writeUInt32BE((rolloverCount(index) ^ rolloverSalt) >>> 0, 6);
    nonce.writeUInt16BE((index & 0xffff) ^ sequenceSalt, 10);
    return nonce;
  }

  /** RFC 7714, section 9.1: two zero bytes, SSRC, two zero bytes and the index, mixed with the salt. */
  #rtcpNonce(ssrc: number, index: number): Buffer {
    const nonce = this.#nonce;
    const [first, ssrcSalt, upperSalt, lowerSalt] = this.#rtcpSalt;
    nonce.writeUInt16BE(first, 0);
    nonce.writeUInt32BE((ssrc ^ ssrcSalt) >>> 0, 2);
    nonce.writeUInt32BE(((index >>> 16) ^ upperSalt) >>> 0, 6);
    nonce.writeUInt16BE((index & 0xffff) ^ lowerSalt, 10);
    return nonce;
  }
}

type Salt = readonly [number, number, number, number];

const saltWords = (salt: Buffer): Salt => [
  salt.readUInt16BE(0),
  salt.readUInt32BE(2),
  salt.readUInt32BE(6),
  salt.readUInt16BE(10),
];

function rtcpAssociatedData(packet: Buffer, indexWord: number): Buffer {
  const data = Buffer.allocUnsafe(RTCP_CLEAR_BYTES + SRTCP_INDEX_BYTES);
  packet.copy(data, 0, 0, RTCP_CLEAR_BYTES);
  data.writeUInt32BE(indexWord, RTCP_CLEAR_BYTES);
  return data;
}
