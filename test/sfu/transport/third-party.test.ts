import { describe, expect, test } from 'vitest';
import { RtpHeader } from 'werift';
import { FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { openStage, type Stage } from './support/hub.ts';
import { rtpPacket } from './support/packets.ts';

/** Lets the clock run until something has come of it over the network. */
async function running(clock: FakeClock, isSo: () => boolean, stepMs = 50): Promise<void> {
  await until(() => {
    if (isSo()) return true;
    clock.advance(stepMs);
    return false;
  });
}

const connected = async (stage: Stage, clock: FakeClock): Promise<void> => {
  stage.peer.shakeHands('server');
  stage.session.connect(stage.peer.parameters('client'));
  await running(clock, () => stage.session.state === 'connected', 10);
};

describe('a session with a third party', () => {
  test.each(['client', 'server'] as const)(
    'finds its way to a peer that only answers, as the %s of DTLS',
    async (role) => {
      const stage = await openStage('third-party');
      const { session, peer, listener } = stage;
      if (role === 'client') peer.shakeHands('server');
      session.connect(peer.parameters(role));
      if (role === 'server') {
        await until(() => peer.requests.length >= 2);
        peer.shakeHands('client');
      }
      await until(() => session.state === 'connected' && peer.dtls?.isConnected === true);
      const back = rtpPacket({ sequenceNumber: 3, payload: 'hello' });
      peer.sendRtp(back, RtpHeader.deSerialize(back));
      await until(() => listener.rtp.length === 1);
      expect(listener.rtp).toEqual([back]);
      expect(
        peer.requests.map((request) => request.attributesKeys.includes('USE-CANDIDATE')).slice(0, 2),
      ).toEqual([false, true]);
      expect(peer.requests[0]?.getAttributeValue('USERNAME')).toBe(`peer:${session.local.ice.ufrag}`);
    },
  );

  test('greets again as the client of DTLS when the peer has said goodbye', async () => {
    const clock = new FakeClock();
    const stage = await openStage('third-party', clock);
    await connected(stage, clock);
    await until(() => stage.peer.dtls?.isConnected === true);
    stage.peer.dtls?.sayGoodbye();
    await until(() => stage.session.state === 'disconnected');
    stage.peer.shakeHands('server');
    await running(clock, () => stage.session.state === 'connected');
    expect(stage.hub.counters.handshakesCompleted).toBe(2);
  });

  test('asks again, ever more rarely, while there is no answer, and connects when there is one', async () => {
    const clock = new FakeClock();
    const stage = await openStage('third-party', clock);
    stage.peer.answersChecks = false;
    stage.session.connect(stage.peer.parameters('client'));
    await running(clock, () => stage.peer.requests.length === 4);
    expect(stage.hub.sizes.checks).toBe(1);
    expect(stage.session.state).toBe('new');
    stage.peer.answersChecks = true;
    stage.peer.shakeHands('server');
    await running(clock, () => stage.session.state === 'connected');
    expect(stage.listener.states).toEqual(['connected']);
  });

  test('tries again when the peer has answered none of the checks', async () => {
    const clock = new FakeClock();
    const { session, peer } = await openStage('third-party', clock);
    peer.answersChecks = false;
    session.connect(peer.parameters('client'));
    const transactions = (): number =>
      new Set(peer.requests.map(({ transactionIdHex }) => transactionIdHex)).size;
    await running(clock, () => transactions() === 2, 500);
    expect(peer.requests.length).toBeGreaterThanOrEqual(8);
  });

  test('answers the checks of a peer that checks as well, and tells it who decides', async () => {
    const stage = await openStage('third-party');
    const { peer } = stage;
    peer.answersChecks = false;
    const agreeing = await peer.checked({ nominate: false, controlled: true });
    expect(agreeing.getAttributeValue('XOR-MAPPED-ADDRESS')).toEqual(['127.0.0.1', peer.port]);
    const conflicting = await peer.checked();
    expect(conflicting.getAttributeValue('ERROR-CODE')).toEqual([487, 'Role Conflict']);
  });

  test('asks for consent for as long as it lasts', async () => {
    const clock = new FakeClock();
    const stage = await openStage('third-party', clock);
    await connected(stage, clock);
    const before = stage.peer.requests.length;
    await running(clock, () => stage.peer.requests.length >= before + 8, 200);
    expect(stage.session.state).toBe('connected');
    expect(stage.hub.sizes.checks).toBeLessThanOrEqual(1);
  });

  test('sends nothing more to a peer that takes its consent back, and connects again when it answers', async () => {
    const clock = new FakeClock();
    const stage = await openStage('third-party', clock);
    const { session, peer, hub, listener } = stage;
    await connected(stage, clock);
    peer.answersChecks = false;
    await running(clock, () => session.state === 'disconnected', 500);
    clock.advance(30_000);
    const datagram = session.protectRtp(rtpPacket({ sequenceNumber: 1 }));
    session.send(datagram ?? Buffer.alloc(0));
    expect([datagram === undefined, hub.counters.dropped.noConsent]).toEqual([false, 1]);
    peer.answersChecks = true;
    await running(clock, () => session.state === 'connected', 200);
    expect(listener.states).toEqual(['connected', 'disconnected', 'connected']);
  });

  test('takes no answer from another address, nor one that does not know the password', async () => {
    const clock = new FakeClock();
    const { session, peer, hub } = await openStage('third-party', clock);
    peer.answersChecks = false;
    session.connect(peer.parameters('client'));
    await running(clock, () => peer.requests.length === 1);
    const request = peer.requests[0];
    peer.answer(request, 'guessed');
    await until(() => hub.counters.dropped.unauthenticated === 1);
    await peer.move();
    peer.answer(request);
    await until(() => hub.counters.dropped.unauthenticated === 2);
    expect(hub.sizes).toEqual({ sessions: 1, paths: 0, checks: 1 });
  });

  test('can be given candidates of all kinds, and tries those that it can', async () => {
    const clock = new FakeClock();
    const { session, peer } = await openStage('third-party', clock);
    const parameters = peer.parameters('client');
    const [candidate] = parameters.candidates;
    if (candidate === undefined) throw new Error('no candidate');
    const others = ['nowhere.local', '::1', '999.1.1.1', ''].map((address) => ({
      ...candidate,
      address,
      priority: 9,
    }));
    const badPorts = [0, 65_536].map((port) => ({ ...candidate, port, priority: 9 }));
    const tcp = { ...candidate, protocol: 'tcp', tcpType: 'passive' } as const;
    session.connect({ ...parameters, candidates: [...others, ...badPorts, tcp, candidate] });
    await running(clock, () => peer.requests.length > 0);
    expect(peer.requests.length).toBeGreaterThan(0);
  });
});
