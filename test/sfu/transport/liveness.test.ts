import { describe, expect, test } from 'vitest';
import { RtpHeader } from 'werift';
import { FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { openStage, type Stage } from './support/hub.ts';
import { rtpPacket } from './support/packets.ts';

async function connectedStage(clock: FakeClock): Promise<Stage> {
  const stage = await openStage('browser', clock);
  stage.session.connect(stage.peer.parameters('server'));
  await stage.peer.checked();
  stage.peer.shakeHands('client');
  await until(() => stage.session.state === 'connected' && stage.peer.dtls?.isConnected === true);
  return stage;
}

describe('a browser that falls silent', () => {
  test('is disconnected after ten seconds, and connected again with its next check', async () => {
    const clock = new FakeClock();
    const { session, peer, listener } = await connectedStage(clock);
    clock.advance(9_000);
    expect(session.state).toBe('connected');
    clock.advance(2_000);
    expect(session.state).toBe('disconnected');
    await peer.checked();
    expect([session.state, listener.states]).toEqual([
      'connected',
      ['connected', 'disconnected', 'connected'],
    ]);
  });

  test('is heard by its media too', async () => {
    const clock = new FakeClock();
    const { session, peer, listener } = await connectedStage(clock);
    for (let sequenceNumber = 1; sequenceNumber <= 4; sequenceNumber += 1) {
      clock.advance(8_000);
      const packet = rtpPacket({ sequenceNumber });
      peer.sendRtp(packet, RtpHeader.deSerialize(packet));
      await until(() => listener.rtp.length === sequenceNumber);
    }
    expect([session.state, listener.states]).toEqual(['connected', ['connected']]);
  });

  test('is not heard by what is forged in its name', async () => {
    const clock = new FakeClock();
    const { session, peer, hub } = await connectedStage(clock);
    clock.advance(9_000);
    peer.send(Buffer.concat([rtpPacket({ sequenceNumber: 9 }), Buffer.alloc(30)]));
    peer.check({ password: 'guessed' });
    await until(() => hub.counters.dropped.forged === 1 && hub.counters.dropped.unauthenticated === 1);
    clock.advance(2_000);
    expect(session.state).toBe('disconnected');
  });

  test('is sent nothing once thirty seconds have passed', async () => {
    const clock = new FakeClock();
    const { session, peer, hub } = await connectedStage(clock);
    const datagram = session.protectRtp(rtpPacket({ sequenceNumber: 1 })) ?? Buffer.alloc(0);
    clock.advance(29_000);
    session.send(datagram);
    clock.advance(2_000);
    session.send(datagram);
    expect([hub.counters.rtpOut, hub.counters.dropped.noConsent]).toEqual([1, 1]);
    await peer.checked();
    session.send(datagram);
    expect(hub.counters.rtpOut).toBe(2);
  });

  test('leaves no timer behind when its session and the hub are closed', async () => {
    const clock = new FakeClock();
    const { session } = await connectedStage(clock);
    expect(clock.timerCount).toBeGreaterThan(0);
    session.close();
    expect(clock.timerCount).toBe(0);
  });
});
