import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { PortSet, type PortRange } from '../../../src/sfu/transport/port-set.ts';
import { TransportCounters } from '../../../src/sfu/transport/transport-counters.ts';

const ignoring = { receive: () => undefined, lost: () => undefined };

async function open(range: PortRange, addresses = ['127.0.0.1'], tcp = true): Promise<PortSet> {
  const ports = await PortSet.open({ addresses, range, tcp }, ignoring, new TransportCounters(), systemClock);
  onTestFinished(() => ports.close());
  return ports;
}

async function takeUdp(port = 0): Promise<number> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

async function takeTcp(port = 0): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A number that nothing on this machine uses for TCP. */
async function freeOfTcp(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('the ports of the SFU', () => {
  test('have the same number at every address, for UDP and for TCP', async () => {
    const ports = await open({ from: 0, to: 0 }, ['127.0.0.1', '127.0.0.2']);
    const { port } = ports;
    expect(port).toBeGreaterThan(0);
    expect(ports.bound).toEqual([
      { protocol: 'udp', address: '127.0.0.1', port },
      { protocol: 'udp', address: '127.0.0.2', port },
      { protocol: 'tcp', address: '127.0.0.1', port },
      { protocol: 'tcp', address: '127.0.0.2', port },
    ]);
  });

  test('are the first of the range that are free', async () => {
    const taken = await takeUdp();
    const ports = await open({ from: taken, to: Math.min(taken + 20, 65_535) });
    expect(ports.port).toBeGreaterThan(taken);
  });

  test('are without TCP when that alone is taken, and there is no other number', async () => {
    const taken = await takeTcp();
    const ports = await open({ from: taken, to: taken });
    expect(ports.bound).toEqual([{ protocol: 'udp', address: '127.0.0.1', port: taken }]);
  });

  test('leave out an address that is not of this host', async () => {
    // TEST-NET-3: nobody's (RFC 5737).
    const ports = await open({ from: 0, to: 0 }, ['203.0.113.9', '127.0.0.1']);
    expect(ports.udp.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });

  test('serve IPv6 where there is some', async () => {
    const ports = await open({ from: 0, to: 0 }, ['127.0.0.1', '::1'], false);
    expect(['127.0.0.1', '127.0.0.1,::1']).toContain(ports.udp.map(({ address }) => address).join());
  });

  test('are refused when none is free, and nothing stays open', async () => {
    const taken = await takeUdp(await freeOfTcp());
    await expect(open({ from: taken, to: taken })).rejects.toThrow('No port is free');
    await takeTcp(taken);
  });
});
