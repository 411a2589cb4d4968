import type { Logger } from 'pino';
import type { CallsProxy, ProxyRequest } from '../calls/calls-proxy.ts';
import { sessionIdSchema } from '../calls/calls-schema.ts';
import { NO_ICE_SERVERS, STUN_ONLY, type TurnServers } from '../calls/ice-servers.ts';
import type { ProxyAnswer } from '../calls/proxy-answer.ts';
import { failedPull, readPull } from '../calls/pull.ts';
import type { Clock } from '../clock.ts';
import { AppError, ERRORS, isHttpCode, type ErrorCode, type HttpErrorCode } from '../errors.ts';
import type { Authorize } from '../identity/authorize.ts';
import type { Identifier, Identity } from '../identity/identify.ts';
import { errorResponse, jsonResponse, textResponse } from './http-response.ts';
import { RequestLimits } from '../request-limits.ts';
import type { Handler, Methods, Request, Response, Router } from './request.ts';
import { addressGroup } from './trusted-proxies.ts';

export type CallsRoutesDeps = {
  readonly identifier: Identifier;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly log: Logger;
  /** None where no SFU is configured. */
  readonly proxy: CallsProxy | undefined;
  /** None where there are no TURN credentials. */
  readonly turn: TurnServers | undefined;
  /** Whether clients have to learn their outer address: not for an SFU that they reach directly. */
  readonly needsStun: boolean;
};

/** The operations by what a client does with an answer, which decides how it must be refused. */
type Operation =
  'openSession' | 'newTracks' | 'renegotiate' | 'closeTracks' | 'updateTracks' | 'sessionState';

/** SDP of 20 to 60 kB is normal for a large room; a 64-track batch may be larger. */
const MAX_BODY_BYTES = 1024 * 1024;

/** 32 tracks with names of the longest kind. */
const MAX_PULL_BYTES = 32 * 1024;

/** A tab opens one session, and another after each change of network. */
const SESSIONS_PER_OWNER = { burst: 20, refillMs: 3_000 };
const SESSIONS_PER_ADDRESS = { burst: 200, refillMs: 300 };
/** Two for every track that somebody in a room of a hundred switches on. */
const CALLS_PER_OWNER = { burst: 300, refillMs: 50 };
/** Behind one address there may be a whole office; logins are free to make. */
const CALLS_PER_ADDRESS = { burst: 30_000, refillMs: 1 };
/** A call counts once more for each of these: reading a large description takes its time. */
const BYTES_PER_CALL = 64 * 1024;
/** A login is remembered for half a life of its credentials; this is for those who keep making logins. */
const CREDENTIALS_PER_ADDRESS = { burst: 60, refillMs: 10_000 };

/**
 * The proxy to the SFU, for the npm client `partytracks` at `/partytracks/` and with the API's own paths at
 * `/api/calls/`, and the ICE servers. Exactly these paths: each is taken apart, none is passed on.
 *
 * How the stock client (0.0.54) reads an answer, whatever its status:
 * - sessions/new: anything that is not JSON is tried again; JSON without `sessionId` breaks it.
 * - tracks/new, push: what is not JSON, or has no `tracks`, is tried again; `errorCode` beside `tracks` hangs it.
 * - tracks/new, pull: only an error in each track is tried again; everything else hangs it.
 * - renegotiate: what is not JSON, or has an `errorCode`, hangs the pull that it belongs to.
 * - 3xx: it shows an alert and reloads the page.
 */
export function callsRoutes(deps: CallsRoutesDeps): Router {
  const limits = {
    sessionsPerOwner: new RequestLimits(SESSIONS_PER_OWNER, deps.clock),
    sessionsPerAddress: new RequestLimits(SESSIONS_PER_ADDRESS, deps.clock),
    callsPerOwner: new RequestLimits(CALLS_PER_OWNER, deps.clock),
    callsPerAddress: new RequestLimits(CALLS_PER_ADDRESS, deps.clock),
  };
  const iceServers: Methods = { GET: { handle: iceHandler(deps), cors: true } };
  const handler =
    (operation: Operation, sessionId: string): Handler =>
    async (request) => {
      let body: unknown;
      try {
        const bytes = await request.body();
        const { proxy, identity } = await admit(deps, limits, operation, request, bytes.length);
        // Reading a large body takes its time, which nobody gets who may not come in.
        body = operation === 'openSession' ? undefined : parseBody(bytes);
        const correlationId = request.query.get('correlationId');
        const result = await perform(proxy, operation, { identity, sessionId, correlationId, body });
        return result.kind === 'json'
          ? jsonResponse(result.status, result.body)
          : refuse(operation, result.code, body, result.fault);
      } catch (error) {
        const code = error instanceof AppError ? error.code : 'internal';
        if (code === 'internal' || code === 'sfu_unavailable') {
          deps.log.warn({ err: error, operation }, 'SFU call failed');
        }
        return refuse(operation, code, body ?? (await smallBody(request)));
      }
    };
  const route = (method: string, operation: Operation, sessionId: string): Methods => ({
    [method]: {
      handle: handler(operation, sessionId),
      maxBodyBytes: MAX_BODY_BYTES,
      refuse: (code) => refuse(operation, code, undefined),
      cors: true,
    },
  });
  return (path) => {
    const rest = restOf(path);
    if (rest === undefined) return undefined;
    const name = rest.segments.join('/');
    if (name === (rest.api ? 'ice-servers' : 'generate-ice-servers')) return iceServers;
    const [sessions, sessionId = '', ...operation] = rest.segments;
    if (sessions !== 'sessions') return undefined;
    if (name === 'sessions/new') return route('POST', 'openSession', '');
    if (!sessionIdSchema.safeParse(sessionId).success) return undefined;
    switch (operation.join('/')) {
      case 'tracks/new':
        return route('POST', 'newTracks', sessionId);
      case 'renegotiate':
        return route('PUT', 'renegotiate', sessionId);
      case 'tracks/close':
        return route('PUT', 'closeTracks', sessionId);
      case 'tracks/update':
        return route('PUT', 'updateTracks', sessionId);
      case '':
        return rest.api && operation.length === 0 ? route('GET', 'sessionState', sessionId) : undefined;
      default:
        return undefined;
    }
  };
}

