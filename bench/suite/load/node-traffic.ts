import { quantileOfSorted } from '../../statistics.ts';
import type { Entry, Report } from './load.ts';
import { clientFrame, NodeConnection, type Watcher } from './node-connection.ts';
import { DIGITS, flagIn, numberIn } from './own-change.ts';

const RING = 65_536;
const STEP = 7_919;
const USER = Buffer.from('{"id":"');
/** Whether each looks for its own change in what everybody gets: by its number, or by `speaking` behind its id. */
export type Echo = 'none' | 'number' | 'flag';
export const ECHOES: readonly Echo[] = ['none', 'number', 'flag'];

type Counters = { -readonly [Name in keyof Report]: number };

const noCounters = (): Counters => ({
  received: 0,
  others: 0,
  bytes: 0,
  sent: 0,
  rounds: 0,
  lost: 0,
  disordered: 0,
  gone: 0,
  wrong: 0,
  ready: 0,
  late: 0,
  seconds: 0,
  p50Ms: 0,
  p99Ms: 0,
  maxMs: 0,
  lastLength: 0,
});

/** What load.c and traffic.c do, in Node: where there is no compiler. It is slower, and so is more often the bottleneck. */
export class NodeTraffic {
  connections: readonly NodeConnection[] = [];
  hello = { texts: 0, text: '' };
  texts = { heartbeat: '', ping: '' };
  mode: { whole: boolean; echo: Echo } = { whole: false, echo: 'none' };
  /** After so long without what was expected, it is lost. */
  patienceMs = 10_000;
  count: Counters = noCounters();
  #startedAt = 0;
  #latencies: number[] = [];
  #countReceipts = true;
  #gapsAllowed = false;
  #lastByteAt = 0;
  readonly #sentAt = new Float64Array(RING);
  #look: () => void = () => {};
  #toOpen: (() => void) | undefined;

