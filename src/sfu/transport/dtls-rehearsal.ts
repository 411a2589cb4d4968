import type { Clock } from '../../clock.ts';
import { DtlsAssociation } from './dtls-association.ts';
import type { DtlsCertificate } from './dtls-certificate.ts';
import { parseRecords } from './dtls-record.ts';

const OTHER = { client: 'server', server: 'client' } as const;

/**
 * Shakes hands with itself, in memory. The first handshake of a process costs five times what later ones do (60 ms of CPU
 * against 12 ms, both sides together), since the library's curves are JavaScript that has not been compiled by then; so it is not
 * somebody's first meeting that waits for it. However it ends, nothing depends on it.
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
