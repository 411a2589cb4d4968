/** Content types of records (RFC 5246, section 6.2.1). */
export const CONTENT = { changeCipherSpec: 20, alert: 21, handshake: 22 } as const;

/** Types of handshake messages (RFC 5246, section 7.4; RFC 6347, section 4.3.2). */
export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

export type DtlsRecord = {
  readonly contentType: number;
  readonly version: number;
  readonly epoch: number;
  readonly sequenceNumber: number;
  readonly fragment: Buffer;
  /** The whole record, header included. */
  readonly raw: Buffer;
};

/** A part of a handshake message, often all of it. */
export type HandshakeFragment = {
  readonly type: number;
  /** Of the whole message. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly body: Buffer;
};

export const RECORD_HEADER_BYTES = 13;
const HANDSHAKE_HEADER_BYTES = 12;
const DTLS_1_2 = 0xfefd;
/** A ClientHello may still come in a record of DTLS 1.0 (RFC 6347, section 4.2.1). */
const DTLS_1_0 = 0xfeff;

/** The records of a datagram, up to the first one that is none. */
export function parseRecords(datagram: Buffer): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  for (let at = 0; at + RECORD_HEADER_BYTES <= datagram.length;) {
    const version = datagram.readUInt16BE(at + 1);
    const end = at + RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11);
    if (end > datagram.length || (version !== DTLS_1_2 && version !== DTLS_1_0)) break;
    records.push({
      contentType: datagram.readUInt8(at),
      version,
      epoch: datagram.readUInt16BE(at + 3),
      sequenceNumber: datagram.readUIntBE(at + 5, 6),
      fragment: datagram.subarray(at + RECORD_HEADER_BYTES, end),
      raw: datagram.subarray(at, end),
    });
    at = end;
  }
  return records;
}

/** The handshake messages, or parts of them, in the fragment of one record, up to the first one that is none. */
export function parseHandshake(fragment: Buffer): HandshakeFragment[] {
  const found: HandshakeFragment[] = [];
  for (let at = 0; at + HANDSHAKE_HEADER_BYTES <= fragment.length;) {
    const length = fragment.readUIntBE(at + 1, 3);
    const offset = fragment.readUIntBE(at + 6, 3);
    const start = at + HANDSHAKE_HEADER_BYTES;
    const end = start + fragment.readUIntBE(at + 9, 3);
    if (end > fragment.length || offset + end - start > length) break;
    const body = fragment.subarray(start, end);
    found.push({
      type: fragment.readUInt8(at),
      length,
      sequence: fragment.readUInt16BE(at + 4),
      offset,
      body,
    });
    at = end;
  }
  return found;
}

/** A record as it is sent. */
export function encodeRecord(record: Omit<DtlsRecord, 'raw'>): Buffer {
  const { contentType, version, epoch, sequenceNumber, fragment } = record;
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + fragment.length);
  bytes.writeUInt8(contentType, 0);
  bytes.writeUInt16BE(version, 1);
  bytes.writeUInt16BE(epoch, 3);
  bytes.writeUIntBE(sequenceNumber, 5, 6);
  bytes.writeUInt16BE(fragment.length, 11);
  fragment.copy(bytes, RECORD_HEADER_BYTES);
  return bytes;
}

/** A whole handshake message as a plain record. */
export function handshakeRecord(type: number, sequence: number, body: Buffer): Buffer {
  const fragment = Buffer.alloc(HANDSHAKE_HEADER_BYTES + body.length);
  fragment.writeUInt8(type, 0);
  fragment.writeUIntBE(body.length, 1, 3);
  fragment.writeUInt16BE(sequence, 4);
  fragment.writeUIntBE(body.length, 9, 3);
  body.copy(fragment, HANDSHAKE_HEADER_BYTES);
  const contentType = CONTENT.handshake;
  return encodeRecord({ contentType, version: DTLS_1_2, epoch: 0, sequenceNumber: sequence, fragment });
}

/** What makes a ClientHello this one and no other: its random, if this part of the message has it. */
export function clientRandomIn({ type, sequence, offset, body }: HandshakeFragment): Buffer | undefined {
  const isFirst = type === HANDSHAKE.clientHello && sequence === 0 && offset === 0;
  return isFirst && body.length >= 34 ? body.subarray(2, 34) : undefined;
}