  readonly #watcher: Watcher = {
    onBytes: (count) => {
      this.count.bytes += count;
      this.#lastByteAt = performance.now();
    },
    onOpen: (connection) => {
      if (this.hello.text !== '') connection.write(clientFrame(this.hello.text));
      if (this.hello.texts === 0) this.#becomeReady(connection);
      this.#toOpen?.();
    },
    onText: (connection, payload) => this.#text(connection, payload),
    onGone: ({ stalled }) => {
      if (!stalled) this.count.gone += 1;
      this.#look();
    },
  };

  start(): void {
    this.count = noCounters();
    this.#latencies = [];
    this.#startedAt = performance.now();
  }

  report(): Report {
    const sorted = Float64Array.from(this.#latencies).toSorted();
    const at = (q: number): number => (sorted.length === 0 ? 0 : quantileOfSorted(sorted, q));
    return {
      ...this.count,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: sorted.at(-1) ?? 0,
      lastLength: this.connections[0]?.lastLength ?? 0,
    };
  }

  list(entries: readonly Entry[]): void {
    this.connections = entries.map((entry) => new NodeConnection(entry));
  }

  async open(port: number, inFlight: number, timeoutMs: number): Promise<void> {
    let opened = 0;
    this.#toOpen = () => {
      this.connections[opened]?.open(port, this.#watcher);
      opened += 1;
    };
    for (let index = 0; index < inFlight; index += 1) this.#toOpen();
    await this.#until(() => this.count.ready === this.connections.length, timeoutMs);
  }

  async lockstep(senders: number, batch: number, seconds: number, expected: number): Promise<void> {
    this.#countReceipts = senders === 1;
    const end = performance.now() + seconds * 1_000;
    let [target, trip] = [0, 0];
    do {
      const sender = this.count.rounds % senders;
      if (sender === 0) trip = performance.now();
      target += batch * expected;
      this.#send(this.connections[sender], batch);
      if (!(await this.#reach('received', target))) break;
      this.count.rounds += 1;
      if (senders === 2 && sender === 1) this.#latencies.push(this.#lastByteAt - trip);
    } while (performance.now() < end || this.count.rounds % senders !== 0);
    this.#countReceipts = true;
  }

  async paced(sender: number, intervalNs: number, seconds: number, expected: number): Promise<void> {
    const count = Math.max(1, Math.floor((seconds * 1e9) / intervalNs));
    const start = performance.now();
    this.#gapsAllowed = expected === 0;
    while (this.count.rounds < count) {
      const due = Math.min(count, 1 + Math.floor(((performance.now() - start) * 1e6) / intervalNs));
      for (; this.count.rounds < due; this.count.rounds += 1) this.#send(this.connections[sender], 1);
      await turn();
    }
    if (expected > 0) await this.#reach('received', count * expected);
    const last = this.connections[sender]?.nextToSend ?? 0;
    const behind = (): number => this.connections.filter(({ next }) => next < last).length;
    if (expected === 0 && !(await this.#until(() => behind() === 0))) this.count.lost += behind();
    this.#gapsAllowed = false;
  }

  async live(toggleNs: number, heartbeatNs: number, seconds: number): Promise<void> {
    const { length } = this.connections;
    const heartbeat = clientFrame(this.texts.heartbeat);
    const start = performance.now();
    let [toggles, beats, elapsed] = [0, 0, 0];
    const dueAt = (everyNs: number): number => (everyNs === 0 ? 0 : ((elapsed * 1e6) / everyNs) * length);
    while (elapsed < seconds * 1_000) {
      for (const due = dueAt(toggleNs); toggles < Math.floor(due); toggles += 1) {
        const connection = this.connections[(toggles * STEP) % length];
        if (connection?.awaiting) this.count.late += 1;
        else if (connection) {
          connection.awaiting = this.mode.echo !== 'none';
          this.#send(connection, 1);
        }
      }
      for (const due = dueAt(heartbeatNs); beats < Math.floor(due); beats += 1)
        this.connections[(beats * STEP) % length]?.write(heartbeat);
      await turn();
      elapsed = performance.now() - start;
    }
    const waiting = (): number => this.connections.filter(({ awaiting }) => awaiting).length;
    if (!(await this.#until(() => waiting() === 0))) this.count.lost += waiting();
    await this.quiet(200, this.patienceMs);
  }

  async events(batch: number, seconds: number): Promise<void> {
    const ping = clientFrame(this.texts.ping);
    const end = performance.now() + seconds * 1_000;
    let target = 0;
    do {
      for (const connection of this.connections) {
        this.#send(connection, batch);
        connection.write(ping);
      }
      target += this.connections.length;
      if (!(await this.#reach('others', target))) return;
      this.count.rounds += 1;
    } while (performance.now() < end);
  }

  each(): void {
    for (const connection of this.connections) if (connection.frames.length > 0) this.#send(connection, 1);
  }

  async quiet(ms: number, timeoutMs: number): Promise<void> {
    this.#lastByteAt = performance.now();
    await this.#until(() => performance.now() - this.#lastByteAt >= ms, timeoutMs, timeoutMs);
  }

  check(roomSize: number): void {
    this.connections.forEach(({ lastText = Buffer.alloc(0) }, index) => {
      const first = this.connections[index - (index % roomSize)]?.lastText;
      let users = 0;
      for (let at = lastText.indexOf(USER); at >= 0; at = lastText.indexOf(USER, at + 1)) users += 1;
      if (users !== roomSize || first?.equals(lastText) !== true) this.count.wrong += 1;
    });
  }

  async stall(index: number, stalled: boolean): Promise<void> {
    const connection = this.connections[index];
    if (connection === undefined) return;
    connection.stalled = true;
    connection.stall(stalled);
    if (stalled) return;
    await this.#until(() => connection.phase === 'gone', 1_000);
    this.count.gone = connection.phase === 'gone' ? 1 : 0;
  }

  #becomeReady(connection: NodeConnection): void {
    connection.phase = 'ready';
    this.count.ready += 1;
    this.#latencies.push(performance.now() - connection.startedAt);
    this.#look();
  }

  #text(connection: NodeConnection, payload: Buffer): void {
    if (this.mode.whole) connection.lastText = Buffer.from(payload);
    if (this.mode.echo === 'flag') this.#flag(connection, flagIn(connection, payload));
    else this.#number(connection, numberIn(connection, payload));
    if (connection.phase === 'waiting' && connection.texts >= this.hello.texts) this.#becomeReady(connection);
    this.#look();
  }

  /** Even numbers switch it on, odd ones off. What was sent before the change shows the other one. */
  #flag(connection: NodeConnection, isOn: boolean | undefined): void {
    if (isOn === undefined) this.count.others += 1;
    else this.count.received += 1;
    if (!connection.awaiting || isOn !== (connection.nextToSend % 2 === 1)) return;
    connection.awaiting = false;
    this.#latencies.push(this.#lastByteAt - connection.sentAt);
  }

  #number(connection: NodeConnection, number: number | undefined): void {
    if (number === undefined) {
      this.count.others += 1;
      return;
    }
    this.count.received += 1;
    if (number < connection.next) this.count.disordered += 1;
    if (this.mode.echo === 'number') {
      connection.next = number;
      if (!connection.awaiting || number !== connection.nextToSend - 1) return;
      connection.awaiting = false;
      this.#latencies.push(this.#lastByteAt - connection.sentAt);
      return;
    }
    if (number > connection.next && !this.#gapsAllowed) this.count.lost += number - connection.next;
    connection.next = Math.max(connection.next, number + 1);
    if (this.#countReceipts) this.#latencies.push(this.#lastByteAt - (this.#sentAt[number % RING] ?? 0));
  }

  #send(connection: NodeConnection | undefined, batch: number): void {
    if (connection === undefined) return;
    const parts: Buffer[] = [];
    const now = performance.now();
    for (let index = 0; index < batch; index += 1) {
      const number = connection.nextToSend;
      connection.nextToSend += 1;
      const frame = connection.frames[number % connection.frames.length];
      if (frame === undefined) return;
      const bytes = Buffer.from(frame.bytes);
      if (frame.numberAt > 0) bytes.write(String(number).padStart(DIGITS, '0'), frame.numberAt, 'latin1');
      this.#sentAt[number % RING] = now;
      parts.push(bytes);
    }
    connection.sentAt = now;
    this.count.sent += batch;
    connection.write(Buffer.concat(parts));
  }

  async #reach(name: 'received' | 'others', target: number): Promise<boolean> {
    if (await this.#until(() => this.count[name] >= target)) return true;
    // Gaps in the numbers have been counted already.
    this.count.lost = Math.max(this.count.lost, target - this.count[name]);
    return false;
  }

  /** Looks whenever something has come in; gives up when nothing has for a time, or at the latest after another. */
  #until(done: () => boolean, patienceMs = this.patienceMs, totalMs = Infinity): Promise<boolean> {
    const start = performance.now();
    this.#lastByteAt = start;
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearInterval(timer);
        this.#look = () => {};
        resolve(result);
      };
      const timer = setInterval(() => {
        const now = performance.now();
        if (done()) end(true);
        else if (now - this.#lastByteAt > patienceMs || now - start > totalMs) end(false);
      }, 10);
      this.#look = () => {
        if (done()) end(true);
      };
      this.#look();
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