/** The segments behind one of the prefixes, undecoded: none of the allowed ones holds anything to decode. */
function restOf(path: string): { readonly api: boolean; readonly segments: readonly string[] } | undefined {
  const [, first, ...segments] = path.split('/');
  if (first === 'partytracks') return { api: false, segments };
  if (first !== 'api') return undefined;
  if (segments[0] === 'calls') return { api: true, segments: segments.slice(1) };
  return segments[0] === 'ice-servers' ? { api: true, segments } : undefined;
}

function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    // Not trimmed: an SDP in it needs its last line end.
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new AppError('bad_request');
  }
}

type Limits = Readonly<
  Record<'sessionsPerOwner' | 'sessionsPerAddress' | 'callsPerOwner' | 'callsPerAddress', RequestLimits>
>;

/** Who makes the request, if anybody may make it now. */
async function admit(
  { identifier, proxy }: CallsRoutesDeps,
  limits: Limits,
  operation: Operation,
  request: Request,
  bytes: number,
): Promise<{ readonly proxy: CallsProxy; readonly identity: Identity }> {
  const identity = await identifier.identify({ header: request.header, token: '' });
  if (identity === undefined) throw new AppError('unauthorized');
  if (proxy === undefined) throw new AppError('sfu_not_configured');
  takeFrom(limits, operation, identity, request, bytes);
  return { proxy, identity };
}

/** A body that could be a pull, which has to be told so track by track; the stock client's are of some kilobytes. */
async function smallBody(request: Request): Promise<unknown> {
  try {
    const bytes = await request.body();
    return bytes.length <= MAX_PULL_BYTES ? parseBody(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function takeFrom(
  limits: Limits,
  operation: Operation,
  { owner }: Identity,
  { forwarding }: Request,
  bytes: number,
): void {
  const address = addressGroup(forwarding.address);
  const weight = 1 + Math.floor(bytes / BYTES_PER_CALL);
  const allowed =
    operation === 'openSession'
      ? limits.sessionsPerOwner.take(owner) && limits.sessionsPerAddress.take(address)
      : limits.callsPerOwner.take(owner, weight) && limits.callsPerAddress.take(address, weight);
  if (!allowed) throw new AppError('too_many_requests');
}

function perform(proxy: CallsProxy, operation: Operation, request: ProxyRequest): Promise<ProxyAnswer> {
  switch (operation) {
    case 'openSession':
      return proxy.openSession(request);
    case 'newTracks':
      return proxy.newTracks(request);
    case 'renegotiate':
      return proxy.renegotiate(request);
    case 'closeTracks':
      return proxy.closeTracks(request);
    case 'updateTracks':
      return proxy.updateTracks(request);
    case 'sessionState':
      return proxy.sessionState(request);
  }
}

/** A refusal in the form in which the stock client stays alive. */
function refuse(operation: Operation, code: ErrorCode, body: unknown, fault?: string): Response {
  const http: HttpErrorCode = isHttpCode(code) ? code : 'internal';
  const { http: status } = ERRORS[http];
  if (operation === 'openSession') return textResponse(status, http);
  if (operation === 'newTracks') {
    const pull = readPull(body);
    if (pull !== undefined) return jsonResponse(status, failedPull(pull, http));
    // As recorded.
    if (http === 'unauthorized') return textResponse(status, http);
  }
  if (fault === undefined) return errorResponse(http);
  return jsonResponse(status, { error: { code: http, message: ERRORS[http].text, fault } });
}

/** `GET …ice-servers`: always servers that work, because the client opens a session for each answer it cannot use. */
function iceHandler({ identifier, authorize, turn, needsStun, clock }: CallsRoutesDeps): Handler {
  const withoutTurn = needsStun ? STUN_ONLY : NO_ICE_SERVERS;
  const perAddress = new RequestLimits(CREDENTIALS_PER_ADDRESS, clock);
  return async (request) => {
    const token = '';
    const identity = turn && (await identifier.identify({ header: request.header, token }));
    if (turn === undefined || identity === undefined || !authorize(identity.role, 'getIceServers')) {
      return jsonResponse(200, withoutTurn);
    }
    const remembered = await turn.remembered(identity.owner);
    if (remembered !== undefined) return jsonResponse(200, remembered);
    const allowed = perAddress.take(addressGroup(request.forwarding.address));
    return jsonResponse(200, allowed ? await turn.issue(identity.owner) : withoutTurn);
  };
}
