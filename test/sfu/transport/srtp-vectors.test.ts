import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SrtpGcm } from '../../../src/sfu/transport/srtp-gcm.ts';
import { deriveSrtpKey } from '../../../src/sfu/transport/srtp-keys.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('the vectors of RFC 3711', () => {
  const master = {
    key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
    salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  };

  test('B.3: keys are derived from the master key', () => {
    expect([0, 2, 1].map((label) => deriveSrtpKey(master, label, [16, 94, 14][label] ?? 0))).toEqual([
      hex('C61E7A93744F39EE10734AFE3FF7A087'),
      hex('30CBBC08863D8C85D49DB34A9AE1'),
      hex(`CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE
           E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25
           6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2`),
    ]);
  });

  test('B.2: the key stream is that of AES in counter mode', () => {
    const counter = hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000');
    const stream = createCipheriv('aes-128-ctr', hex('2B7E151628AED2A6ABF7158809CF4F3C'), counter);
    expect(stream.update(Buffer.alloc(32))).toEqual(
      hex('E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB'),
    );
  });
});

describe('the vectors of RFC 7714', () => {
  const stream = {
    key: hex('000102030405060708090a0b0c0d0e0f'),
    salt: hex('517569642070726f2071756f'),
    authenticationKey: Buffer.alloc(0),
  };
  const gcm = new SrtpGcm({ rtp: stream, rtcp: stream });
  const rtp = hex(`8040f17b 8041f8d3 5501a0b2
    47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573`);
  const srtp = hex(`8040f17b 8041f8d3 5501a0b2
    f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
    899d7f27 beb16a91 52cf765e e4390cce`);
  const rtcp = hex(`81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930
    4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef`);
  const srtcp = hex(`81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7
    6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872
    45d9eade 800005d4`);

  test('16.1.1: an RTP packet is sealed', () => {
    expect(gcm.sealRtp(rtp, 12, 0x5501a0b2, 0xf17b)).toEqual(srtp);
  });

  test('16.1.2: and opened', () => {
    expect(gcm.openRtp(Buffer.from(srtp), 12, 0x5501a0b2, 0xf17b)).toEqual(rtp);
  });

  test('17.1: an RTCP packet is sealed', () => {
    expect(gcm.sealRtcp(rtcp, 0x5d4)).toEqual(srtcp);
  });

  test('17.2: and opened', () => {
    expect(gcm.openRtcp(Buffer.from(srtcp))).toEqual(rtcp);
  });
});
