import { describe, expect, onTestFinished, test } from 'vitest';
import { createDtlsCertificate } from '../../../src/sfu/transport/dtls-certificate.ts';
import { DtlsEndpoint } from '../../../src/sfu/transport/dtls-endpoint.ts';
import { handshakeRecord } from '../../../src/sfu/transport/dtls-record.ts';
import { endOfTurn, FakeClock } from '../../support/fake-clock.ts';
import { LibraryDtls } from './support/library-dtls.ts';
import { peerCertificate } from './support/peer.ts';

const certificate = await createDtlsCertificate();

type Stage = {
  readonly endpoint: DtlsEndpoint;
  readonly clock: FakeClock;
  readonly sent: Buffer[];
  readonly told: string[];
};

function openEndpoint(): Stage {
  const [sent, told]: [Buffer[], string[]] = [[], []];
  const clock = new FakeClock();
  const endpoint = new DtlsEndpoint(certificate, clock, {
    send: (datagram) => void sent.push(datagram),
    agreed: () => void told.push('agreed'),
    goodbye: () => void told.push('goodbye'),
    failed: (fault) => void told.push(fault),
    dropped: (reason) => void told.push(reason),
  });
  onTestFinished(() => endpoint.close());
  return { endpoint, clock, sent, told };
}

const expected = (dtlsRole: 'client' | 'server') => ({ fingerprint: peerCertificate.fingerprint, dtlsRole });
/** As much of a ClientHello as makes it a new one; the library cannot make anything of it. */
const hello = (random: number): Buffer => handshakeRecord(1, 0, Buffer.alloc(40, random));

describe('DTLS of a session', () => {
  test('keeps eight early datagrams and no more', () => {
    const { endpoint, told } = openEndpoint();
    for (let at = 0; at < 10; at += 1) endpoint.receive(hello(1));
    expect(told).toEqual(['earlyDtls', 'earlyDtls']);
  });

  test('answers a greeting that is repeated as the same one, with the same cookie', async () => {
    const { endpoint, clock, sent, told } = openEndpoint();
    const greeting: Buffer[] = [];
    const browser = new LibraryDtls('client', peerCertificate, (datagram) => void greeting.push(datagram));
    onTestFinished(() => browser.close());
    browser.start();
    endpoint.expect(expected('server'));
    for (let repeated = 0; repeated < 30; repeated += 1) {
      endpoint.receive(Buffer.from(greeting[0] ?? ''));
      await endOfTurn();
      clock.advance(50);
    }
    // From the handshake message on: the records have numbers of their own.
    expect(new Set(sent.map((datagram) => datagram.toString('hex', 13))).size).toBe(1);
    expect([sent.length, told]).toEqual([30, []]);
  });

  test('takes up so many greetings a minute, since each costs a key', async () => {
    const { endpoint, clock, told } = openEndpoint();
    endpoint.expect(expected('server'));
    for (let random = 0; random < 25; random += 1) endpoint.receive(hello(random));
    expect(told).toEqual(['badDtls', 'badDtls', 'badDtls', 'badDtls', 'badDtls']);
    clock.advance(60_000);
    endpoint.receive(hello(99));
    expect(told).toHaveLength(5);
    await endOfTurn();
  });

  test('says hello as the client once there is a way and a peer, again while nobody answers, and gives up in the end', async () => {
    const { endpoint, clock, sent, told } = openEndpoint();
    endpoint.pathFound();
    expect(sent).toEqual([]);
    endpoint.expect(expected('client'));
    await endOfTurn();
    expect(sent).toHaveLength(1);
    clock.advance(200);
    expect(sent).toHaveLength(2);
    // The same message in a record with another number.
    expect(sent[1]?.subarray(13)).toEqual(sent[0]?.subarray(13));
    expect(sent[1]).not.toEqual(sent[0]);
    for (let second = 0; second < 200; second += 1) {
      clock.advance(1_000);
      await endOfTurn();
    }
    expect(told).toEqual(['timeout', 'timeout', 'timeout', 'timeout', 'timeout']);
    expect(clock.timerCount).toBe(0);
  });

  test('says nothing as the server, whatever garbage comes', async () => {
    const { endpoint, sent } = openEndpoint();
    endpoint.expect(expected('server'));
    for (const byte of [0, 20, 22, 63, 255]) endpoint.receive(Buffer.alloc(80, byte));
    endpoint.receive(Buffer.alloc(0));
    await endOfTurn();
    expect(sent).toEqual([]);
  });

  test('does nothing more once it is closed', async () => {
    const { endpoint, clock, sent, told } = openEndpoint();
    endpoint.pathFound();
    endpoint.expect(expected('client'));
    await endOfTurn();
    endpoint.close();
    endpoint.receive(hello(1));
    clock.advance(60_000);
    expect([sent.length, told, clock.timerCount]).toEqual([1, [], 0]);
  });
});
