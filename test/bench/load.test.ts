import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { compile } from '../../bench/suite/compiler.ts';
import { Load, type Report } from '../../bench/suite/load/load.ts';
import { relay, RELAY_MARKER } from '../../bench/suite/people.ts';
import { faultsOf } from '../../bench/suite/stage.ts';

/** What a server does with the frames for one receiver, whose number the second argument is. */
type Fault = (frame: Buffer, number: number, send: (frame: Buffer) => void) => void;

const FRAMES = 10;
const RECEIVERS = 2;
const FAULTY = 5;

const programs = compile();
// A worker of vitest is killed, not ended.
afterAll(() => programs && rmSync(dirname(programs.load), { recursive: true, force: true }));

/** A server that relays, but for one receiver with a fault. */
function faultyServer(fault: Fault): Promise<number> {
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    server.close();
  });
  server.on('connection', (socket) => {
    const index = sockets.push(socket) - 1;
    let number = 0;
    socket.on('message', (frame: Buffer) => {
      number += 1;
      for (const other of sockets.slice(1)) {
        const send = (sent: Buffer): void => other.send(sent, { binary: false });
        if (index === 0 && other === sockets[1]) fault(frame, number, send);
        else send(frame);
      }
    });
  });
  return new Promise((resolve) => {
    server.on('listening', () => resolve((server.address() as AddressInfo).port));
  });
}

/** One sends, two receive; more frames than were sent are looked for too. */
async function relayed(program: string | undefined, fault: Fault): Promise<readonly string[]> {
  const port = await faultyServer(fault);
  const load = new Load(program);
  onTestFinished(() => load.stop());
  await load.tell('hello 0 -');
  await load.tell('patience 300');
  await load.list(
    Array.from({ length: 1 + RECEIVERS }, () => ({ path: '/', cookie: '', marker: RELAY_MARKER })),
  );
  await load.tell(`frame 0 ${relay(100)}`);
  const opened = await load.tell(`open ${port} 1 5000`);
  expect(opened).toMatchObject({ ready: 1 + RECEIVERS, gone: 0 } satisfies Partial<Report>);
  const report = await load.tell(`paced 0 1000000 ${FRAMES / 1_000} ${RECEIVERS}`);
  return faultsOf(report);
}

const loads: [string, string | undefined][] = [['Node', undefined]];
if (programs) loads.push(['C', programs.load]);

describe.each(loads)('the load generator in %s', (_, program) => {
  test('finds nothing wrong with a server that relays everything once and in order', async () => {
    expect(await relayed(program, (frame, _number, send) => send(frame))).toEqual([]);
  });

  test('finds a frame that was lost', async () => {
    const lose: Fault = (frame, number, send) => {
      if (number !== FAULTY) send(frame);
    };
    expect(await relayed(program, lose)).toEqual(['1 lost']);
  });

  test('finds a frame that came twice', async () => {
    const double: Fault = (frame, number, send) => {
      send(frame);
      if (number === FAULTY) send(frame);
    };
    expect(await relayed(program, double)).toEqual(['1 disordered']);
  });

  test('finds two frames in the wrong order', async () => {
    let held: Buffer | undefined;
    const swap: Fault = (frame, number, send) => {
      if (number === FAULTY) held = frame;
      else send(frame);
      if (number === FAULTY + 1 && held) send(held);
    };
    expect(await relayed(program, swap)).toEqual(['1 lost', '1 disordered']);
  });
});
