import { clientFrame, type RawSocket } from './raw-socket.ts';
import { quantileOfSorted } from './statistics.ts';

const HEAD = '{"type":"e2eeMlsMessage","relay":"';
const SENDER_DIGITS = 3;
const NUMBER_DIGITS = 9;
/** With the head some 200 bytes: a small message of MLS. */
const TAIL = `","mls":"${'m'.repeat(144)}"}`;
/** What tells a relay from a state: the first letter of its type, and the next. */
const TYPE_AT = '{"type":"'.length;
const TYPE = Buffer.from('e2');

/** Relays of one sender that may be on their way: some seconds of them, should the server stand still. */
const RING = 8_192;
/** For the last relays to arrive. */
const ARRIVAL_TIMEOUT_MS = 10_000;
const MAX_FAULTS = 5;

export type Relayed = {
  readonly relays: number;
  /** From the first one sent to the last one received. */
  readonly seconds: number;
  /** Of this process: at a whole core it is the load that is measured, not the server. */
  readonly loadCpuSeconds: number;
  /** From the sender's write to each receiver. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly faults: readonly string[];
};

export const isRelay = (frame: Buffer): boolean =>
  frame[TYPE_AT] === TYPE[0] && frame[TYPE_AT + 1] === TYPE[1];

/** Digits without the detour of a string: this is done for each frame that comes in. */
function numberAt(frame: Buffer, at: number, digits: number): number {
  let number = 0;
  for (let index = at; index < at + digits; index += 1) number = number * 10 + (frame[index] ?? 0) - 0x30;
  return number;
}

/**
 * Relays among the users of one room. They are numbered by their senders, and each receiver must get each sender's numbers
 * one after the other: nothing is lost, doubled or out of order.
 */
export class Relays {
  readonly #users: readonly RawSocket[];
  /** Number of each sender's next relay. */
  readonly #next: number[];
  /** By receiver and sender: the number that is to come next. */
  readonly #expected: number[];
  /** By sender and number: how many have yet to receive it, and when it was sent. */
  readonly #missing: Uint16Array;
  readonly #sentAt: Float64Array;
  #sent = 0;
  #arrived = 0;
  #lastAt = 0;
  #latenciesMs: number[] = [];
  readonly #faults: string[] = [];
  /** Told of each relay that everybody has. */
  #onArrived: (sender: number) => void = () => {};

  constructor(users: readonly RawSocket[]) {
    this.#users = users;
    this.#next = users.map(() => 0);
    this.#expected = Array.from({ length: users.length ** 2 }, () => 0);
    this.#missing = new Uint16Array(users.length * RING);
    this.#sentAt = new Float64Array(users.length * RING);
  }

  /** Each user sends as soon as one of its `inFlight` relays has reached everybody. */
  saturate(inFlight: number, seconds: number): Promise<Relayed> {
    return this.#run(async () => {
      this.#onArrived = (sender) => this.#send(sender);
      for (let count = 0; count < inFlight; count += 1)
        this.#users.forEach((_, sender) => this.#send(sender));
      await new Promise((resolve) => void setTimeout(resolve, seconds * 1_000));
      this.#onArrived = () => {};
    });
  }

  /** So many a second, whatever becomes of them. */
  pace(perSecond: number, seconds: number): Promise<Relayed> {
    return this.#run(
      () =>
        new Promise<void>((resolve) => {
          const start = performance.now();
          const timer = setInterval(() => {
            const elapsed = (performance.now() - start) / 1_000;
            const due = Math.floor(Math.min(elapsed, seconds) * perSecond);
            while (this.#sent < due) this.#send(this.#sent % this.#users.length);
            if (elapsed < seconds) return;
            clearInterval(timer);
            resolve();
          }, 1);
        }),
    );
  }

  received(receiver: number, frame: Buffer): void {
    const users = this.#users.length;
    const sender = numberAt(frame, HEAD.length, SENDER_DIGITS);
    const number = numberAt(frame, HEAD.length + SENDER_DIGITS, NUMBER_DIGITS);
    const pair = receiver * users + sender;
    const expected = this.#expected[pair] ?? 0;
    if (number !== expected || receiver === sender) {
      this.#fault(`user ${receiver} got relay ${number} of user ${sender}, not ${expected}`);
      // It was counted the first time.
      if (number < expected || receiver === sender) return;
    }
    this.#expected[pair] = number + 1;
    const slot = sender * RING + (number % RING);
    this.#lastAt = performance.now();
    this.#latenciesMs.push(this.#lastAt - (this.#sentAt[slot] ?? 0));
    const missing = (this.#missing[slot] ?? 0) - 1;
    this.#missing[slot] = missing;
    if (missing > 0) return;
    this.#arrived += 1;
    this.#onArrived(sender);
  }

  async #run(load: () => Promise<unknown>): Promise<Relayed> {
    this.#sent = 0;
    this.#arrived = 0;
    this.#latenciesMs = [];
    const start = performance.now();
    const before = process.cpuUsage();
    await load();
    const deadline = performance.now() + ARRIVAL_TIMEOUT_MS;
    while (this.#arrived < this.#sent && performance.now() < deadline) {
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    if (this.#arrived !== this.#sent)
      this.#fault(`${this.#sent} were sent, ${this.#arrived} reached everybody`);
    const { user, system } = process.cpuUsage(before);
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    return {
      relays: this.#arrived,
      seconds: (this.#lastAt - start) / 1_000,
      loadCpuSeconds: (user + system) / 1e6,
      p50Ms: quantileOfSorted(sorted, 0.5),
      p99Ms: quantileOfSorted(sorted, 0.99),
      maxMs: quantileOfSorted(sorted, 1),
      // With those of before: a relay that came twice may have come after its run.
      faults: this.#faults.splice(0),
    };
  }

  #send(sender: number): void {
    const number = this.#next[sender] ?? 0;
    this.#next[sender] = number + 1;
    const slot = sender * RING + (number % RING);
    if (this.#missing[slot] !== 0) throw new Error('the server does not keep up at all');
    const tag = `${String(sender).padStart(SENDER_DIGITS, '0')}${String(number).padStart(NUMBER_DIGITS, '0')}`;
    this.#missing[slot] = this.#users.length - 1;
    this.#sent += 1;
    const frame = clientFrame(`${HEAD}${tag}${TAIL}`);
    this.#sentAt[slot] = performance.now();
    this.#users[sender]?.send(frame);
  }

  #fault(text: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(text);
  }
}
