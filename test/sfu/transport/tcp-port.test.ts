import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PortHub } from '../../../src/sfu/transport/port-hub.ts';
import type { LocalParameters } from '../../../src/sfu/transport/session-transport.ts';
import { ATTRIBUTE, encodeStun, STUN } from '../../../src/sfu/transport/stun-message.ts';
import { frameHeader, FrameReader } from '../../../src/sfu/transport/tcp-framing.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';
import { Listener, openHub } from './support/hub.ts';
import { LibraryDtls } from './support/library-dtls.ts';
import { receiverReport } from './support/packets.ts';
import { peerCertificate } from './support/peer.ts';

type TcpPeer = { readonly socket: Socket; readonly received: Buffer[]; send(packet: Buffer): void };

async function connectTo(hub: PortHub): Promise<TcpPeer> {
  const socket = connect(hub.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const reader = new FrameReader(8192);
  const received: Buffer[] = [];
  socket.on('data', (chunk) => void received.push(...(reader.push(chunk) ?? [])));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    received,
    send: (packet) => void socket.write(Buffer.concat([frameHeader(packet.length), packet])),
  };
}

/** As a peer sends it that leaves it to this side to decide. */
const controlledCheck = ({ ice }: LocalParameters): Buffer =>
  encodeStun(
    STUN.bindingRequest,
    Buffer.alloc(12, 3),
    [
      [ATTRIBUTE.username, Buffer.from(`${ice.ufrag}:peer`)],
      [ATTRIBUTE.controlled, Buffer.alloc(8)],
    ],
    ice.password,
  );

const check = ({ ice }: LocalParameters, password = ice.password): Buffer =>
  encodeStun(
    STUN.bindingRequest,
    Buffer.alloc(12, 3),
    [
      [ATTRIBUTE.username, Buffer.from(`${ice.ufrag}:peer`)],
      [ATTRIBUTE.controlling, Buffer.alloc(8)],
      [ATTRIBUTE.useCandidate, Buffer.alloc(0)],
    ],
    password,
  );

describe('a browser that comes over TCP', () => {
  test('finds the port among the candidates, after that of UDP and with the same number', async () => {
    const hub = await openHub();
    const { candidates } = hub.open('browser', new Listener()).local;
    expect(candidates.map(({ protocol, port, tcpType }) => ({ protocol, port, tcpType }))).toEqual([
      { protocol: 'udp', port: hub.port, tcpType: undefined },
      { protocol: 'tcp', port: hub.port, tcpType: 'passive' },
    ]);
  });

  test('checks, shakes hands and gets media as over UDP', async () => {
    const hub = await openHub();
    const listener = new Listener();
    const session = hub.open('browser', listener);
    const peer = await connectTo(hub);
    session.connect({
      ice: { ufrag: 'peer', password: 'x'.repeat(22) },
      candidates: [],
      fingerprint: peerCertificate.fingerprint,
      dtlsRole: 'server',
    });
    peer.send(check(session.local));
    await until(() => peer.received.length === 1);
    const dtls = new LibraryDtls('client', peerCertificate, (datagram) => peer.send(datagram));
    onTestFinished(() => dtls.close());
    peer.socket.on('data', () => {
      for (const packet of peer.received.splice(0)) dtls.receive(packet);
    });
    dtls.start();
    await until(() => session.state === 'connected' && dtls.isConnected);
    peer.socket.removeAllListeners('data');
    const reader = new FrameReader(8192);
    peer.socket.on('data', (chunk) => void peer.received.push(...(reader.push(chunk) ?? [])));
    const { rtcp } = dtls.srtp();
    peer.send(rtcp.encrypt(receiverReport(1)));
    session.sendRtcp(receiverReport(2));
    await until(() => listener.rtcp.length === 1 && peer.received.length === 1);
    expect(listener.rtcp).toEqual([receiverReport(1)]);
    expect(rtcp.decrypt(peer.received[0] ?? Buffer.alloc(0))).toEqual(receiverReport(2));
    peer.socket.destroy();
    await until(() => session.state === 'disconnected');
    expect([hub.sizes.paths, listener.states]).toEqual([0, ['connected', 'disconnected']]);
  });

  test('is cut off when its frames are too big', async () => {
    const hub = await openHub();
    const peer = await connectTo(hub);
    const closed = once(peer.socket, 'close');
    peer.socket.write(frameHeader(9_000));
    await closed;
    expect(hub.counters.dropped.tcpOverflow).toBe(1);
  });

  test('is cut off when it has not shown within ten seconds whose peer it is', async () => {
    const clock = new FakeClock();
    const hub = await openHub(clock);
    const session = hub.open('browser', new Listener());
    const [stranger, peer] = [await connectTo(hub), await connectTo(hub)];
    stranger.send(check(session.local, 'guessed'));
    peer.send(check(session.local));
    await until(() => hub.counters.dropped.unauthenticated === 1 && peer.received.length === 1);
    const closed = once(stranger.socket, 'close');
    clock.advance(10_000);
    await closed;
    peer.send(check(session.local));
    await until(() => peer.received.length === 2);
    expect([peer.socket.destroyed, hub.sizes.paths]).toEqual([false, 1]);
  });

  test('has at most thirty-two connections from one address', async () => {
    const hub = await openHub();
    const peers: TcpPeer[] = [];
    for (let opened = 0; opened < 33; opened += 1) peers.push(await connectTo(hub));
    await until(() => peers[32]?.socket.destroyed === true);
    expect(peers.filter(({ socket }) => socket.destroyed)).toHaveLength(1);
  });

  test('leaves no check behind when it hangs up before it has answered it', async () => {
    const hub = await openHub();
    const session = hub.open('third-party', new Listener());
    session.connect({
      ice: { ufrag: 'peer', password: 'peerpasswordpeerpasswords' },
      candidates: [],
      fingerprint: peerCertificate.fingerprint,
      dtlsRole: 'server',
    });
    const peer = await connectTo(hub);
    peer.send(controlledCheck(session.local));
    await until(() => hub.sizes.checks === 1);
    peer.socket.destroy();
    await until(() => hub.sizes.paths === 0);
    expect(hub.sizes.checks).toBe(0);
  });

  test('is cut off when its session is closed', async () => {
    const hub = await openHub();
    const session = hub.open('browser', new Listener());
    const peer = await connectTo(hub);
    peer.send(check(session.local));
    await until(() => peer.received.length === 1);
    const closed = once(peer.socket, 'close');
    session.close();
    await closed;
    expect(hub.sizes).toEqual({ sessions: 0, paths: 0, checks: 0 });
  });
});
