import type { Logger } from 'pino';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Authorize } from '../identity/authorize.ts';
import type { Identity } from '../identity/identify.ts';
import type { Audience } from './audience.ts';
import type { Calls, CallsOperation, CallsReply } from './calls.ts';
import { callsQuery } from './calls-query.ts';
import {
  closeSchema,
  pushSchema,
  renegotiateSchema,
  sessionReplySchema,
  tracksReplySchema,
  updateSchema,
  type RemoteTrack,
  type TrackReply,
  type TracksReply,
} from './calls-schema.ts';
import { closeTracks } from './close-tracks.ts';
import { closedMids } from './force-close.ts';
import { failureOf, isKeyRefused, json, refused, type ProxyAnswer } from './proxy-answer.ts';
import {
  failedPull,
  failedTracks,
  offerOf,
  pulledTracks,
  readPull,
  unusablePull,
  type Pull,
  type WantedTrack,
} from './pull.ts';
import { renegotiate } from './renegotiate.ts';
import { sdpFault } from './sdp.ts';
import type { SfuSession, SfuSessions } from './sfu-sessions.ts';

export type CallsProxyDeps = {
  readonly calls: Calls;
  readonly sessions: SfuSessions;
  readonly audience: Audience;
  readonly authorize: Authorize;
  readonly log: Logger;
  /** Added to every request to the SFU (`API_EXTRA_PARAMS`). */
  readonly extraParams: URLSearchParams;
  readonly wait: (ms: number) => Promise<void>;
};

/** A client's request, with the identity that the gateway has made sure of and a body of which nothing is known. */
export type ProxyRequest = {
  readonly identity: Identity;
  readonly sessionId: string;
  readonly correlationId: string | null;
  readonly body: unknown;
};

/** The only query parameter that a client has a say in; a label for the SFU's own records. */
const CORRELATION_ID = /^[\w-]{1,128}$/;

type Push = z.infer<typeof pushSchema>;

/**
 * Lets clients use the SFU without its key: their requests are checked, rebuilt and passed on one by one per session, and
 * what comes back is reduced to the API's own fields. Rules C2 to C13 of machines/SPEC.md.
 */
export class CallsProxy {
  readonly #deps: CallsProxyDeps;

  constructor(deps: CallsProxyDeps) {
    this.#deps = deps;
  }

  /** `POST sessions/new`. What is not a session must not look like one: the client goes on with any JSON. */
  async openSession(request: Omit<ProxyRequest, 'sessionId' | 'body'>): Promise<ProxyAnswer> {
    const { authorize, calls, sessions, log } = this.#deps;
    const { identity } = request;
    if (!authorize(identity.role, 'openSession')) return refused('not_allowed');
    const query = this.#query(request.correlationId);
    const reply = await calls.send({ operation: 'sessions/new', sessionId: '', query });
    const parsed = sessionReplySchema.safeParse(reply.body);
    if (reply.status >= 300 || !parsed.success) {
      const { status } = reply;
      const { errorCode } = tracksReplySchema.parse(reply.body);
      if (!this.#isKeyRefused(reply)) log.warn({ status, errorCode }, 'SFU gave no session');
      return refused('sfu_unavailable');
    }
    const { sessionId } = parsed.data;
    await sessions.opened(sessionId, identity.owner);
    return json(201, { sessionId });
  }

  /** `POST tracks/new`: a push or a pull, by what its tracks say of themselves. */
  async newTracks(request: ProxyRequest): Promise<ProxyAnswer> {
    const pull = readPull(request.body);
    if (pull !== undefined) return this.#pull(request, pull);
    const push = pushSchema.safeParse(request.body);
    return push.success ? this.#push(request, push.data) : refused('bad_request');
  }

  /** `PUT renegotiate`: the client's answer to the SFU's offer. */
  async renegotiate(request: ProxyRequest): Promise<ProxyAnswer> {
    const parsed = renegotiateSchema.safeParse(request.body);
    if (!parsed.success) return refused('bad_request');
    const { sessionDescription } = parsed.data;
    const fault = sdpFault(sessionDescription, 'answer');
    if (fault !== undefined) return refused('invalid_session_description', fault);
    return this.#onSession(request, async (session) => {
      let keyRefused = false;
      const send = async (): Promise<CallsReply> => {
        const reply = await this.#send(request, session, 'renegotiate', parsed.data);
        keyRefused = isKeyRefused(reply.status, tracksReplySchema.parse(reply.body));
        return reply;
      };
      const failure = await renegotiate(send, this.#deps.wait);
      if (failure === undefined) return json(200, {});
      if (!keyRefused) this.#deps.log.warn({ session: session.id, failure }, 'SFU took no answer');
      // No `errorCode`: at one the client gives up all pulls that wait, for ever.
      return refused('sfu_unavailable');
    });
  }

