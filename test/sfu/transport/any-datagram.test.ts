import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOfTurn, FakeClock } from '../../support/fake-clock.ts';
import type { Path, PathOwner } from '../../../src/sfu/transport/path.ts';
import type { PortHub } from '../../../src/sfu/transport/port-hub.ts';
import type { PeerKind, SessionTransport } from '../../../src/sfu/transport/session-transport.ts';
import { ATTRIBUTE, encodeStun, STUN } from '../../../src/sfu/transport/stun-message.ts';
import { Listener, openHub } from './support/hub.ts';
import { LibraryDtls } from './support/library-dtls.ts';
import { peerCertificate } from './support/peer.ts';

/** A way on which nothing is lost but what a test takes. */
class ShortPath implements Path {
  readonly protocol = 'udp';
  readonly localAddress = '127.0.0.1';
  readonly localPort = 1;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 2;
  readonly sent: Buffer[] = [];
  owner: PathOwner | undefined;

  send(datagram: Buffer): void {
    this.sent.push(Buffer.from(datagram));
  }

  keep(): void {}

  close(): void {}
}

const check = ({ local }: SessionTransport, kind: PeerKind): Buffer =>
  encodeStun(
    STUN.bindingRequest,
    Buffer.alloc(12, 3),
    [
      [ATTRIBUTE.username, Buffer.from(`${local.ice.ufrag}:peer`)],
      [kind === 'browser' ? ATTRIBUTE.controlling : ATTRIBUTE.controlled, Buffer.alloc(8)],
      [ATTRIBUTE.useCandidate, Buffer.alloc(0)],
    ],
    local.ice.password,
  );

const fate = fc.oneof(
  { weight: 40, arbitrary: fc.record({ type: fc.constant('come' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lost' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('twice' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('changed' as const), at: fc.nat(400), byte: fc.nat(255) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cut' as const), at: fc.nat(400) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('noise' as const), bytes: fc.uint8Array({ maxLength: 80 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('anew' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('time' as const), ms: fc.nat(3_000) }) },
);
type Fate = typeof fate extends fc.Arbitrary<infer F> ? F : never;

const FIRST_BYTES = [0, 1, 20, 21, 22, 23, 63, 64, 128, 144, 191];

class Course {
  readonly path = new ShortPath();
  readonly session: SessionTransport;
  readonly #hub: PortHub;
  readonly #clock: FakeClock;
  readonly #role: 'client' | 'server';
  readonly #outbox: Buffer[] = [];
  #peer: LibraryDtls | undefined;

  constructor(hub: PortHub, clock: FakeClock, kind: PeerKind, role: 'client' | 'server') {
    this.#hub = hub;
    this.#clock = clock;
    this.#role = role;
    this.session = hub.open(kind, new Listener());
    hub.receive(check(this.session, kind), this.path);
    this.session.connect({
      ice: { ufrag: 'peer', password: 'peerpasswordpeerpasswords' },
      candidates: [],
      fingerprint: peerCertificate.fingerprint,
      dtlsRole: role,
    });
    this.#shakeHands();
  }

  async take(fate: Fate): Promise<void> {
    for (const datagram of this.path.sent.splice(0)) this.#peer?.receive(datagram);
    await endOfTurn();
    const next = this.#outbox.shift() ?? Buffer.alloc(0);
    switch (fate.type) {
      case 'come':
        return this.#deliver(next);
      case 'twice':
        this.#deliver(Buffer.from(next));
        return this.#deliver(next);
      case 'changed':
        if (next.length > 0) next[fate.at % next.length] = fate.byte;
        return this.#deliver(next);
      case 'cut':
        return this.#deliver(next.subarray(0, fate.at));
      case 'noise':
        this.#outbox.unshift(next);
        for (const first of FIRST_BYTES) this.#deliver(Buffer.from([first, ...fate.bytes]));
        return;
      case 'anew':
        return this.#shakeHands();
      case 'time':
        this.#clock.advance(fate.ms);
        return;
      case 'lost':
    }
  }

  end(): void {
    this.#peer?.close();
    this.session.close();
  }

  #deliver(datagram: Buffer): void {
    this.#hub.receive(datagram, this.path);
  }

  #shakeHands(): void {
    this.#peer?.close();
    const role = this.#role === 'server' ? 'client' : 'server';
    this.#peer = new LibraryDtls(
      role,
      peerCertificate,
      (datagram) => void this.#outbox.push(Buffer.from(datagram)),
    );
    this.#peer.start();
  }
}

test.each([
  ['browser', 'server'],
  ['browser', 'client'],
  ['third-party', 'server'],
] as const)(
  'whatever comes from a %s, to a %s of DTLS, nothing is thrown and nothing stays',
  async (kind, role) => {
    const clock = new FakeClock();
    const hub = await openHub(clock);
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 5, maxLength: 40 }), async (fates) => {
        const course = new Course(hub, clock, kind, role);
        for (const fate of fates) await course.take(fate);
        course.end();
        expect(hub.sizes).toEqual({ sessions: 0, paths: 0, checks: 0 });
      }),
      { numRuns: 60 },
    );
    expect(hub.counters.handshakesCompleted).toBeGreaterThan(0);
  },
);
