import { createInterface } from 'node:readline';
import type { Entry } from './load.ts';
import { clientFrame, type Template } from './node-connection.ts';
import { ECHOES, NodeTraffic } from './node-traffic.ts';

/** The load generator in Node: reads the commands of load.c from standard input, and answers as it does. */

const NUMBER = '########';

const traffic = new NodeTraffic();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function nextLine(): Promise<string> {
  const { value, done } = await lines.next();
  if (done) process.exit();
  return value;
}

const toTemplate = (text: string): Template => {
  const bytes = clientFrame(text);
  return { bytes, numberAt: Math.max(0, bytes.indexOf(NUMBER)) };
};

async function list(count: number): Promise<void> {
  const entries: Entry[] = [];
  while (entries.length < count) {
    const [path = '', cookie = '', marker = ''] = (await nextLine()).split('\t');
    entries.push({ path, cookie, marker });
  }
  traffic.list(entries);
}

function setFrame(rest: string): void {
  const space = rest.indexOf(' ');
  const who = rest.slice(0, space);
  const frames = rest
    .slice(space + 1)
    .split('\t')
    .map(toTemplate);
  traffic.connections.forEach((connection, index) => {
    if (who === '*' || index === Number(who)) connection.frames = frames;
  });
}

function setTexts(rest: string): void {
  const [heartbeat = '', ping = ''] = rest.split('\t');
  traffic.texts = { heartbeat, ping };
}

const COMMANDS: Readonly<Record<string, (rest: string, numbers: readonly number[]) => Promise<void> | void>> =
  {
    hello: (rest, [texts = 0]) => {
      const text = rest.slice(rest.indexOf(' ') + 1);
      traffic.hello = { texts, text: text === '-' ? '' : text };
    },
    texts: setTexts,
    list: (_, [count = 0]) => list(count),
    frame: setFrame,
    mode: (_, [whole, echo = 0]) => {
      traffic.mode = { whole: whole === 1, echo: ECHOES[echo] ?? 'none' };
    },
    patience: (_, [ms = 0]) => {
      traffic.patienceMs = ms;
    },
    open: (_, [port = 0, inFlight = 1, ms = 0]) => traffic.open(port, inFlight, ms),
    lockstep: (_, [senders = 1, batch = 1, seconds = 1, expected = 0]) =>
      traffic.lockstep(senders, batch, seconds, expected),
    paced: (_, [sender = 0, intervalNs = 1, seconds = 1, expected = 0]) =>
      traffic.paced(sender, intervalNs, seconds, expected),
    live: (_, [toggleNs = 0, heartbeatNs = 0, seconds = 1]) => traffic.live(toggleNs, heartbeatNs, seconds),
    events: (_, [batch = 1, seconds = 1]) => traffic.events(batch, seconds),
    each: () => traffic.each(),
    quiet: (_, [ms = 0, timeoutMs = 0]) => traffic.quiet(ms, timeoutMs),
    check: (_, [roomSize = 1]) => traffic.check(roomSize),
    stall: (_, [index = 0, stalled = 0]) => traffic.stall(index, stalled === 1),
    close: () => traffic.connections.forEach((connection) => connection.close()),
  };

for (;;) {
  const line = await nextLine();
  const [name = ''] = line.split(' ', 1);
  const rest = line.slice(name.length + 1);
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`Not a command: ${line.slice(0, 60)}`);
  traffic.start();
  await command(rest, rest.split(' ').map(Number));
  process.stdout.write(`${JSON.stringify(traffic.report())}\n`);
}
