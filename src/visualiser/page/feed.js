/**
 * @typedef {import('../trace.ts').TraceStep} TraceStep
 * @typedef {{ room: string, start: import('../trace.ts').SeenState | null, steps: TraceStep[] }} RoomState
 * @typedef {object} FeedListener
 * @property {(state: RoomState, withNames: boolean) => void} onState - replaces everything
 * @property {(steps: TraceStep[]) => void} onSteps
 * @property {(status: FeedStatus) => void} onStatus
 * @typedef {'connecting' | 'open' | 'lost' | 'full' | 'locked'} FeedStatus
 */

/** What a browser does not try again by itself: an answer that is not a stream. */
const RETRY_MS = 3_000;
/** @type {Readonly<Record<number, FeedStatus>>} */
const STATUS_OF = { 401: 'locked', 429: 'full' };

/** A room's events as they come, over connections that come and go. */
export class Feed {
  #path;
  #listener;
  #withNames = false;
  /** @type {EventSource | undefined} */
  #source;

  /**
   * @param {string} path
   * @param {FeedListener} listener
   */
  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
    this.#connect();
  }

  /** @param {boolean} shown */
  showNames(shown) {
    this.#withNames = shown;
    this.#connect();
  }

  /** The connection before goes on until this one has brought the state: the server forgets a room that nobody watches. */
  #connect() {
    const before = this.#source;
    const withNames = this.#withNames;
    const url = withNames ? `${this.#path}?names=shown` : this.#path;
    const source = new EventSource(url);
    const isLatest = () => this.#source === source;
    this.#source = source;
    source.addEventListener('state', (event) => {
      before?.close();
      if (!isLatest()) return;
      this.#listener.onState(JSON.parse(event.data), withNames);
      this.#listener.onStatus('open');
    });
    source.addEventListener('steps', (event) => {
      if (isLatest()) this.#listener.onSteps(JSON.parse(event.data));
    });
    source.addEventListener('error', () => {
      before?.close();
      if (!isLatest()) return;
      this.#listener.onStatus('lost');
      if (source.readyState === EventSource.CLOSED) void this.#retry(url, isLatest);
    });
  }

  /**
   * @param {string} url
   * @param {() => boolean} isLatest
   */
  async #retry(url, isLatest) {
    const status = await statusOf(url);
    if (!isLatest()) return;
    this.#listener.onStatus(STATUS_OF[status] ?? 'lost');
    setTimeout(() => {
      if (isLatest()) this.#connect();
    }, RETRY_MS);
  }
}

/** An `EventSource` does not tell why it was refused. */
async function statusOf(/** @type {string} */ url) {
  const asked = new AbortController();
  try {
    const { status } = await fetch(url, { signal: asked.signal });
    asked.abort();
    return status;
  } catch {
    return 0;
  }
}
