import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { addressToBytes, bytesToAddress } from './ip-address.ts';

/**
 * The part of STUN that ICE needs (RFC 8489, RFC 8445). Own, because this is what strangers' datagrams meet first: it copies
 * nothing, bounds the attributes, and unpacks none of them before the password has been checked, in constant time.
 */
export const STUN = {
  bindingRequest: 0x0001,
  bindingSuccess: 0x0101,
  bindingError: 0x0111,
  bindingIndication: 0x0011,
} as const;

export const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlled: 0x8029,
  controlling: 0x802a,
} as const;

export type StunMessage = {
  readonly type: number;
  /** 12 bytes. */
  readonly transactionId: Buffer;
  readonly raw: Buffer;
  readonly attributes: ReadonlyMap<number, Buffer>;
  /** Attributes that this side would have to understand and does not (RFC 8489, section 14). */
  readonly unknownRequired: readonly number[];
  readonly integrityOffset: number | undefined;
};

export type StunAttribute = readonly [type: number, value: Buffer];
export type SocketAddress = { readonly address: string; readonly port: number };

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112_a442;
const FINGERPRINT_XOR = 0x5354_554e;
const INTEGRITY_BYTES = 24;
const FINGERPRINT_BYTES = 8;
/** An ICE check has about six attributes. */
const MAX_ATTRIBUTES = 24;
const KNOWN = new Set<number>(Object.values(ATTRIBUTE));

/** Nothing for what is no well-formed STUN message, and for one whose fingerprint is wrong. */
export function parseStun(raw: Buffer): StunMessage | undefined {
  if (raw.length < HEADER_BYTES || raw.length % 4 !== 0 || (raw[0] ?? 255) > 3) return undefined;
  if (raw.readUInt32BE(4) !== MAGIC_COOKIE || raw.readUInt16BE(2) !== raw.length - HEADER_BYTES)
    return undefined;
  const attributes = new Map<number, Buffer>();
  const unknownRequired: number[] = [];
  let integrityOffset: number | undefined;
  for (let at = HEADER_BYTES, count = 0; at < raw.length; count += 1) {
    const type = raw.readUInt16BE(at);
    const length = raw.readUInt16BE(at + 2);
    const end = at + 4 + length;
    if (end > raw.length || count >= MAX_ATTRIBUTES) return undefined;
    if (type === ATTRIBUTE.fingerprint) return fingerprintAt(raw, at, length) ? done() : undefined;
    // What follows the integrity is not covered by it (RFC 8489, section 14.5).
    if (integrityOffset === undefined) {
      if (!attributes.has(type)) attributes.set(type, raw.subarray(at + 4, end));
      if (type < 0x8000 && !KNOWN.has(type)) unknownRequired.push(type);
      if (type === ATTRIBUTE.messageIntegrity) integrityOffset = at;
    }
    at = (end + 3) & ~3;
  }
  return done();

  function done(): StunMessage {
    const transactionId = raw.subarray(8, HEADER_BYTES);
    return { type: raw.readUInt16BE(0), transactionId, raw, attributes, unknownRequired, integrityOffset };
  }
}

/** Whether whoever wrote the message knows the password: short-term credentials, RFC 8489, section 9.1. */
export function hasIntegrity(message: StunMessage, password: string): boolean {
  const { raw, integrityOffset: offset } = message;
  const digest = message.attributes.get(ATTRIBUTE.messageIntegrity);
  if (offset === undefined || digest?.length !== INTEGRITY_BYTES - 4) return false;
  // The length in the header is, for the digest, that of a message that ends with the integrity.
  const covered = Buffer.from(raw.subarray(0, offset));
  covered.writeUInt16BE(offset + INTEGRITY_BYTES - HEADER_BYTES, 2);
  return timingSafeEqual(createHmac('sha1', password).update(covered).digest(), digest);
}

/** Writes a message, signed with the password, and with a fingerprint. */
export function encodeStun(
  type: number,
  transactionId: Buffer,
  attributes: readonly StunAttribute[],
  password: string,
): Buffer {
  const bodyBytes = attributes.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0);
  const raw = Buffer.alloc(HEADER_BYTES + bodyBytes + INTEGRITY_BYTES + FINGERPRINT_BYTES);
  raw.writeUInt16BE(type, 0);
  raw.writeUInt32BE(MAGIC_COOKIE, 4);
  transactionId.copy(raw, 8);
  let at = HEADER_BYTES;
  const write = (attribute: number, value: Buffer): void => {
    raw.writeUInt16BE(attribute, at);
    raw.writeUInt16BE(value.length, at + 2);
    value.copy(raw, at + 4);
    at += 4 + padded(value.length);
  };
  for (const [attribute, value] of attributes) write(attribute, value);
  raw.writeUInt16BE(bodyBytes + INTEGRITY_BYTES, 2);
  write(ATTRIBUTE.messageIntegrity, createHmac('sha1', password).update(raw.subarray(0, at)).digest());
  raw.writeUInt16BE(raw.length - HEADER_BYTES, 2);
  write(ATTRIBUTE.fingerprint, fingerprintOf(raw.subarray(0, at)));
  return raw;
}

/** The value of XOR-MAPPED-ADDRESS (RFC 8489, section 14.2). */
export function encodeXorAddress({ address, port }: SocketAddress, transactionId: Buffer): Buffer {
  const bytes = addressToBytes(address) ?? Buffer.alloc(4);
  const value = Buffer.alloc(4 + bytes.length);
  value[1] = bytes.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2);
  xorWithTransaction(bytes, transactionId).copy(value, 4);
  return value;
}

/** As `encodeXorAddress`, backwards; nothing for what is none. */
export function decodeXorAddress(value: Buffer, transactionId: Buffer): SocketAddress | undefined {
  const bytes = value.subarray(4);
  if (value.length < 8 || bytes.length !== (value[1] === 1 ? 4 : 16)) return undefined;
  const port = value.readUInt16BE(2) ^ (MAGIC_COOKIE >>> 16);
  return { address: bytesToAddress(xorWithTransaction(bytes, transactionId)), port };
}

/** The value of ERROR-CODE (RFC 8489, section 14.8). */
export function encodeErrorCode(code: number, reason: string): Buffer {
  return Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), Buffer.from(reason)]);
}

export function errorCodeOf(message: StunMessage): number | undefined {
  const value = message.attributes.get(ATTRIBUTE.errorCode);
  return value === undefined || value.length < 4 ? undefined : ((value[2] ?? 0) & 7) * 100 + (value[3] ?? 0);
}

const padded = (length: number): number => (length + 3) & ~3;

function fingerprintOf(covered: Buffer): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE((crc32(covered) ^ FINGERPRINT_XOR) >>> 0);
  return value;
}

/** The fingerprint is the last attribute (RFC 8489, section 14.7). */
function fingerprintAt(raw: Buffer, at: number, length: number): boolean {
  if (length !== 4 || at + FINGERPRINT_BYTES !== raw.length) return false;
  return fingerprintOf(raw.subarray(0, at)).equals(raw.subarray(at + 4));
}

function xorWithTransaction(bytes: Buffer, transactionId: Buffer): Buffer {
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(MAGIC_COOKIE);
  transactionId.copy(mask, 4);
  return Buffer.from(bytes.map((byte, at) => byte ^ (mask[at] ?? 0)));
}
