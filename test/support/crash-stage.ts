import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RoomState } from '../../src/protocol/messages.ts';
import { ask } from './ask.ts';
import { environmentOf, Held, startUpstreams, stateOf, type Upstreams } from './ai-room.ts';
import { ChildServer } from './child-server.ts';
import { endOfTurn } from './fake-clock.ts';
import { ANSWER_SDP, type OpenAiHandler } from './scripted-openai.ts';
import { sdp, type SfuRequest } from './scripted-sfu.ts';
import { loginCookie } from './server.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TestClient } from './test-client.ts';

/** What the tracks of an AI, and of users' own connections to it, are called at the SFU. */
const AI_TRACK = 'ai-generated-voice';
const MICROPHONE = 'microphone';

/** Tells of a call, whose id the description carries too: so it is seen which call the SFU was given. */
export const answerAs =
  (callId: string): OpenAiHandler =>
  (_, response) => {
    response.writeHead(201, { location: `/v1/realtime/calls/${callId}`, 'content-type': 'application/sdp' });
    response.end(ANSWER_SDP.replace('s=-', `s=${callId}`));
  };

const sessionOf = ({ path }: SfuRequest): string => /\/sessions\/([^/]+)/.exec(path)?.[1] ?? '';

/** One row of the table; a user's own connection has no call. */
export type Row = { readonly callId: string; readonly sessionId: string };

/** A folder, upstreams that outlive all processes, and a room that Alice is in. */
export class CrashStage {
  readonly upstreams: Upstreams;
  readonly dataDir = temporaryFolder();
  /** What the upstreams hold until the process is dead. */
  readonly #releases: (() => void)[] = [];
  #server: ChildServer | undefined;
  #alice: TestClient | undefined;

  private constructor(upstreams: Upstreams) {
    this.upstreams = upstreams;
  }

  /** Alice is in the room, and that is stored. */
  static async open(): Promise<CrashStage> {
    const stage = new CrashStage(await startUpstreams());
    await stage.start();
    await stage.join();
    await stage.server.logged(({ msg }) => msg === 'rooms stored');
    return stage;
  }

