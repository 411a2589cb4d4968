import type { Clock } from '../../clock.ts';
import { DtlsAssociation } from './dtls-association.ts';
import type { DtlsCertificate } from './dtls-certificate.ts';
import { parseRecords } from './dtls-record.ts';

const OTHER = { client: 'server', server: 'client' } as const;

/**
 * Shakes hands with itself, in memory. The first handshake of a process takes 0.2 to 0.5 s, since the library's curves are
 * computed in JavaScript that has not been compiled by then; later ones take 0.02 s. So it is not somebody's first meeting
 * that waits for it. However it ends, nothing depends on it.
 */
export async function rehearseHandshake(certificate: DtlsCertificate, clock: Clock): Promise<void> {
  const { fingerprint } = certificate;
  await new Promise<void>((resolve) => {
    const build = (role: 'client' | 'server'): DtlsAssociation =>
      new DtlsAssociation(
        { role, certificate, fingerprint, clock },
        {
          send: (datagram) => {
            for (const record of parseRecords(datagram)) ends[OTHER[role]].receive(record);
          },
          // The client is the last to learn that it is done.
          agreed: () => (role === 'client' ? finish() : undefined),
          failed: () => finish(),
          goodbye: () => undefined,
        },
      );
    const ends = { client: build('client'), server: build('server') };
    const finish = (): void => {
      ends.client.close();
      ends.server.close();
      resolve();
    };
    ends.client.start();
  });
}
