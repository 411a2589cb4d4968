import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ATTRIBUTE,
  decodeXorAddress,
  encodeErrorCode,
  encodeStun,
  encodeXorAddress,
  errorCodeOf,
  hasIntegrity,
  parseStun,
  STUN,
} from '../../../src/sfu/transport/stun-message.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt';

const REQUEST = hex(`000100582112a442b7e7a701bc34d686fa87dfae
  802200105354554e207465737420636c69656e74 002400046e0001ff 80290008932ff9b151263b36
  000600096576746a3a68367659202020 000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004e57a3bcf`);
const RESPONSE_IPV4 = hex(`0101003c2112a442b7e7a701bc34d686fa87dfae
  8022000b7465737420766563746f7220 002000080001a147e112a643
  000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004c07d4c96`);
const RESPONSE_IPV6 = hex(`010100482112a442b7e7a701bc34d686fa87dfae
  8022000b7465737420766563746f7220 002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014a382954e4be67bf11784c97c8292c275bfe3ed41 80280004c8fb0b4c`);

const parsed = (raw: Buffer): NonNullable<ReturnType<typeof parseStun>> => {
  const message = parseStun(raw);
  if (message === undefined) throw new Error('not STUN');
  return message;
};
const mapped = (raw: Buffer): unknown => {
  const { attributes, transactionId } = parsed(raw);
  return decodeXorAddress(attributes.get(ATTRIBUTE.xorMappedAddress) ?? Buffer.alloc(0), transactionId);
};

describe('the vectors of RFC 5769', () => {
  test('2.1: a request is read, and known to be from someone with the password', () => {
    const message = parsed(REQUEST);
    expect({
      type: message.type,
      username: message.attributes.get(ATTRIBUTE.username)?.toString(),
      priority: message.attributes.get(ATTRIBUTE.priority)?.readUInt32BE(),
      unknownRequired: message.unknownRequired,
      right: hasIntegrity(message, PASSWORD),
      wrong: hasIntegrity(message, `${PASSWORD}x`),
    }).toEqual({
      type: STUN.bindingRequest,
      username: 'evtj:h6vY',
      priority: 0x6e0001ff,
      unknownRequired: [],
      right: true,
      wrong: false,
    });
  });

  test('2.2: an answer with an IPv4 address is read', () => {
    expect(hasIntegrity(parsed(RESPONSE_IPV4), PASSWORD)).toBe(true);
    expect(mapped(RESPONSE_IPV4)).toEqual({ address: '192.0.2.1', port: 32_853 });
  });

  test('2.3: an answer with an IPv6 address is read', () => {
    expect(hasIntegrity(parsed(RESPONSE_IPV6), PASSWORD)).toBe(true);
    expect(mapped(RESPONSE_IPV6)).toEqual({ address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 });
  });

  test('addresses are written as the vectors have them', () => {
    const { transactionId } = parsed(RESPONSE_IPV4);
    const written = ['192.0.2.1', '2001:db8:1234:5678:11:2233:4455:6677'].map((address) =>
      encodeXorAddress({ address, port: 32_853 }, transactionId),
    );
    expect(written).toEqual([hex('0001a147e112a643'), hex('0002a1470113a9faa5d3f179bc25f4b5bed2b9d9')]);
  });
});

describe('a STUN message', () => {
  const transactionId = Buffer.alloc(12, 7);

  test('is read as it was written', () => {
    const error = encodeErrorCode(487, 'Role Conflict');
    const raw = encodeStun(STUN.bindingError, transactionId, [[ATTRIBUTE.errorCode, error]], 'secret');
    const message = parsed(raw);
    expect([message.type, errorCodeOf(message), hasIntegrity(message, 'secret')]).toEqual([
      0x0111,
      487,
      true,
    ]);
  });

  test('is known not to be from someone with the password once a byte of what that covers is changed', () => {
    fc.assert(
      fc.property(fc.nat(REQUEST.length - 9), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(REQUEST);
        changed[at] = (changed[at] ?? 0) ^ change;
        const message = parseStun(changed);
        expect(message !== undefined && hasIntegrity(message, PASSWORD)).toBe(false);
      }),
    );
  });

  test('may be any bytes at all, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, withHeader) => {
        const raw = Buffer.from(bytes);
        if (withHeader && raw.length >= 20) {
          raw[0] = 0;
          raw.writeUInt16BE(raw.length - 20, 2);
          raw.writeUInt32BE(0x2112a442, 4);
        }
        const message = parseStun(raw);
        expect(message === undefined || !hasIntegrity(message, PASSWORD)).toBe(true);
      }),
    );
  });

  test('says what it has that would have to be understood, up to its integrity', () => {
    const raw = encodeStun(
      STUN.bindingRequest,
      transactionId,
      [
        [0x7f01, Buffer.alloc(3)],
        [0xff01, Buffer.alloc(1)],
      ],
      'x',
    );
    expect(parsed(raw).unknownRequired).toEqual([0x7f01]);
  });

  test('without integrity is from nobody', () => {
    const raw = Buffer.concat([hex('000100002112a442'), transactionId]);
    expect(hasIntegrity(parsed(raw), '')).toBe(false);
  });
});
