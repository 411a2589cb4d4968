import { describe, expect, test } from 'vitest';
import { ProtectionProfileAeadAes128Gcm, ProtectionProfileAes128CmHmacSha1_80, RtpHeader } from 'werift';
import { until } from '../../support/until.ts';
import { openStage, type Stage } from './support/hub.ts';
import { receiverReport, rtpPacket } from './support/packets.ts';

const PROFILES = {
  'AES-GCM': ProtectionProfileAeadAes128Gcm,
  'AES-CM': ProtectionProfileAes128CmHmacSha1_80,
} as const;

/** One RTP packet and one RTCP packet each way. */
async function expectMedia({ session, listener, peer }: Stage, sequenceNumber = 1): Promise<void> {
  const [out, back] = [
    rtpPacket({ sequenceNumber, payload: 'out' }),
    rtpPacket({ sequenceNumber, payload: 'back' }),
  ];
  const [rtpBefore, rtcpBefore, receivedBefore] = [
    listener.rtp.length,
    listener.rtcp.length,
    peer.received.length,
  ];
  const datagram = session.protectRtp(out);
  if (datagram !== undefined) session.send(datagram);
  session.sendRtcp(receiverReport(3));
  peer.sendRtp(back, RtpHeader.deSerialize(back));
  peer.sendRtcp(receiverReport(4));
  await until(() => listener.rtcp.length > rtcpBefore && peer.received.length >= receivedBefore + 2);
  expect({
    rtp: listener.rtp.slice(rtpBefore),
    rtcp: listener.rtcp.slice(rtcpBefore),
    peer: peer.received.slice(receivedBefore),
  }).toEqual({ rtp: [back], rtcp: [receiverReport(4)], peer: [out, receiverReport(3)] });
}

describe('a session with a browser', () => {
  test.each(Object.entries(PROFILES))(
    'carries media both ways with %s, as the server of DTLS',
    async (_, profile) => {
      const stage = await openStage();
      stage.session.connect(stage.peer.parameters('server'));
      await stage.peer.checked();
      stage.peer.shakeHands('client', [profile]);
      await until(() => stage.session.state === 'connected');
      await expectMedia(stage);
      expect(stage.listener.states).toEqual(['connected']);
    },
  );

  test.each(Object.entries(PROFILES))(
    'carries media both ways with %s, as the client of DTLS',
    async (_, profile) => {
      const stage = await openStage();
      stage.peer.shakeHands('server', [profile]);
      stage.session.connect(stage.peer.parameters('client'));
      await stage.peer.checked();
      await until(() => stage.session.state === 'connected');
      await expectMedia(stage);
    },
  );

  test('prefers AES-GCM when the browser can do both', async () => {
    const { session, peer } = await openStage();
    session.connect(peer.parameters('server'));
    await peer.checked();
    const dtls = peer.shakeHands('client', [PROFILES['AES-CM'], PROFILES['AES-GCM']]);
    await until(() => session.state === 'connected');
    expect(dtls.socket.srtp.srtpProfile).toBe(PROFILES['AES-GCM']);
  });

  test('takes up a ClientHello that was faster than the description', async () => {
    const stage = await openStage();
    await stage.peer.checked();
    stage.peer.shakeHands('client');
    await until(() => stage.hub.counters.datagramsIn >= 2);
    stage.session.connect(stage.peer.parameters('server'));
    await until(() => stage.session.state === 'connected');
    await expectMedia(stage);
  });

  test('has no keys before the handshake, and says so by giving nothing', async () => {
    const { hub, session } = await openStage();
    session.sendRtcp(receiverReport(1));
    expect(session.protectRtp(rtpPacket({ sequenceNumber: 1 }))).toBeUndefined();
    expect([session.state, hub.counters.dropped.noKeys]).toEqual(['new', 2]);
  });

  test('refuses a browser with another certificate than its description has', async () => {
    const { hub, session, peer, listener } = await openStage();
    const value = 'AB:'.repeat(31).concat('AB');
    session.connect({ ...peer.parameters('server'), fingerprint: { algorithm: 'sha-256', value } });
    await peer.checked();
    peer.shakeHands('client');
    await until(() => hub.counters.handshakesFailed === 1);
    expect([session.state, listener.states]).toEqual(['new', []]);
  });

  test('follows the browser to another address with the same keys', async () => {
    const stage = await openStage();
    stage.session.connect(stage.peer.parameters('server'));
    await stage.peer.checked();
    stage.peer.shakeHands('client');
    await until(() => stage.session.state === 'connected');
    await stage.peer.move();
    await stage.peer.checked();
    await expectMedia(stage);
    expect(stage.listener.states).toEqual(['connected']);
  });

  test.each([
    ['the same port', false],
    ['another port', true],
  ])(
    'starts a new association when the browser greets anew on %s, and keeps the old keys until then',
    async (_, moves) => {
      const stage = await openStage();
      const { session, peer, listener, hub } = stage;
      session.connect(peer.parameters('server'));
      await peer.checked();
      const first = peer.shakeHands('client');
      await until(() => session.state === 'connected');
      await expectMedia(stage, 1);
      first.sayGoodbye();
      await until(() => session.state === 'disconnected');
      expect(session.protectRtp(rtpPacket({ sequenceNumber: 2 }))).toBeDefined();
      if (moves) await peer.move();
      await peer.checked();
      peer.shakeHands('client');
      await until(() => hub.counters.handshakesCompleted === 2);
      await until(() => peer.dtls?.isConnected === true);
      await expectMedia(stage, 1);
      expect(listener.states).toEqual(['connected', 'disconnected', 'connected']);
    },
  );

  test('says that it is connected once more when there are other keys, though the goodbye was lost', async () => {
    const stage = await openStage();
    const { session, peer, listener, hub } = stage;
    session.connect(peer.parameters('server'));
    await peer.checked();
    peer.shakeHands('client');
    await until(() => session.state === 'connected');
    peer.shakeHands('client');
    await until(() => hub.counters.handshakesCompleted === 2);
    expect(listener.states).toEqual(['connected', 'connected']);
  });

  test('frees everything when it is closed, and tells its listener nothing any more', async () => {
    const stage = await openStage();
    const { session, peer, listener, hub } = stage;
    session.connect(peer.parameters('server'));
    await peer.checked();
    peer.shakeHands('client');
    await until(() => session.state === 'connected');
    session.close();
    session.close();
    peer.sendRtcp(receiverReport(1));
    await until(() => hub.counters.dropped.unknownPath > 0);
    expect([session.state, listener.states, listener.rtcp]).toEqual(['closed', ['connected'], []]);
    expect(hub.sizes).toEqual({ sessions: 0, paths: 0, checks: 0 });
    expect(session.protectRtp(rtpPacket({ sequenceNumber: 1 }))).toBeUndefined();
  });

  test('is closed with the hub, and its listener is told', async () => {
    const { hub, listener, session } = await openStage();
    await hub.close();
    expect([session.state, listener.states]).toEqual(['closed', ['closed']]);
    expect(() => hub.open('browser', listener)).toThrow('closed');
  });
});

