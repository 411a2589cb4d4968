import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { DtlsAssociation } from '../../../src/sfu/transport/dtls-association.ts';
import { createDtlsCertificate } from '../../../src/sfu/transport/dtls-certificate.ts';
import {
  CONTENT,
  encodeRecord,
  HANDSHAKE,
  handshakeRecord,
  parseHandshake,
  parseRecords,
  type HandshakeFragment,
} from '../../../src/sfu/transport/dtls-record.ts';
import { until } from '../../support/until.ts';
import { LibraryDtls } from './support/library-dtls.ts';

const [mine, theirs] = await Promise.all([createDtlsCertificate(), createDtlsCertificate()]);

type Meeting = {
  readonly outcome: () => string | undefined;
  readonly peer: LibraryDtls;
  readonly say: (datagram: Buffer) => void;
  readonly close: () => void;
};

/** An association and a peer, and somebody between them who decides what of the peer's gets through. */
function meet(role: 'client' | 'server', relay: (datagram: Buffer, meeting: Meeting) => void): Meeting {
  let outcome: string | undefined;
  const association = new DtlsAssociation(
    { role, certificate: mine, fingerprint: theirs.fingerprint, clock: systemClock },
    {
      send: (datagram) => void setImmediate(() => peer.receive(datagram)),
      agreed: () => void (outcome = 'agreed'),
      failed: (fault) => void (outcome ??= fault),
      goodbye: () => void (outcome = 'goodbye'),
    },
  );
  const peer = new LibraryDtls(role === 'server' ? 'client' : 'server', theirs, (datagram) => {
    setImmediate(() => relay(datagram, meeting));
  });
  const meeting: Meeting = {
    outcome: () => outcome,
    peer,
    say: (datagram) => {
      for (const record of parseRecords(datagram)) association.receive(record);
    },
    close: () => {
      association.close();
      peer.close();
    },
  };
  association.start();
  peer.start();
  return meeting;
}

const P_SHA256_BLOCK = 32;

/** RFC 5246, section 5. */
function prf(secret: Buffer, label: string, seed: Buffer, bytes: number): Buffer {
  const all = Buffer.concat([Buffer.from(label), seed]);
  const blocks: Buffer[] = [];
  for (let a = all; blocks.length * P_SHA256_BLOCK < bytes;) {
    a = createHmac('sha256', secret).update(a).digest();
    blocks.push(createHmac('sha256', secret).update(a).update(all).digest());
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

const publicBytes = (key: KeyObject): Buffer =>
  Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');

const keyOf = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }, format: 'jwk' });

/** The messages that a peer has sent in clear, in the first place where they are. */
function* plainMessages(datagram: Buffer): Iterable<HandshakeFragment> {
  for (const record of parseRecords(datagram)) {
    if (record.epoch === 0 && record.contentType === CONTENT.handshake)
      yield* parseHandshake(record.fragment);
  }
}

/** What somebody without the certificate's key says in place of the peer's Finished: a key of their own, and a hash under it. */
function takeOver({ peer, say }: Meeting, sequence: number): void {
  const { cipher, dtls } = peer.socket;
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const own = publicBytes(publicKey);
  say(handshakeRecord(HANDSHAKE.clientKeyExchange, sequence, Buffer.concat([Buffer.of(own.length), own])));
  // All of it went by in clear.
  const seen = dtls.sortedHandshakeCache.filter(({ msg_type: type }) => type !== HANDSHAKE.finished);
  const transcript = Buffer.concat(seen.map((message) => message.serialize()));
  const hash = createHash('sha256').update(transcript).digest();
  const shared = diffieHellman({
    privateKey,
    publicKey: keyOf(cipher.remoteKeyPair.publicKey ?? Buffer.alloc(0)),
  });
  const master = prf(shared, 'extended master secret', hash, 48);
  cipher.cipher.init(master, cipher.remoteRandom.serialize(), cipher.localRandom.serialize());
  const finished = handshakeRecord(
    HANDSHAKE.finished,
    sequence + 1,
    prf(master, 'client finished', hash, 12),
  ).subarray(13);
  const header = { type: CONTENT.handshake, version: 0xfefd, epoch: 1, sequenceNumber: 0 };
  const fragment = cipher.cipher.encrypt(cipher.sessionType, finished, header);
  say(
    encodeRecord({
      contentType: header.type,
      version: header.version,
      epoch: 1,
      sequenceNumber: 0,
      fragment,
    }),
  );
}

test('whoever stands between cannot put a key of their own behind the proof of the peer', async () => {
  const meeting = meet('server', (datagram, self) => {
    const messages = [...plainMessages(datagram)];
    if (messages.length > 0) self.say(datagram);
    const proof = messages.find(({ type }) => type === HANDSHAKE.certificateVerify);
    if (proof !== undefined) takeOver(self, proof.sequence + 1);
  });
  await until(() => meeting.outcome() !== undefined);
  expect(meeting.outcome()).toBe('outOfTurn');
  meeting.close();
});

test('a server that shows two keys is refused, though one of them is signed', async () => {
  let isDoubled = false;
  const meeting = meet('client', (datagram, { say }) => {
    for (const { type, sequence, body } of plainMessages(datagram)) {
      say(handshakeRecord(type, sequence + (isDoubled ? 1 : 0), body));
      if (type !== HANDSHAKE.serverKeyExchange || isDoubled) continue;
      isDoubled = true;
      say(handshakeRecord(type, sequence + 1, body));
    }
  });
  await until(() => meeting.outcome() !== undefined);
  expect(meeting.outcome()).toBe('outOfTurn');
  meeting.close();
});
