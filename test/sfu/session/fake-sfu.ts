import { pino } from 'pino';
import { ApiError } from '../../../src/sfu/api/api-errors.ts';
import { Operations, type ApiReply } from '../../../src/sfu/api/operations.ts';
import { SessionRegistry } from '../../../src/sfu/session/session-registry.ts';
import { DEFAULT_SFU_LIMITS, type SfuLimits } from '../../../src/sfu/sfu-settings.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeEngine, type FakeMedia } from './fake-engine.ts';
import { FakeHub, type FakeTransport } from './fake-hub.ts';

/** As an answer stands in JSON, of which a test knows what should be there. */
export type Reply = {
  readonly status: number;
  readonly body: {
    readonly sessionId?: string;
    readonly requiresImmediateRenegotiation?: boolean;
    readonly tracks?: readonly { readonly mid?: string; readonly errorCode?: string }[];
    readonly sessionDescription?: { readonly type: string; readonly sdp: string };
    readonly errorCode?: string;
    readonly errorSubcode?: string;
  };
};

/** A session of a {@link FakeSfu}, with the fakes that are below it. */
export type FakeSession = {
  readonly id: string;
  readonly transport: FakeTransport;
  readonly media: FakeMedia;
};

/** The sessions and the API as they are, on a transport and media that are not, in a time that is moved by hand. */
export class FakeSfu {
  readonly clock = new FakeClock();
  readonly hub = new FakeHub();
  readonly engine = new FakeEngine(this.clock);
  readonly registry: SessionRegistry;
  readonly operations: Operations;

  constructor(limits: Partial<SfuLimits> = {}) {
    const all = { ...DEFAULT_SFU_LIMITS, ...limits };
    const { hub, engine, clock } = this;
    const log = pino({ level: 'silent' });
    this.registry = new SessionRegistry({ hub, engine, limits: all, clock, log });
    this.operations = new Operations(this.registry, all.maxRequestsPerSecond, clock);
  }

  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const [pathname = '', query = ''] = path.split('?');
    const readBody = (): Promise<unknown> => Promise.resolve(structuredClone(body));
    let reply: ApiReply;
    try {
      reply = await this.operations.carryOut({
        method,
        path: pathname,
        query: new URLSearchParams(query),
        readBody,
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      reply = { status: error.status, body: error.fields };
    }
    return JSON.parse(JSON.stringify(reply)) as Reply;
  }

  async open(query = ''): Promise<FakeSession> {
    const { body } = await this.ask('POST', `sessions/new${query}`);
    const transport = this.hub.transports.at(-1);
    const media = this.engine.sessions.at(-1);
    if (body.sessionId === undefined || transport === undefined || media === undefined)
      throw new Error('no session was opened');
    return { id: body.sessionId, transport, media };
  }

  tracksNew({ id }: FakeSession, body: unknown): Promise<Reply> {
    return this.ask('POST', `sessions/${id}/tracks/new`, body);
  }

  renegotiate({ id }: FakeSession, sdp: string, type = 'answer'): Promise<Reply> {
    return this.ask('PUT', `sessions/${id}/renegotiate`, { sessionDescription: { type, sdp } });
  }

  close({ id }: FakeSession, body: unknown): Promise<Reply> {
    return this.ask('PUT', `sessions/${id}/tracks/close`, body);
  }

  update({ id }: FakeSession, body: unknown): Promise<Reply> {
    return this.ask('PUT', `sessions/${id}/tracks/update`, body);
  }

  state({ id }: FakeSession): Promise<Reply> {
    return this.ask('GET', `sessions/${id}`);
  }

  /** Lets time pass with the ticks that come in it. */
  advance(ms: number): void {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      this.clock.advance(Math.min(1_000, end - this.clock.now()));
      this.registry.tick(this.clock.now());
    }
  }
}
