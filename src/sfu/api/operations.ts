import { RequestLimits } from '../../request-limits.ts';
import type { Clock } from '../../clock.ts';
import { closeTracks } from '../session/close-tracks.ts';
import { publishTracks } from '../session/publish-tracks.ts';
import { pullTracks } from '../session/pull-tracks.ts';
import { renegotiate } from '../session/renegotiate.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { sessionState } from '../session/session-state.ts';
import type { Session } from '../session/session.ts';
import { updateTracks } from '../session/update-tracks.ts';
import { ApiError } from './api-errors.ts';
import { closeSchema, renegotiateSchema, sessionsNewSchema, updateSchema } from './api-schema.ts';
import { readBody, readTracksNew } from './tracks-new.ts';

export type ApiReply = { readonly status: number; readonly body: object };

/** What a request asks for; `path` begins behind the app's id. */
export type ApiRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly readBody: () => Promise<unknown>;
};

type Operation = (session: Session, body: unknown) => object | Promise<object>;

const newTracks: Operation = (session, body) => {
  const { type, request } = readTracksNew(body);
  return type === 'pull' ? pullTracks(session, request) : publishTracks(session, request);
};

/** By method, and by what stands behind the session's id. */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['POST tracks/new', newTracks],
  ['PUT renegotiate', (session, body) => renegotiate(session, readBody(renegotiateSchema, body))],
  ['PUT tracks/close', (session, body) => closeTracks(session, readBody(closeSchema, body))],
  ['PUT tracks/update', (session, body) => updateTracks(session, readBody(updateSchema, body))],
]);

const SESSION = /^sessions\/([\w-]{1,128})(?:\/(.*))?$/;

/**
 * The operations of the SFU's API, without HTTP. Those on one session are carried out one after the other. Throws
 * {@link ApiError} for a request that fails as a whole.
 */
export class Operations {
  readonly #registry: SessionRegistry;
  readonly #requests: RequestLimits;

  constructor(registry: SessionRegistry, maxRequestsPerSecond: number, clock: Clock) {
    this.#registry = registry;
    const limit = { burst: maxRequestsPerSecond, refillMs: 1_000 / maxRequestsPerSecond };
    this.#requests = new RequestLimits(limit, clock);
  }

  async carryOut(request: ApiRequest): Promise<ApiReply> {
    const { method, path, readBody } = request;
    if (method === 'POST' && path === 'sessions/new') return this.#open(request);
    const [, id = '', rest = ''] = SESSION.exec(path) ?? [];
    if (method === 'GET' && rest === '' && id !== '') {
      return { status: 200, body: sessionState(this.#find(id)) };
    }
    const operation = OPERATIONS.get(`${method} ${rest}`);
    if (operation === undefined) throw new ApiError('not_found');
    // Before the body is read: a client that asks too often pays for it, and not this thread.
    const session = this.#find(id);
    const body = await readBody();
    return { status: 200, body: await session.run(() => operation(session, body)) };
  }

  /** Gives the session, if it may be asked of once more in this second. */
  #find(id: string): Session {
    const session = this.#registry.get(id);
    if (!this.#requests.take(id)) throw new ApiError('too_many_requests');
    return session;
  }

  async #open({ query, readBody: read }: ApiRequest): Promise<ApiReply> {
    const body = await read();
    if (body !== undefined && !sessionsNewSchema.safeParse(body).success) {
      throw new ApiError('invalid_params', {
        description: 'A session is opened without an offer; tracks/new takes it',
      });
    }
    const isThirdParty = query.get('thirdparty') === 'true';
    const session = this.#registry.open(isThirdParty, query.get('correlationId') ?? undefined);
    return { status: 201, body: { sessionId: session.id } };
  }
}
