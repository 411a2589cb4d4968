import { clientFrame, type RawSocket } from './raw-socket.ts';

const ENABLE = clientFrame('{"type":"enableAi"}');
const DISABLE = clientFrame('{"type":"disableAi"}');

/** The part of a room's state that a caller looks at. */
type State = { readonly state: { readonly ai: { readonly enabled: boolean; readonly error?: string } } };

/** One user who opens a call in its room and closes it as soon as it is open, again and again. */
export class Caller {
  readonly #socket: RawSocket;
  #waitsFor: 'open' | 'closed' | undefined;
  #askedAt = 0;
  #stopped: (() => void) | undefined;
  #openingsMs: number[] = [];

  constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  start(): void {
    this.#stopped = undefined;
    this.#openingsMs = [];
    this.#open();
  }

  /** Resolves when the last call is closed, to how long each took from the wish to the state that shows it. */
  stop(): Promise<readonly number[]> {
    return new Promise((resolve) => {
      this.#stopped = () => resolve(this.#openingsMs);
    });
  }

  /** A state of the room; throws when it says that a call could not be opened. */
  state(frame: Buffer): void {
    if (this.#waitsFor === undefined) return;
    const { ai } = (JSON.parse(frame.toString('utf8')) as State).state;
    if (ai.error !== undefined) throw new Error(`a call was not opened: ${ai.error}`);
    if (this.#waitsFor === 'open' && ai.enabled) {
      this.#openingsMs.push(performance.now() - this.#askedAt);
      this.#waitsFor = 'closed';
      this.#socket.send(DISABLE);
    } else if (this.#waitsFor === 'closed' && !ai.enabled) {
      this.#waitsFor = undefined;
      if (this.#stopped === undefined) this.#open();
      else this.#stopped();
    }
  }

  #open(): void {
    this.#waitsFor = 'open';
    this.#askedAt = performance.now();
    this.#socket.send(ENABLE);
  }
}