  /** `PUT tracks/close`. Unforced it needs the offer of a client that has stopped the track. */
  async closeTracks(request: ProxyRequest): Promise<ProxyAnswer> {
    const parsed = closeSchema.safeParse(request.body);
    if (!parsed.success) return refused('bad_request');
    const { sessionDescription, force } = parsed.data;
    const fault = sessionDescription && sdpFault(sessionDescription, 'offer');
    if (fault !== undefined) return refused('invalid_session_description', fault);
    if (sessionDescription === undefined && !force) return refused('bad_request');
    return this.#onSession(request, async (session) => {
      const send = (): Promise<CallsReply> => this.#send(request, session, 'tracks/close', parsed.data);
      const reply = await closeTracks(send, force, this.#deps.wait);
      const body = tracksReplySchema.parse(reply.body);
      const failure = failureOf(reply.status, body);
      // An error at the top does not prove that anything was closed.
      if (failure !== undefined) return failure;
      await this.#deps.sessions.unpublished(session, closedMids(reply));
      return json(200, body);
    });
  }

  /** `PUT tracks/update`: another publication, or another simulcast layer, on an m-line that receives. */
  async updateTracks(request: ProxyRequest): Promise<ProxyAnswer> {
    const parsed = updateSchema.safeParse(request.body);
    if (!parsed.success) return refused('bad_request');
    return this.#onSession(request, async (session) => {
      if (!parsed.data.tracks.every((track) => this.#mayPull(request.identity, track))) {
        const wanted = parsed.data.tracks.map((track) => ({ name: track, track }));
        return json(200, { tracks: failedTracks(wanted, 'not_found_track_error') });
      }
      const reply = await this.#send(request, session, 'tracks/update', parsed.data);
      const body = tracksReplySchema.parse(reply.body);
      return failureOf(reply.status, body) ?? json(200, body);
    });
  }

  /** `GET sessions/:id`: which tracks the session has. */
  async sessionState(request: ProxyRequest): Promise<ProxyAnswer> {
    return this.#onSession(request, async (session) => {
      const reply = await this.#send(request, session, 'session');
      const body = tracksReplySchema.parse(reply.body);
      return failureOf(reply.status, body) ?? json(200, body);
    });
  }

  async #push(request: ProxyRequest, push: Push): Promise<ProxyAnswer> {
    if (!this.#deps.authorize(request.identity.role, 'publishTracks')) return refused('not_allowed');
    const { sessionDescription: offer, tracks } = push;
    const fault = offer && sdpFault(offer, 'offer', midsOf(tracks));
    if (fault !== undefined) return refused('invalid_session_description', fault);
    return this.#onSession(request, async (session) => {
      const reply = await this.#send(request, session, 'tracks/new', push);
      const body = tracksReplySchema.parse(reply.body);
      // Also of an answer that is a failure as a whole: it does not prove that nothing was published.
      await this.#deps.sessions.published(session, (body.tracks ?? []).flatMap(openedTrack));
      const failure = failureOf(reply.status, body);
      // Without tracks it is tried again; with tracks and an error at the top the client would wait for ever.
      if (failure !== undefined) return failure;
      if (body.tracks === undefined || isUnanswered(offer !== undefined, body))
        return refused('sfu_unavailable');
      return json(200, { ...body, tracks: body.tracks.map(withoutFailedMid) });
    });
  }

  /** However a pull fails, each of its tracks is answered: at everything else the client hangs. */
  async #pull(request: ProxyRequest, pull: Pull): Promise<ProxyAnswer> {
    const { authorize, sessions, log } = this.#deps;
    const { identity, sessionId } = request;
    if (!authorize(identity.role, 'pullTracks')) return json(403, failedPull(pull, 'unauthorized'));
    if (sessions.ofOwner(sessionId, identity.owner) === undefined) {
      return json(401, failedPull(pull, 'unauthorized'));
    }
    const offer = offerOf(pull);
    if (offer === false) return json(400, failedPull(pull, 'invalid_session_description'));
    const allowed = pull.wanted.filter(({ track }) => track !== undefined && this.#mayPull(identity, track));
    if (allowed.length === 0) return json(200, failedPull(pull, 'not_found_track_error'));
    const denied = failedTracks(
      pull.wanted.filter((wanted) => !allowed.includes(wanted)),
      'not_found_track_error',
    );
    try {
      return await this.#onSession(request, async (session) => {
        const body = { sessionDescription: offer, tracks: allowed.map(({ track }) => track) };
        const reply = await this.#send(request, session, 'tracks/new', body);
        return this.#pulled(session, reply, pull, allowed, denied);
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ err: error, session: sessionId }, 'SFU gave no tracks');
      return json(200, failedPull(pull, 'temporarily_unavailable_error'));
    }
  }

  #pulled(
    session: SfuSession,
    { status, body }: CallsReply,
    pull: Pull,
    allowed: readonly WantedTrack[],
    denied: readonly TrackReply[],
  ): ProxyAnswer {
    const reply = tracksReplySchema.parse(body);
    for (const { mid } of (reply.tracks ?? []).flatMap(openedTrack)) session.pulled.add(mid);
    const unusable = unusablePull(status, reply);
    if (unusable !== undefined) return json(200, failedPull(pull, unusable));
    return json(200, { ...reply, tracks: [...pulledTracks(allowed, reply.tracks ?? []), ...denied] });
  }

  /** One's own, or of somebody who sends it in a room where one is; or the AI's there. [C5] */
  #mayPull({ owner }: Identity, { sessionId }: RemoteTrack): boolean {
    const { sessions, audience } = this.#deps;
    const publisher = sessions.get(sessionId)?.owner;
    return publisher === owner || audience.canHear(owner, publisher, sessionId);
  }

  /** Does something with the caller's own session, behind everything asked of it before. [C3, C6] */
  #onSession(
    { sessionId, identity }: ProxyRequest,
    work: (session: SfuSession) => Promise<ProxyAnswer>,
  ): Promise<ProxyAnswer> {
    const session = this.#deps.sessions.ofOwner(sessionId, identity.owner);
    if (session === undefined) return Promise.resolve(refused('unauthorized'));
    return session.queue.run(() => work(session));
  }

  async #send(
    { correlationId }: ProxyRequest,
    { id: sessionId }: SfuSession,
    operation: CallsOperation,
    body?: object,
  ): Promise<CallsReply> {
    const query = this.#query(correlationId);
    const reply = await this.#deps.calls.send({
      operation,
      sessionId,
      query,
      ...(body !== undefined && { body }),
    });
    this.#isKeyRefused(reply);
    return reply;
  }

  /** Whether the SFU refuses this server, which only the log is told. */
  #isKeyRefused({ status, body }: CallsReply): boolean {
    const isRefused = isKeyRefused(status, tracksReplySchema.parse(body));
    if (isRefused)
      this.#deps.log.error({ status }, 'SFU refuses this server: check CALLS_APP_ID and CALLS_APP_SECRET');
    return isRefused;
  }

  #query(correlationId: string | null): URLSearchParams {
    const isLabel = correlationId !== null && CORRELATION_ID.test(correlationId);
    return callsQuery(this.#deps.extraParams, isLabel ? correlationId : '');
  }
}

const midsOf = (tracks: readonly { readonly mid?: string | undefined }[]): string[] =>
  tracks.flatMap(({ mid }) => mid ?? []);

const openedTrack = ({ mid, trackName, errorCode }: TrackReply): { mid: string; trackName: string }[] =>
  mid === undefined || mid === '' || trackName === undefined || errorCode !== undefined
    ? []
    : [{ mid, trackName }];

/** The client takes a track with an m-line for a success, whatever else is said of it. */
const withoutFailedMid = ({ mid, ...track }: TrackReply): TrackReply =>
  track.errorCode === undefined && mid !== undefined && mid !== '' ? { ...track, mid } : track;

const isUnanswered = (offered: boolean, { sessionDescription }: TracksReply): boolean =>
  offered && (sessionDescription === undefined || sdpFault(sessionDescription, 'answer') !== undefined);
