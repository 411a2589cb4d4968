import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ProtectionProfileAeadAes128Gcm,
  ProtectionProfileAes128CmHmacSha1_80,
  RtpHeader,
  SrtcpSession,
  SrtpSession,
} from 'werift';
import { MASTER_KEY_SIZES, SRTP_PROFILES, type SrtpProfile } from '../../../src/sfu/transport/srtp-keys.ts';
import { SrtpReceiver, SrtpSender } from '../../../src/sfu/transport/srtp.ts';
import { receiverReport, rtpPacket } from './support/packets.ts';

const LIBRARY_PROFILES = {
  'aead-aes-128-gcm': ProtectionProfileAeadAes128Gcm,
  'aes-128-cm-sha1-80': ProtectionProfileAes128CmHmacSha1_80,
} as const;

const masterOf = (profile: SrtpProfile, seed: number): { key: Buffer; salt: Buffer } => ({
  key: Buffer.alloc(MASTER_KEY_SIZES[profile].key, seed),
  salt: Buffer.alloc(MASTER_KEY_SIZES[profile].salt, seed + 1),
});

/** The library's end of the same conversation. */
function libraryConfig(profile: SrtpProfile): ConstructorParameters<typeof SrtpSession>[0] {
  const [ours, theirs] = [masterOf(profile, 1), masterOf(profile, 50)];
  return {
    profile: LIBRARY_PROFILES[profile],
    keys: {
      localMasterKey: theirs.key,
      localMasterSalt: theirs.salt,
      remoteMasterKey: ours.key,
      remoteMasterSalt: ours.salt,
    },
  };
}

