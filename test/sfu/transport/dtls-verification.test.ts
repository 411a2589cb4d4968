import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { DtlsAssociation, type AssociationFault } from '../../../src/sfu/transport/dtls-association.ts';
import { createDtlsCertificate } from '../../../src/sfu/transport/dtls-certificate.ts';
import { parseRecords } from '../../../src/sfu/transport/dtls-record.ts';
import type { Fingerprint } from '../../../src/sfu/transport/session-transport.ts';
import { until } from '../../support/until.ts';
import { LibraryDtls } from './support/library-dtls.ts';

const [mine, theirs, stranger] = await Promise.all([
  createDtlsCertificate(),
  createDtlsCertificate(),
  createDtlsCertificate(),
]);

type Encounter = {
  readonly role: 'client' | 'server';
  readonly fingerprint?: Fingerprint;
  readonly certificate?: typeof mine;
  readonly spoil?: (peer: LibraryDtls) => void;
};

/** What comes of a handshake with the library as the peer: an association, or why there is none. */
async function meet({
  role,
  fingerprint,
  certificate,
  spoil,
}: Encounter): Promise<AssociationFault | 'agreed'> {
  let outcome: AssociationFault | 'agreed' | undefined;
  const association = new DtlsAssociation(
    { role, certificate: mine, fingerprint: fingerprint ?? theirs.fingerprint, clock: systemClock },
    {
      send: (datagram) => void setImmediate(() => peer.receive(datagram)),
      agreed: () => void (outcome ??= 'agreed'),
      failed: (fault) => void (outcome ??= fault),
      goodbye: () => undefined,
    },
  );
  const peer = new LibraryDtls(role === 'server' ? 'client' : 'server', certificate ?? theirs, (datagram) => {
    setImmediate(() => {
      for (const record of parseRecords(datagram)) association.receive(record);
    });
  });
  spoil?.(peer);
  association.start();
  peer.start();
  await until(() => outcome !== undefined);
  association.close();
  peer.close();
  return outcome ?? 'agreed';
}

describe.each(['server', 'client'] as const)('as the %s of DTLS', (role) => {
  test.each([
    ['as it is', theirs.fingerprint],
    ['in lower case', { algorithm: 'SHA-256', value: theirs.fingerprint.value.toLowerCase() }],
  ])('a peer with the fingerprint of its description, %s, is the peer', async (_, fingerprint) => {
    expect(await meet({ role, fingerprint })).toBe('agreed');
  });

  test.each([
    ['another one', stranger.fingerprint],
    ['none', { algorithm: 'sha-256', value: '' }],
    ['one by a hash that is too weak', { algorithm: 'sha-1', value: theirs.fingerprint.value }],
  ])('a peer whose description has %s is refused', async (_, fingerprint) => {
    expect(await meet({ role, fingerprint })).toBe('wrongFingerprint');
  });

  test('a peer with a copy of the certificate, but not its key, is refused', async () => {
    const certificate = { ...theirs, privateKeyPem: stranger.privateKeyPem };
    expect(await meet({ role, certificate })).toBe('badSignature');
  });

  test('a peer that has seen other messages than were sent is refused', async () => {
    const spoil = ({ socket }: LibraryDtls): void => {
      socket.cipher.verifyData = () => Buffer.alloc(12);
    };
    expect(await meet({ role, spoil })).toBe('badFinished');
  });

  test('a peer that can do none of the SRTP profiles is refused', async () => {
    const spoil = ({ socket }: LibraryDtls): void => {
      socket.options.srtpProfiles = [];
      socket.extensions = socket.extensions.filter(({ type }) => type !== 14);
    };
    expect(await meet({ role, spoil })).toBe('noSrtpProfile');
  });
});