  get server(): ChildServer {
    if (this.#server === undefined) throw new Error('no server');
    return this.#server;
  }

  get alice(): TestClient {
    if (this.#alice === undefined) throw new Error('nobody is here');
    return this.#alice;
  }

  get state(): RoomState {
    return stateOf(this.alice);
  }

  async start(): Promise<void> {
    const environment = { ...environmentOf(this.upstreams), DRAIN_SECONDS: '0' };
    this.#server = await ChildServer.start(this.dataDir, environment);
  }

  async join(): Promise<void> {
    this.#alice = await this.server.open('r', 'a');
    await this.#alice.settle();
  }

  /** The AI is in the room. */
  async activate(callId = 'rtc_first'): Promise<void> {
    this.willCreate(callId);
    this.invite();
    await this.alice.waitFor((frame) => (frame['state'] as RoomState | undefined)?.ai.enabled === true);
  }

  /** The next call has this id. */
  willCreate(callId = 'rtc_first'): void {
    this.upstreams.openai.next('create', this.created(callId));
  }

  /** Opens a call at once, and has the rest done by a handler. */
  created(callId: string, then: OpenAiHandler = answerAs(callId)): OpenAiHandler {
    return (request, response) => {
      this.upstreams.openai.open.add(callId);
      then(request, response);
    };
  }

  invite(): void {
    this.alice.send({ type: 'enableAi' });
  }

  dismiss(): void {
    this.alice.send({ type: 'disableAi' });
  }

  /** Alice's microphone at the SFU. */
  async publish(): Promise<{ readonly sessionId: string; readonly trackName: string }> {
    const headers = { cookie: loginCookie('a'), 'content-type': 'application/json' };
    const opened = await ask(this.server, '/partytracks/sessions/new', { method: 'POST', headers });
    const { sessionId } = JSON.parse(opened.body) as { sessionId: string };
    const trackName = 'mic';
    const body = JSON.stringify({
      sessionDescription: { type: 'offer', sdp: sdp('0') },
      tracks: [{ location: 'local', trackName, mid: '0' }],
    });
    const path = `/partytracks/sessions/${sessionId}/tracks/new`;
    const { status } = await ask(this.server, path, { method: 'POST', headers, body });
    if (status !== 200) throw new Error(`not published: ${status}`);
    return { sessionId, trackName };
  }

  /** A handler that does what it is asked only when the process is dead. */
  held<R>(handler: (request: R, response: ServerResponse) => void): Held<R> {
    const held = new Held(handler);
    this.#releases.push(() => held.release());
    return held;
  }

  /** A handler that never does what it is asked. */
  lost<R>(): Held<R> {
    return new Held<R>(() => {});
  }

  /** `kill -9`; then the upstreams go on. */
  async kill(): Promise<void> {
    this.server.kill('SIGKILL');
    await this.server.exited;
    // What it had sent may still be in the sockets.
    await endOfTurn();
    await endOfTurn();
    for (const release of this.#releases.splice(0)) release();
  }

  /** The process ends in order; what then is in the table of the calls. */
  async stop(): Promise<readonly Row[]> {
    this.server.kill('SIGTERM');
    const { code, signal } = await this.server.exited;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}`);
    return this.stored();
  }

  /** What is in the table of the calls; only while no process has the folder. */
  stored(): readonly Row[] {
    const db = new DatabaseSync(join(this.dataDir, 'satsuma.db'), { readOnly: true });
    const rows = db.prepare('SELECT callId, sessionId FROM OpenAiCalls ORDER BY openedAt, sessionId').all();
    db.close();
    return rows.map((row) => ({ callId: String(row['callId']), sessionId: String(row['sessionId']) }));
  }

  /** Calls whose answer the SFU was given, in the order of that. */
  get connected(): readonly string[] {
    const answers = this.upstreams.sfu.of('renegotiate').map(({ body }) => /s=(rtc_\w+)/.exec(body)?.[1]);
    return answers.filter((callId) => callId !== undefined);
  }

  /**
   * What goes on costing: calls that were connected, and tracks that have a media path. The AI's has one once the SFU has
   * the AI's answer; a user's, which the user offered, at once.
   */
  get costs(): { readonly calls: readonly string[]; readonly tracks: readonly string[] } {
    const { sfu, openai } = this.upstreams;
    const paths = new Set(sfu.of('renegotiate').map(sessionOf));
    const hasPath = (key: string, name: string): boolean =>
      name === MICROPHONE || (name === AI_TRACK && paths.has(key.split('/')[0] ?? ''));
    return {
      calls: [...openai.open].filter((callId) => this.connected.includes(callId)),
      tracks: [...sfu.open].filter(([key, name]) => hasPath(key, name)).map(([key]) => key),
    };
  }

  /** What the upstreams are asked to end by everything that follows. */
  listen(): Endings {
    const { sfu, openai } = this.upstreams;
    const before = { hangup: openai.of('hangup').length, close: sfu.of('tracks/close').length };
    return {
      asked: async (rows) => {
        const calls = rows.filter(({ callId }) => callId !== '').length;
        const hangups = await openai.asked('hangup', before.hangup + calls);
        const closes = await sfu.asked('tracks/close', before.close + rows.length);
        return {
          calls: hangups
            .slice(before.hangup)
            .map(({ path }) => path.split('/').at(-2) ?? '')
            .sort(),
          sessions: closes.slice(before.close).map(sessionOf).sort(),
        };
      },
    };
  }
}

export type Endings = {
  /** Waits until as much has been asked for as rows need; gives which calls and which sessions have been named, sorted. */
  readonly asked: (
    rows: readonly Row[],
  ) => Promise<{ readonly calls: readonly string[]; readonly sessions: readonly string[] }>;
};