describe.each(SRTP_PROFILES)('SRTP with %s', (profile) => {
  const sender = (): SrtpSender => new SrtpSender(profile, masterOf(profile, 1));
  const receiver = (seed = 1): SrtpReceiver => new SrtpReceiver(profile, masterOf(profile, seed));
  const sealed = (by: SrtpSender, ...packet: Parameters<typeof rtpPacket>): Buffer =>
    by.protectRtp(rtpPacket(...packet)) ?? Buffer.alloc(0);

  test('is read by another implementation, over a wrap of the sequence number', () => {
    const [mine, theirs] = [sender(), new SrtpSession(libraryConfig(profile))];
    for (const sequenceNumber of [65_533, 65_534, 65_535, 0, 1, 2]) {
      const packet = rtpPacket({ sequenceNumber, payload: 'so it goes' });
      expect(theirs.decrypt(mine.protectRtp(packet) ?? Buffer.alloc(0))).toEqual(packet);
    }
  });

  test('reads what another implementation writes, over a wrap of the sequence number', () => {
    const [mine, theirs] = [receiver(50), new SrtpSession(libraryConfig(profile))];
    for (const sequenceNumber of [65_534, 65_535, 0, 1]) {
      const packet = rtpPacket({ sequenceNumber, payload: 'so it goes' });
      const header = RtpHeader.deSerialize(packet);
      const datagram = theirs.encrypt(packet.subarray(header.payloadOffset), header);
      expect(mine.unprotectRtp(datagram)).toEqual(packet);
    }
  });

  test('exchanges RTCP with another implementation, both ways', () => {
    const [mineOut, mineIn] = [sender(), receiver(50)];
    const theirs = new SrtcpSession(libraryConfig(profile));
    for (const ssrc of [1, 2, 1]) {
      const compound = receiverReport(ssrc);
      expect(theirs.decrypt(mineOut.protectRtcp(compound) ?? Buffer.alloc(0))).toEqual(compound);
      expect(mineIn.unprotectRtcp(theirs.encrypt(compound))).toEqual(compound);
    }
  });

  test('brings every packet through, in whatever order within the window', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }),
        (first, lateness) => {
          const [mine, theirs] = [sender(), receiver()];
          const sent = lateness.map((late, at) => ({ at, arrives: at + late }));
          const packets = sent.map(({ at }) =>
            rtpPacket({ sequenceNumber: (first + at) % 65_536, payload: `packet ${at}` }),
          );
          const datagrams = packets.map((packet) => mine.protectRtp(packet) ?? Buffer.alloc(0));
          // The first one sets the count of wraps, so it is not the late one.
          const order = [...sent].sort((a, b) => (a.at === 0 ? -1 : b.at === 0 ? 1 : a.arrives - b.arrives));
          for (const { at } of order)
            expect(theirs.unprotectRtp(datagrams[at] ?? Buffer.alloc(0))).toEqual(packets[at]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('takes what was asked for again, a thousand packets later', () => {
    const [mine, theirs] = [sender(), receiver()];
    const late = sealed(mine, { sequenceNumber: 1, payload: 'late' });
    const others = Array.from({ length: 1_024 }, (_, at) => sealed(mine, { sequenceNumber: at + 2 }));
    expect(theirs.unprotectRtp(others[0] ?? late)).toBeInstanceOf(Buffer);
    for (const datagram of others.slice(1, 1_023)) theirs.unprotectRtp(datagram);
    expect(theirs.unprotectRtp(late)).toEqual(rtpPacket({ sequenceNumber: 1, payload: 'late' }));
  });

  test('carries header extensions and contributing sources in the clear, and guards them', () => {
    const packet = rtpPacket({
      sequenceNumber: 9,
      payload: 'x',
      extension: Buffer.from('abcdefgh'),
      sources: [7, 8],
    });
    const datagram = sender().protectRtp(packet) ?? Buffer.alloc(0);
    expect(datagram.subarray(0, packet.length - 1)).toEqual(packet.subarray(0, -1));
    const forged = Buffer.from(datagram);
    forged[25] = 1;
    const mine = receiver();
    expect(mine.unprotectRtp(forged)).toBe('forged');
    expect(mine.unprotectRtp(datagram)).toEqual(packet);
  });

  test('drops what has been played back, and says so', () => {
    const [mine, theirs] = [sender(), receiver()];
    const datagram = sealed(mine, { sequenceNumber: 1 });
    const compound = mine.protectRtcp(receiverReport(1)) ?? Buffer.alloc(0);
    const answers = [datagram, datagram, compound, compound].map((bytes, at) =>
      at < 2 ? theirs.unprotectRtp(Buffer.from(bytes)) : theirs.unprotectRtcp(Buffer.from(bytes)),
    );
    expect(answers.map((answer) => (typeof answer === 'string' ? answer : 'packet'))).toEqual([
      'packet',
      'replayed',
      'packet',
      'replayed',
    ]);
  });

  test('drops every datagram with one bit changed, or cut', () => {
    const [mine, theirs] = [sender(), receiver()];
    const datagram = sealed(mine, { sequenceNumber: 700, payload: 'a few bytes' });
    const compound = mine.protectRtcp(receiverReport(1)) ?? Buffer.alloc(0);
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), (at, bit) => {
        const change = (bytes: Buffer): Buffer => {
          const changed = Buffer.from(bytes);
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ (1 << bit);
          return changed;
        };
        expect(['malformed', 'forged']).toContain(theirs.unprotectRtp(change(datagram)));
        expect(['malformed', 'forged']).toContain(theirs.unprotectRtcp(change(compound)));
      }),
    );
    for (let length = 0; length < datagram.length; length += 1) {
      expect(['malformed', 'forged']).toContain(
        theirs.unprotectRtp(Buffer.from(datagram.subarray(0, length))),
      );
    }
    for (let length = 0; length < compound.length; length += 1) {
      expect(['malformed', 'forged']).toContain(
        theirs.unprotectRtcp(Buffer.from(compound.subarray(0, length))),
      );
    }
  });

  test('never uses a nonce twice: the same packet again gives nothing', () => {
    const mine = sender();
    expect(mine.protectRtp(rtpPacket({ sequenceNumber: 5, payload: 'one' }))).toBeDefined();
    expect(mine.protectRtp(rtpPacket({ sequenceNumber: 5, payload: 'two' }))).toBeUndefined();
    expect(mine.protectRtp(rtpPacket({ sequenceNumber: 5, ssrc: 2, payload: 'two' }))).toBeDefined();
  });

  test('refuses streams beyond its limit and goes on with those that it knows', () => {
    const [mine, theirs] = [sender(), receiver()];
    for (let ssrc = 0; ssrc < 1024; ssrc += 1) {
      expect(theirs.unprotectRtp(sealed(mine, { sequenceNumber: 1, ssrc }))).toBeInstanceOf(Buffer);
    }
    expect(theirs.unprotectRtp(sealed(mine, { sequenceNumber: 1, ssrc: 5_000 }))).toBe('tooManyStreams');
    expect(theirs.unprotectRtp(sealed(mine, { sequenceNumber: 2, ssrc: 3 }))).toBeInstanceOf(Buffer);
  });

  test('remembers nothing of a forgery', () => {
    const [stranger, mine] = [new SrtpSender(profile, masterOf(profile, 90)), sender()];
    const theirs = receiver();
    for (let ssrc = 0; ssrc < 2_000; ssrc += 1) {
      expect(theirs.unprotectRtp(sealed(stranger, { sequenceNumber: 60_000, ssrc }))).toBe('forged');
    }
    expect(theirs.unprotectRtp(sealed(mine, { sequenceNumber: 1, ssrc: 1 }))).toBeInstanceOf(Buffer);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another version', Buffer.alloc(40)],
    ['a header that is cut', rtpPacket({ sequenceNumber: 1 }).subarray(0, 11)],
    [
      'an extension longer than the packet',
      Buffer.concat([Buffer.from([0x90]), Buffer.alloc(13), Buffer.from([255, 255])]),
    ],
  ])('makes nothing of %s', (_, bytes) => {
    expect(sender().protectRtp(bytes)).toBeUndefined();
    expect(receiver().unprotectRtp(bytes)).toBe('malformed');
  });
});
