import { describe, expect, test } from 'vitest';
import { parseHandshake, parseRecords } from '../../../src/sfu/transport/dtls-record.ts';
import { lossy, perfect, shakeHands, type Network } from './support/association-pair.ts';

/** Both have the same keys, each for the other's direction. */
function expectAgreement({ client, server, faults }: Awaited<ReturnType<typeof shakeHands>>): void {
  expect(faults).toEqual([]);
  expect(client).toBeDefined();
  expect(server).toEqual({ profile: 'aead-aes-128-gcm', local: client?.remote, remote: client?.local });
}

const handshakeTypes = (datagram: Buffer): number[] =>
  parseRecords(datagram).flatMap(({ epoch, contentType, fragment }) =>
    epoch === 0 && contentType === 22 ? parseHandshake(fragment).map(({ type }) => type) : [],
  );

describe('the DTLS handshake', () => {
  test('ends with the same keys on both sides', async () => {
    expectAgreement(await shakeHands(perfect));
  });

  test.each([
    ['5 %', 0.05],
    ['10 %', 0.1],
    ['30 %', 0.3],
  ])('comes to its end with %s of the datagrams lost, whichever they are', async (_, share) => {
    for (let seed = 1; seed <= 25; seed += 1) expectAgreement(await shakeHands(lossy(share, seed)));
  });

  test('bears that every datagram comes twice', async () => {
    for (const dropsRepeated of [true, false]) {
      expectAgreement(await shakeHands((datagram) => [datagram, datagram], dropsRepeated));
    }
  });

  test('bears that each record comes alone, and the last one first', async () => {
    const backwards: Network = (datagram) =>
      parseRecords(datagram)
        .map(({ raw }) => raw)
        .toReversed();
    expectAgreement(await shakeHands(backwards));
  });

  test('bears messages that come in parts, out of order and overlapping', async () => {
    expectAgreement(
      await shakeHands((datagram) => parseRecords(datagram).flatMap(({ raw }) => inParts(raw))),
    );
  });

  test.each([1, 2, 11, 12, 14, 16])('bears that the first message of type %i is lost', async (type) => {
    let lost = false;
    const outcome = await shakeHands((datagram) => {
      if (lost || !handshakeTypes(datagram).includes(type)) return [datagram];
      lost = true;
      return [];
    });
    expect(lost).toBe(true);
    expectAgreement(outcome);
  });

  test('bears that the last flight of the server is lost', async () => {
    let flights = 0;
    const outcome = await shakeHands((datagram, from) => {
      const isFinal = from === 'server' && parseRecords(datagram).some(({ epoch }) => epoch === 1);
      flights += isFinal ? 1 : 0;
      return isFinal && flights === 1 ? [] : [datagram];
    });
    expect(flights).toBeGreaterThan(1);
    expectAgreement(outcome);
  });

  test('bears garbage in between', async () => {
    const garbage = [
      Buffer.from([22]),
      Buffer.alloc(60, 22),
      Buffer.from('16fefd0001000000000000000500ffffffff', 'hex'),
    ];
    expectAgreement(await shakeHands((datagram) => [...garbage, datagram, ...garbage]));
  });
});

/** One record with a handshake message as three of them, the later parts first, each a few bytes longer than it had to be. */
function inParts(raw: Buffer): Buffer[] {
  const [record] = parseRecords(raw);
  const [message, ...more] = record === undefined ? [] : parseHandshake(record.fragment);
  if (record?.epoch !== 0 || record.contentType !== 22 || message === undefined || more.length > 0)
    return [raw];
  const part = (start: number, end: number, number: number): Buffer => {
    const body = message.body.subarray(start, end);
    const bytes = Buffer.concat([raw.subarray(0, 25), body]);
    bytes.writeUInt16BE(12 + body.length, 11);
    bytes.writeUIntBE(start, 19, 3);
    bytes.writeUIntBE(body.length, 22, 3);
    // A number that no other record has.
    bytes.writeUInt8(number, 6);
    return bytes;
  };
  const third = Math.floor(message.length / 3);
  return [
    part(2 * third, message.length, 1),
    part(0, Math.min(third + 4, message.length), 2),
    part(third, Math.min(2 * third + 4, message.length), 3),
  ];
}
