import {
  createCipheriv,
  createHmac,
  createSecretKey,
  timingSafeEqual,
  type Hmac,
  type KeyObject,
} from 'node:crypto';
import { rolloverCount } from './packet-index.ts';
import type { SrtpSessionKeys, SrtpStreamKeys } from './srtp-keys.ts';
import {
  RTCP_CLEAR_BYTES,
  SRTCP_ENCRYPTED,
  SRTCP_INDEX_BYTES,
  type SrtpTransform,
} from './srtp-transform.ts';

/** 80 bits of the HMAC (RFC 3711, section 5.2). */
const TAG_BYTES = 10;

/** SRTP_AES128_CM_SHA1_80 (RFC 3711). */
export class SrtpCounterMode implements SrtpTransform {
  readonly rtpOverhead = TAG_BYTES;
  readonly rtcpOverhead = TAG_BYTES + SRTCP_INDEX_BYTES;
  readonly #rtp: Stream;
  readonly #rtcp: Stream;
  readonly #rollover = Buffer.alloc(4);

  constructor(keys: SrtpSessionKeys) {
    this.#rtp = new Stream(keys.rtp);
    this.#rtcp = new Stream(keys.rtcp);
  }

  sealRtp(packet: Buffer, headerLength: number, ssrc: number, index: number): Buffer {
    const datagram = Buffer.allocUnsafe(packet.length + TAG_BYTES);
    packet.copy(datagram, 0, 0, headerLength);
    this.#rtp.crypt(packet.subarray(headerLength), ssrc, index).copy(datagram, headerLength);
    this.#rtpTag(datagram.subarray(0, packet.length), index).copy(datagram, packet.length, 0, TAG_BYTES);
    return datagram;
  }

  openRtp(datagram: Buffer, headerLength: number, ssrc: number, index: number): Buffer | undefined {
    const packet = datagram.subarray(0, datagram.length - TAG_BYTES);
    const tag = this.#rtpTag(packet, index).subarray(0, TAG_BYTES);
    if (!timingSafeEqual(tag, datagram.subarray(packet.length))) return undefined;
    this.#rtp.crypt(packet.subarray(headerLength), ssrc, index).copy(packet, headerLength);
    return packet;
  }

  sealRtcp(compound: Buffer, index: number): Buffer {
    const signed = compound.length + SRTCP_INDEX_BYTES;
    const datagram = Buffer.allocUnsafe(signed + TAG_BYTES);
    compound.copy(datagram, 0, 0, RTCP_CLEAR_BYTES);
    const body = this.#rtcp.crypt(compound.subarray(RTCP_CLEAR_BYTES), compound.readUInt32BE(4), index);
    body.copy(datagram, RTCP_CLEAR_BYTES);
    datagram.writeUInt32BE(SRTCP_ENCRYPTED + index, compound.length);
    this.#rtcp.hmac(datagram.subarray(0, signed)).digest().copy(datagram, signed, 0, TAG_BYTES);
    return datagram;
  }

  openRtcp(datagram: Buffer): Buffer | undefined {
    const signed = datagram.subarray(0, datagram.length - TAG_BYTES);
    const tag = this.#rtcp.hmac(signed).digest().subarray(0, TAG_BYTES);
    if (!timingSafeEqual(tag, datagram.subarray(signed.length))) return undefined;
    const index = this.rtcpIndexWord(datagram) - SRTCP_ENCRYPTED;
    const packet = signed.subarray(0, signed.length - SRTCP_INDEX_BYTES);
    const body = this.#rtcp.crypt(packet.subarray(RTCP_CLEAR_BYTES), packet.readUInt32BE(4), index);
    body.copy(packet, RTCP_CLEAR_BYTES);
    return packet;
  }

  rtcpIndexWord(datagram: Buffer): number {
    return datagram.readUInt32BE(datagram.length - this.rtcpOverhead);
  }

  /** RFC 3711, section 4.2: over the packet and the rollover counter, which is not sent. */
  #rtpTag(packet: Buffer, index: number): Buffer {
    this.#rollover.writeUInt32BE(rolloverCount(index));
    return this.#rtp.hmac(packet).update(this.#rollover).digest();
  }
}

class Stream {
  readonly #key: KeyObject;
  readonly #authenticationKey: KeyObject;
  readonly #salt: Buffer;
  readonly #counter = Buffer.alloc(16);

  constructor({ key, authenticationKey, salt }: SrtpStreamKeys) {
    this.#key = createSecretKey(key);
    this.#authenticationKey = createSecretKey(authenticationKey);
    this.#salt = salt;
  }

  hmac(data: Buffer): Hmac {
    return createHmac('sha1', this.#authenticationKey).update(data);
  }

  /** Encrypts, or decrypts, which is the same (RFC 3711, section 4.1.1). */
  crypt(data: Buffer, ssrc: number, index: number): Buffer {
    const counter = this.#counter;
    this.#salt.copy(counter);
    counter.writeUInt32BE((counter.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    counter.writeUInt32BE((counter.readUInt32BE(8) ^ rolloverCount(index)) >>> 0, 8);
    counter.writeUInt16BE(counter.readUInt16BE(12) ^ (index & 0xffff), 12);
    return createCipheriv('aes-128-ctr', this.#key, counter).update(data);
  }
}
