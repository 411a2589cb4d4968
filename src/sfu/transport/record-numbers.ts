import { parseRecords, type DtlsRecord } from './dtls-record.ts';

const SEQUENCE_OFFSET = 5;

/**
 * Gives every record a number of its own each time it is sent. The library sends its flights again as they were, and a peer that
 * has seen a number drops the record unread (RFC 6347, section 4.1.2.6): when the server's last flight is lost, the client's
 * repetitions would never ask for it.
 */
export class RecordNumbers {
  readonly #reseal: (record: DtlsRecord, sequenceNumber: number) => Buffer;
  #nextPlain: number | undefined;
  #nextSealed: number | undefined;

  /** `reseal` encrypts a record anew: its number is part of what is authenticated. */
  constructor(reseal: (record: DtlsRecord, sequenceNumber: number) => Buffer) {
    this.#reseal = reseal;
  }

  /** The same records under the next numbers. The first ones are the library's. */
  numbered(records: Buffer): Buffer {
    return Buffer.concat(
      parseRecords(records).map((record) =>
        record.epoch === 0 ? this.#plain(record) : this.#sealed(record),
      ),
    );
  }

  #plain({ raw, sequenceNumber }: DtlsRecord): Buffer {
    const number = this.#nextPlain ?? sequenceNumber;
    this.#nextPlain = number + 1;
    const copy = Buffer.from(raw);
    copy.writeUIntBE(number, SEQUENCE_OFFSET, 6);
    return copy;
  }

  #sealed(record: DtlsRecord): Buffer {
    const number = this.#nextSealed ?? record.sequenceNumber;
    this.#nextSealed = number + 1;
    return number === record.sequenceNumber ? record.raw : this.#reseal(record, number);
  }
}
