import type { RoomState } from '../../src/protocol/messages.ts';
import { MemoryStore } from '../../src/store/store.memory.ts';
import type { AiAccess } from './ai-access.ts';
import { OFFER } from './ai-connections.ts';
import { AiUpstreams, type Script } from './ai-upstreams.ts';
import { endOfTurn, FakeClock } from './fake-clock.ts';
import { MortalClock, mortalStore } from './mortal.ts';
import { startServer, type TestServer } from './server.ts';
import type { TestClient } from './test-client.ts';
import { until } from './until.ts';

const IDS = ['a', 'b', 'c'];
type Speech = 'enable' | 'disable' | 'request' | 'steal' | 'speak' | 'release' | 'connect';
export type Deed = 'join' | 'leave' | 'drop' | Speech;
export type Action = (
  | { readonly type: Deed; readonly user: number }
  | ({ readonly type: 'script' } & Script)
  | { readonly type: 'letGo' | 'restart' }
  /** So many turns of the event loop later, that is in the middle of what the steps before have begun. */
  | { readonly type: 'crash'; readonly turns: number }
  | { readonly type: 'wait'; readonly ms: number }
) & { /** Whether the next step waits for all that follows from this one. */ readonly rest: boolean };

/** One life of the server, and all by which it reaches what outlives it. */
type Life = {
  readonly server: TestServer;
  readonly access: AiAccess;
  readonly clock: MortalClock;
  readonly endStore: () => void;
};

/** A room with an AI on a whole server, which may be started again on the same store and upstreams. */
export class AiWalk {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore();
  readonly upstreams = new AiUpstreams();
  readonly #clients = new Map<string, TestClient>();
  /** Elsewhere on the server, so that nobody's own tracks are taken for abandoned. */
  #lobby: readonly TestClient[] = [];
  #life: Life | undefined;

  static async open(): Promise<AiWalk> {
    const walk = new AiWalk();
    for (const id of IDS) {
      const tracks = [{ mid: '0', trackName: 'audio' }];
      await walk.store.putSfuSession({ sessionId: `of-${id}`, owner: `sid:${id}`, openedAt: 0, tracks });
    }
    await walk.#start();
    await walk.#afterJournal();
    return walk;
  }

  async perform(action: Action): Promise<void> {
    switch (action.type) {
      case 'script':
        return this.upstreams.script(action);
      case 'letGo':
        return this.upstreams.letGo();
      case 'wait':
        return this.clock.advance(action.ms);
      case 'restart':
        return this.#restart();
      case 'crash':
        return this.#crash(action.turns);
      default:
        return this.#act(action.type, IDS[action.user] ?? '', IDS[(action.user + 1) % IDS.length] ?? '');
    }
  }

  /** Waits until nothing is under way but what is held. */
  async settle(): Promise<void> {
    const heard = () => Promise.all([...this.#clients.values()].map((client) => client.settle()));
    let asked = -1;
    do {
      asked = this.upstreams.asked;
      await heard();
      await until(() => this.upstreams.isQuiet);
      await endOfTurn();
    } while (asked !== this.upstreams.asked || !this.upstreams.isQuiet);
    await heard();
  }

  /** The last state that each of those here has got. */
  get states(): RoomState[] {
    return [...this.#clients.values()].map(
      ({ frames }) => frames.findLast(({ type }) => type === 'roomState')?.['state'] as RoomState,
    );
  }

  /** Everybody is gone, and there is time for what is left. */
  async end(): Promise<void> {
    this.upstreams.recover();
    this.upstreams.letGo();
    await this.settle();
    // Who was here before a restart is here until it is heard of.
    for (const id of IDS) {
      await this.#act('join', id, id);
      await this.#act('leave', id, id);
    }
    for (let minutes = 0; minutes < 3; minutes += 1) {
      this.clock.advance(60_000);
      await this.settle();
    }
    await this.#afterJournal();
  }

  async close(): Promise<void> {
    this.upstreams.holds = false;
    this.upstreams.letGo();
    await stop(this.#life?.server, this.clock);
    this.upstreams.stop();
  }

  /** The journal has a timer of its own while something waits to be stored. */
  async #afterJournal(): Promise<void> {
    this.clock.advance(50);
    await this.settle();
  }

  async #start(): Promise<void> {
    const access = await this.upstreams.access();
    const environment = {
      ...access.environment,
      PERIODIC_STATE_MS: '0',
      HEARTBEAT_TIMEOUT_MS: '2000000000',
      MAX_FRAMES_PER_SECOND: '100000',
    };
    const clock = new MortalClock(this.clock);
    const { store, end: endStore } = mortalStore(this.store);
    const server = await startServer(environment, { clock, store, calls: access });
    this.#life = { server, access, clock, endStore };
    this.#lobby = await Promise.all(
      IDS.map((id) => server.connect({ room: 'lobby', id: `lobby-${id}`, name: id })),
    );
  }

  async #restart(): Promise<void> {
    if (this.#life === undefined) return;
    const { server, access } = this.#life;
    const closing = server.app.close();
    this.upstreams.holds = false;
    this.upstreams.letGo();
    await closing;
    this.upstreams.holds = true;
    this.upstreams.stopped(access, await this.store.listAiCalls());
    await Promise.all(this.#everybody.map(({ closed }) => closed));
    this.#clients.clear();
    await this.#start();
  }

  /** As `kill -9`: from one moment on the server has no store, no network and no time, and another one is started. */
  async #crash(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await endOfTurn();
    if (this.#life === undefined) return;
    const { server, access, clock, endStore } = this.#life;
    endStore();
    clock.end();
    access.cut();
    this.upstreams.died(access, await this.store.listAiCalls());
    for (const client of this.#everybody) client.drop();
    await Promise.all(this.#everybody.map(({ closed }) => closed));
    this.#clients.clear();
    await stop(server, clock);
    await this.#start();
  }

  get #everybody(): TestClient[] {
    return [...this.#lobby, ...this.#clients.values()];
  }

  async #act(deed: Deed, id: string, other: string): Promise<void> {
    const client = this.#clients.get(id);
    if (deed === 'join') {
      const joining = client ?? (await this.#life?.server.connect({ id, name: id }));
      if (joining !== undefined) this.#clients.set(id, joining);
      return;
    }
    if (client === undefined) return;
    if (deed === 'leave' || deed === 'drop') {
      this.#clients.delete(id);
      if (deed === 'leave') client.send({ type: 'userLeft' });
      else client.drop();
      await client.closed;
      return;
    }
    client.send(messageOf(deed, deed === 'steal' ? other : id));
  }
}

/** Stops a server that waits for time to pass. What waits in vain is given up by the server itself, in its own time. */
async function stop(
  server: TestServer | undefined,
  clock: Pick<FakeClock | MortalClock, 'advance'>,
): Promise<void> {
  let closed = false;
  const closing = server?.app.close().finally(() => (closed = true));
  await until(() => {
    clock.advance(100);
    return server === undefined || closed;
  });
  await closing;
}

function messageOf(deed: Speech, publisher: string): object {
  switch (deed) {
    case 'enable':
      return { type: 'enableAi' };
    case 'disable':
      return { type: 'disableAi' };
    case 'connect':
      return { type: 'establishAiPeerConnection', sdp: OFFER.replace('s=-', `s=of-${publisher}`) };
    case 'speak':
      return { type: 'requestAiControl' };
    case 'release':
      return { type: 'relenquishAiControl' };
    default:
      return { type: 'requestAiControl', track: { sessionId: `of-${publisher}`, trackName: 'audio' } };
  }
}
