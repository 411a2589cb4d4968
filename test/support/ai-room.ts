import type { ServerResponse } from 'node:http';
import { MemoryStore, type Overrides } from '../../src/app.ts';
import type { AiState, RoomState } from '../../src/protocol/messages.ts';
import type { StoredAiCall } from '../../src/store/store.ts';
import { ScriptedOpenAi } from './scripted-openai.ts';
import { ScriptedSfu } from './scripted-sfu.ts';
import { startServer, type TestServer } from './server.ts';
import type { TestClient } from './test-client.ts';
import { until } from './until.ts';
import { WatchedClock } from './watched-clock.ts';

export type AiRoomOptions = {
  readonly environment?: Record<string, string>;
  readonly overrides?: Overrides;
  readonly store?: MemoryStore;
  readonly upstreams?: Upstreams;
};

/** A whole server with both upstreams of its AI on loopback, and Alice in a room. */
export class AiRoom {
  readonly sfu: ScriptedSfu;
  readonly openai: ScriptedOpenAi;
  readonly server: TestServer;
  readonly store: MemoryStore;
  readonly alice: TestClient;
  readonly clock: WatchedClock;

  private constructor(
    upstreams: Upstreams,
    parts: { server: TestServer; store: MemoryStore; alice: TestClient; clock: WatchedClock },
  ) {
    this.clock = parts.clock;
    this.sfu = upstreams.sfu;
    this.openai = upstreams.openai;
    this.server = parts.server;
    this.store = parts.store;
    this.alice = parts.alice;
  }

  static async open(options: AiRoomOptions = {}): Promise<AiRoom> {
    const upstreams = options.upstreams ?? (await startUpstreams());
    const { environment = {}, overrides = {}, store = new MemoryStore() } = options;
    const clock = new WatchedClock();
    const server = await startServer(
      { ...environmentOf(upstreams), ...environment },
      { store, clock, ...overrides },
    );
    const alice = await server.connect({ id: 'a', name: 'alice' });
    await alice.settle();
    return new AiRoom(upstreams, { server, store, alice, clock });
  }

  /** A room whose AI is there already. */
  static async active(options: AiRoomOptions = {}): Promise<AiRoom> {
    const room = await AiRoom.open(options);
    room.alice.send({ type: 'enableAi' });
    await room.untilAi(({ enabled }) => enabled);
    return room;
  }

  /** What Alice was told last. */
  get state(): RoomState {
    return stateOf(this.alice);
  }

  /** Waits until the AI, as Alice was told of it last, is so. */
  async untilAi(isSo: (ai: AiState) => boolean): Promise<AiState> {
    await until(() => isSo(this.state.ai));
    return this.state.ai;
  }

  /** What still costs money or would be ended by the next process. */
  async balance(): Promise<Balance> {
    return {
      calls: [...this.openai.open],
      tracks: [...this.sfu.open.keys()],
      stored: await this.store.listAiCalls(),
    };
  }

  async untilStored(isSo: (calls: readonly StoredAiCall[]) => boolean): Promise<void> {
    await until(async () => isSo(await this.store.listAiCalls()));
  }

  /** Waits until nothing costs anything any more; its failure says what does. */
  async untilBalanced(): Promise<void> {
    await until(async () => {
      const { calls, tracks, stored } = await this.balance();
      return calls.length + tracks.length + stored.length === 0;
    });
  }
}

export type Balance = {
  readonly calls: readonly string[];
  readonly tracks: readonly string[];
  readonly stored: readonly StoredAiCall[];
};

export type Upstreams = { readonly sfu: ScriptedSfu; readonly openai: ScriptedOpenAi };

export const startUpstreams = async (): Promise<Upstreams> => ({
  sfu: await ScriptedSfu.start(),
  openai: await ScriptedOpenAi.start(),
});

/** Nobody is taken for dead, however much time passes. */
export const environmentOf = ({ sfu, openai }: Upstreams): Record<string, string> => ({
  HEARTBEAT_TIMEOUT_MS: String(2 ** 31 - 1),
  ...sfu.environment,
  ...openai.environment,
});

/** The room's state as a client was told of it last. */
export function stateOf(client: TestClient): RoomState {
  const frame = client.frames.findLast(({ type }) => type === 'roomState');
  if (frame === undefined) throw new Error('no state yet');
  return frame['state'] as RoomState;
}

/** A handler that holds its answer back until it is released; `arrived` when there is something to answer. */
export class Held<R> {
  readonly #answer: (request: R, response: ServerResponse) => void;
  #waiting: (() => void) | undefined = undefined;

  constructor(answer: (request: R, response: ServerResponse) => void) {
    this.#answer = answer;
  }

  readonly handler = (request: R, response: ServerResponse): void => {
    this.#waiting = () => this.#answer(request, response);
  };

  arrived(): Promise<void> {
    return until(() => this.#waiting !== undefined);
  }

  release(): void {
    this.#waiting?.();
  }
}
