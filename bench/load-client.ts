import { stateFaults } from './check-states.ts';
import { crowd, type Participant, type Plan } from './crowd.ts';
import { clientFrame, RawSocket } from './raw-socket.ts';
import { serve } from './worker.ts';

/** As the stock client's. */
const HEARTBEAT_MS = 5_000;
/** Clients have not all come at the same moment: their heartbeats are spread evenly, in so many portions. */
const HEARTBEAT_PORTIONS = 100;
const HEARTBEAT = clientFrame('{"type":"heartbeat"}');
const USER_LEFT = clientFrame('{"type":"userLeft"}');
/** How often the end of a silence is looked for; also how exactly it is known. */
const POLL_MS = 50;

export type OpenInput = Plan & {
  readonly port: number;
  readonly secret: string;
  /** How many handshakes may be under way at a time. */
  readonly inFlight: number;
  readonly timeoutMs: number;
};

export type Counts = {
  readonly textFrames: number;
  readonly otherFrames: number;
  /** Bytes of frames with their headers, without the handshakes. */
  readonly bytes: number;
  readonly heartbeats: number;
  /** Text frames of the connection with the fewest, and of that with the most. */
  readonly fewest: number;
  readonly most: number;
  /** Size of the last state that the first connection got. */
  readonly lastStateBytes: number;
  /** From the first connect to the last byte of all so far. */
  readonly lastByteSeconds: number;
};

export type ClientCalls = {
  /** Connects everybody; answers when each has its first frame. */
  readonly open: { readonly input: OpenInput; readonly output: { readonly seconds: number } };
  /** Answers when nothing has come in for `forMs`. */
  readonly quiet: { readonly input: { readonly forMs: number }; readonly output: null };
  readonly count: { readonly input: null; readonly output: Counts };
  /** What is wrong with what came in, in words; empty is good. `exactlyOne`: each had one frame, no more. */
  readonly check: { readonly input: { readonly exactlyOne: boolean }; readonly output: readonly string[] };
  /** Says goodbye for everybody, and forgets them. */
  readonly leave: { readonly input: null; readonly output: null };
};

/** All clients of a run. */
class Load {
  readonly #participants: readonly Participant[];
  readonly #input: OpenInput;
  readonly #sockets: RawSocket[] = [];
  readonly #lost: string[] = [];
  #startedAt = 0;
  #admitted = 0;
  #admittedAt = 0;
  #lastByteAt = 0;
  #bytes = 0;
  #heartbeats = 0;
  #tick = 0;
  readonly #beating = setInterval(() => this.#beat(), HEARTBEAT_MS / HEARTBEAT_PORTIONS);

  constructor(input: OpenInput) {
    this.#input = input;
    this.#participants = crowd(input, input.secret);
  }

  async open(): Promise<{ seconds: number }> {
    const { connections, inFlight, timeoutMs } = this.#input;
    this.#startedAt = performance.now();
    for (let count = 0; count < Math.min(inFlight, connections); count += 1) this.#openNext();
    await this.#until(() => {
      if (this.#lost.length > 0) throw new Error(this.#lostText());
      if (performance.now() - this.#startedAt > timeoutMs) {
        throw new Error(
          `Only ${this.#admitted} of ${connections} were admitted within ${timeoutMs / 1000} s`,
        );
      }
      return this.#admitted === connections;
    });
    return { seconds: (this.#admittedAt - this.#startedAt) / 1000 };
  }

  async quiet(forMs: number): Promise<null> {
    await this.#until(() => performance.now() - this.#lastByteAt >= forMs);
    return null;
  }

  count(): Counts {
    const frames = this.#sockets.map(({ reader }) => reader.textFrames);
    return {
      textFrames: frames.reduce((sum, count) => sum + count, 0),
      otherFrames: this.#sockets.reduce((sum, { reader }) => sum + reader.otherFrames, 0),
      bytes: this.#bytes,
      heartbeats: this.#heartbeats,
      fewest: frames.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY),
      most: frames.reduce((most, count) => Math.max(most, count), 0),
      lastStateBytes: this.#sockets[0]?.reader.lastText().length ?? 0,
      lastByteSeconds: (this.#lastByteAt - this.#startedAt) / 1000,
    };
  }

  check(exactlyOne: boolean): readonly string[] {
    const lost = this.#lost.length === 0 ? [] : [this.#lostText()];
    return [...lost, ...stateFaults(this.#input.rooms, this.#participants, this.#sockets, exactlyOne)];
  }

  async leave(): Promise<null> {
    for (const socket of this.#sockets) socket.send(USER_LEFT);
    await this.#until(() => this.#lost.length === this.#sockets.length);
    clearInterval(this.#beating);
    return null;
  }

  #openNext(): void {
    const index = this.#sockets.length;
    const participant = this.#participants[index];
    if (participant === undefined) return;
    const { path, cookie } = participant;
    let admitted = false;
    const socket = new RawSocket(
      { port: this.#input.port, path, cookie },
      {
        onOpen: () => this.#openNext(),
        onData: (bytes) => {
          this.#bytes += bytes;
          this.#lastByteAt = performance.now();
          if (admitted || socket.reader.textFrames === 0) return;
          admitted = true;
          this.#admitted += 1;
          this.#admittedAt = this.#lastByteAt;
        },
        onGone: (why) => {
          this.#lost.push(`connection ${index + 1} ${why}`);
        },
      },
    );
    this.#sockets.push(socket);
  }

  #beat(): void {
    for (let index = this.#tick; index < this.#sockets.length; index += HEARTBEAT_PORTIONS) {
      const socket = this.#sockets[index];
      if (socket?.isOpen !== true) continue;
      socket.send(HEARTBEAT);
      this.#heartbeats += 1;
    }
    this.#tick = (this.#tick + 1) % HEARTBEAT_PORTIONS;
  }

  #lostText(): string {
    const first = this.#lost.slice(0, 3).join('; ');
    return `${this.#lost.length} of ${this.#input.connections} connections were lost: ${first}`;
  }

  /** Looks again and again; rejects when looking throws. */
  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        try {
          if (!done()) return;
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        clearInterval(timer);
      }, POLL_MS);
    });
  }
}

let load: Load | undefined;
const current = (): Load => {
  if (load === undefined) throw new Error('Nobody is connected');
  return load;
};

serve<ClientCalls>({
  open: (input) => {
    load = new Load(input);
    return load.open();
  },
  quiet: ({ forMs }) => current().quiet(forMs),
  count: () => current().count(),
  check: ({ exactlyOne }) => current().check(exactlyOne),
  leave: () => current().leave(),
});