describe('what is forged', () => {
  test('does not reach the listener: RTP, RTCP, DTLS and what is played back', async () => {
    const stage = await openStage();
    const { session, peer, listener, hub } = stage;
    session.connect(peer.parameters('server'));
    await peer.checked();
    peer.shakeHands('client');
    await until(() => session.state === 'connected');
    await expectMedia(stage);
    peer.send(Buffer.concat([rtpPacket({ sequenceNumber: 9 }), Buffer.alloc(30)]));
    peer.send(Buffer.concat([receiverReport(9), Buffer.alloc(20), Buffer.from([0x80, 0, 0, 9])]));
    // A close_notify without keys, and one that is not encrypted by them.
    peer.send(Buffer.from('15fefd000000000000000900020100', 'hex'));
    peer.send(Buffer.from(`15fefd0001000000000009001a${'00'.repeat(26)}`, 'hex'));
    peer.send(Buffer.from([255, 1, 2, 3]));
    const { dropped } = hub.counters;
    await until(() => dropped.unknownKind === 1);
    expect([dropped.forged, dropped.badDtls, session.state]).toEqual([2, 1, 'connected']);
    expect([listener.rtp.length, listener.rtcp.length]).toEqual([1, 1]);
  });

  test('in STUN gets no answer, no place and, in the end, no attention', async () => {
    const { peer, hub } = await openStage();
    for (let sent = 0; sent < 60; sent += 1) peer.check({ password: 'guessed' });
    for (let sent = 0; sent < 20; sent += 1) peer.check({ ufrag: 'nobody' });
    await until(() => hub.counters.datagramsIn === 80);
    const { unauthenticated, rateLimited } = hub.counters.dropped;
    expect(unauthenticated + rateLimited).toBe(80);
    expect(rateLimited).toBeGreaterThan(0);
    expect([hub.sizes.paths, hub.counters.datagramsOut, peer.responses]).toEqual([0, 0, []]);
  });

  test('in STUN does not keep the true peer at the same address away', async () => {
    const { peer, hub } = await openStage();
    await peer.checked();
    for (let sent = 0; sent < 200; sent += 1) peer.check({ password: 'guessed' });
    await until(() => hub.counters.datagramsIn === 201);
    await peer.checked();
    expect(peer.responses).toHaveLength(2);
  });

  test('from an address that no session knows is dropped', async () => {
    const { peer, hub } = await openStage();
    peer.send(rtpPacket({ sequenceNumber: 1 }));
    peer.send(Buffer.alloc(20, 22));
    await until(() => hub.counters.dropped.unknownPath === 2);
    expect(hub.counters.datagramsOut).toBe(0);
  });
});
