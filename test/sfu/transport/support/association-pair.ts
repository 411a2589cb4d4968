import { createDtlsCertificate } from '../../../../src/sfu/transport/dtls-certificate.ts';
import { DtlsAssociation, type AssociationFault } from '../../../../src/sfu/transport/dtls-association.ts';
import type { SrtpAgreement } from '../../../../src/sfu/transport/dtls-library.ts';
import { parseRecords, type DtlsRecord } from '../../../../src/sfu/transport/dtls-record.ts';
import { endOfTurn, FakeClock } from '../../../support/fake-clock.ts';

/** What the network does with the datagram of this number: it arrives as these, in this order. */
export type Network = (datagram: Buffer, from: 'client' | 'server') => readonly Buffer[];

export type PairOutcome = {
  readonly client: SrtpAgreement | undefined;
  readonly server: SrtpAgreement | undefined;
  readonly faults: readonly AssociationFault[];
  /** On the clock that only the associations' own timers move. */
  readonly tookMs: number;
};

export const perfect: Network = (datagram) => [datagram];

/** Loses this share of all datagrams, in a sequence that the seed decides alone. */
export function lossy(share: number, seed: number): Network {
  const random = seeded(seed);
  return (datagram) => (random() < share ? [] : [datagram]);
}

/** mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const certificates = { client: await createDtlsCertificate(), server: await createDtlsCertificate() };
const OTHER = { client: 'server', server: 'client' } as const;
const GIVEN_UP_MS = 60_000;

/** A handshake between two associations, over a network that is as bad as it is told to be. */
export async function shakeHands(network: Network, dropsRepeated = true): Promise<PairOutcome> {
  const clock = new FakeClock();
  const startMs = clock.now();
  const agreed: Partial<Record<'client' | 'server', SrtpAgreement>> = {};
  const faults: AssociationFault[] = [];
  const numbers = new Set<string>();
  // Other implementations drop a record whose number they have seen (RFC 6347, section 4.1.2.6).
  const isFirst = (from: string, { epoch, sequenceNumber }: DtlsRecord): boolean => {
    const number = `${from} ${epoch} ${sequenceNumber}`;
    if (!dropsRepeated || !numbers.has(number)) return numbers.add(number).size > 0;
    return false;
  };
  const build = (role: 'client' | 'server'): DtlsAssociation =>
    new DtlsAssociation(
      {
        role,
        clock,
        certificate: certificates[role],
        fingerprint: certificates[OTHER[role]].fingerprint,
      },
      {
        send: (datagram) => {
          for (const arriving of network(datagram, role)) {
            const copy = Buffer.from(arriving);
            setImmediate(() => {
              for (const record of parseRecords(copy)) {
                if (isFirst(role, record)) ends[OTHER[role]].receive(record);
              }
            });
          }
        },
        agreed: (agreement) => void (agreed[role] = agreement),
        failed: (fault) => void faults.push(fault),
        goodbye: () => undefined,
      },
    );
  const ends = { client: build('client'), server: build('server') };
  ends.client.start();
  const isOver = (): boolean =>
    (agreed.client !== undefined && agreed.server !== undefined) || faults.length > 0;
  while (!isOver() && clock.now() - startMs < GIVEN_UP_MS) {
    for (let turn = 0; turn < 8 && !isOver(); turn += 1) await endOfTurn();
    if (!isOver()) clock.advance(10);
  }
  const tookMs = clock.now() - startMs;
  ends.client.close();
  ends.server.close();
  return { client: agreed.client, server: agreed.server, faults, tookMs };
}
