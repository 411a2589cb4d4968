import { Caller } from './ai-caller.ts';
import { isRelay, Relays, type Relayed } from './ai-relays.ts';
import { stateFaults } from './check-states.ts';
import { crowd, type Participant } from './crowd.ts';
import { clientFrame, RawSocket } from './raw-socket.ts';
import { serve } from './worker.ts';

export type AiLoadCalls = {
  /** Connects `users` to one room, and one to each of `rooms` others; answers when everybody knows of everybody. */
  readonly open: {
    readonly input: {
      readonly port: number;
      readonly secret: string;
      readonly users: number;
      readonly rooms: number;
    };
    readonly output: null;
  };
  readonly saturate: {
    readonly input: { readonly inFlight: number; readonly seconds: number };
    readonly output: Relayed;
  };
  readonly pace: {
    readonly input: { readonly perSecond: number; readonly seconds: number };
    readonly output: Relayed;
  };
  /** From here on calls are opened and closed without pause in the users' room, and in so many others. */
  readonly startCalls: { readonly input: { readonly others: number }; readonly output: null };
  /** Answers when all are closed, with how long each opening took. */
  readonly stopCalls: { readonly input: null; readonly output: readonly number[] };
};

/** As the stock client's. */
const HEARTBEAT_MS = 5_000;
const HEARTBEAT = clientFrame('{"type":"heartbeat"}');
const OPEN_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

const sockets: RawSocket[] = [];
const callers: Caller[] = [];
let calling: readonly Caller[] = [];
let relays: Relays | undefined;

const ERROR = Buffer.from('{"type":"error"');

type Received = { readonly state?: (frame: Buffer) => void; readonly relay?: (frame: Buffer) => void };

/** Anything that goes wrong with a connection ends this process, and with it the benchmark. */
function connect(port: number, { path, cookie }: Participant, received: Received): RawSocket {
  const onText = (frame: Buffer): void => {
    if (isRelay(frame)) return received.relay?.(frame);
    if (frame.subarray(0, ERROR.length).equals(ERROR)) throw new Error(frame.toString('utf8'));
    received.state?.(frame);
  };
  const onGone = (why: string): void => {
    throw new Error(`a connection ${why}`);
  };
  const socket = new RawSocket(
    { port, path, cookie },
    { onOpen: () => {}, onData: () => {}, onText, onGone },
  );
  sockets.push(socket);
  return socket;
}

function connectCaller(port: number, participant: Participant, relay?: (frame: Buffer) => void): RawSocket {
  const state = (frame: Buffer): void => caller.state(frame);
  const socket = connect(port, participant, { state, ...(relay && { relay }) });
  const caller = new Caller(socket);
  callers.push(caller);
  return socket;
}

/** The first of the users is the one who opens calls. */
function connectUser(port: number, participant: Participant, index: number): RawSocket {
  const relay = (frame: Buffer): void => relays?.received(index, frame);
  return index === 0 ? connectCaller(port, participant, relay) : connect(port, participant, { relay });
}

async function until(done: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + OPEN_TIMEOUT_MS;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(what);
    await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
  }
}

const running = (): Relays => {
  if (relays === undefined) throw new Error('Nobody is connected');
  return relays;
};

serve<AiLoadCalls>({
  open: async ({ port, secret, users, rooms }) => {
    const participants = crowd({ rooms: 'shared', connections: users }, secret);
    const together = participants.map((participant, index) => connectUser(port, participant, index));
    const alone = crowd({ rooms: 'own', connections: rooms }, secret);
    for (const participant of alone) connectCaller(port, participant);
    await until(() => sockets.every(({ reader }) => reader.textFrames > 0), 'not everybody was admitted');
    await until(
      () => stateFaults('shared', participants, together, false).length === 0,
      'not everybody is in the room',
    );
    setInterval(() => sockets.forEach((socket) => socket.send(HEARTBEAT)), HEARTBEAT_MS);
    relays = new Relays(together);
    return null;
  },
  saturate: ({ inFlight, seconds }) => running().saturate(inFlight, seconds),
  pace: ({ perSecond, seconds }) => running().pace(perSecond, seconds),
  startCalls: ({ others }) => {
    calling = callers.slice(0, 1 + others);
    for (const caller of calling) caller.start();
    return null;
  },
  stopCalls: async () => (await Promise.all(calling.map((caller) => caller.stop()))).flat(),
});
