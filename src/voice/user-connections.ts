import type { AiSession } from '../../machines/room.context.ts';
import type { Calls, CallsOperation, CallsReply } from '../calls/calls.ts';
import { callsQuery } from '../calls/calls-query.ts';
import { replyFailure, trackReply } from '../calls/calls-reply.ts';
import { openSession } from '../calls/open-session.ts';
import { isPassing, persist } from '../calls/retry.ts';
import { RequestLimits } from '../request-limits.ts';
import { sdpFault, sendRecvAudioMid } from '../calls/sdp.ts';
import { SessionQueue } from '../calls/session-queue.ts';
import { wait, type Clock } from '../clock.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Track } from '../protocol/messages.ts';
import type { OpenCall, Teardown } from './teardown.ts';
import type { ConnectInput } from './voice.ts';

/** What a user's microphone is called, on a session that has no other track. */
const MICROPHONE = 'microphone';

/** Of the SFU, for an offer that cannot be used: repeating it does not help. */
const BAD_OFFER = 'invalid_session_description';

/** Of one user: a page that is loaded again, a few times. */
const OFFERS = { burst: 10, refillMs: 10_000 };

export type UserConnectionsDeps = {
  readonly calls: Calls;
  readonly teardown: Teardown;
  readonly clock: Clock;
  /** Added to every request to the SFU. */
  readonly extraParams: URLSearchParams;
};

/** One user's connection, from its offer on. */
class UserConnection {
  readonly queue = new SessionQueue();
  readonly #ended = new AbortController();
  /** What there is to close. */
  call: OpenCall | undefined = undefined;
  isAnswered = false;
  /** Why it has ended, if it has: anything may end it while it is being opened. */
  over: ErrorCode | undefined = undefined;

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  end(reason: ErrorCode): void {
    this.over = reason;
    this.#ended.abort();
  }

  /** Throws once it has ended, so that nothing is opened behind the end. */
  mustGoOn(): void {
    if (this.over !== undefined) throw new AppError(this.over);
  }
}

/**
 * Users' own connections to AIs, for clients without a media library: each a session between that client and the SFU with
 * one m-line, by which its microphone goes up and the AI's voice comes down. [V12–V15]
 */
export class UserConnections {
  readonly #deps: UserConnectionsDeps;
  /** By the AI's SFU session, then by the user. */
  readonly #connections = new Map<string, Map<string, UserConnection>>();
  readonly #opening = new Set<Promise<void>>();
  readonly #offers: RequestLimits;

  constructor(deps: UserConnectionsDeps) {
    this.#deps = deps;
    this.#offers = new RequestLimits(OFFERS, deps.clock);
  }

  /** As `Voice.connect`, to an AI that is there. */
  open(input: ConnectInput, meetingId: string, onAnswer: (sdp: string) => void): Promise<void> {
    const opening = this.#open(input, meetingId, onAnswer).finally(() => this.#opening.delete(opening));
    this.#opening.add(opening);
    return opening;
  }

  /** A user's microphone, once the SFU has answered its offer. */
  trackOf(aiSessionId: string, by: string): Track | undefined {
    const connection = this.#connections.get(aiSessionId)?.get(by);
    if (connection?.call === undefined || !connection.isAnswered) return undefined;
    const { sessionId, trackName } = connection.call;
    return { sessionId, trackName };
  }

  close(aiSessionId: string, by: string): void {
    const connection = this.#connections.get(aiSessionId)?.get(by);
    if (connection !== undefined) this.#end(aiSessionId, by, connection, 'ai_not_active');
  }

  closeAll(aiSessionId: string): void {
    for (const by of this.#connections.get(aiSessionId)?.keys() ?? []) this.close(aiSessionId, by);
  }

  /** Waits for what is being opened: its end is handed to the teardown. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#opening);
  }

  async #open(
    { session, by, offer }: ConnectInput,
    meetingId: string,
    onAnswer: (sdp: string) => void,
  ): Promise<void> {
    this.#mayEnter(session.sessionId, by);
    const mid = sendRecvAudioMid(offer);
    const fault = sdpFault({ type: 'offer', sdp: offer }, 'offer');
    if (mid === undefined || fault !== undefined) throw new AppError('invalid_session_description');
    const connection = this.#enter(session.sessionId, by);
    try {
      await this.#begin(connection, mid, meetingId);
      const answer = await this.#publish(connection, mid, offer);
      connection.isAnswered = true;
      // Asked for before the client knows, and not waited for: an SFU that waits for the transport needs the answer there.
      const pulled = this.#pull(connection, session);
      onAnswer(answer);
      await pulled;
    } catch (error) {
      this.#end(session.sessionId, by, connection, codeOf(error));
      throw new AppError(connection.over ?? 'ai_connection_failed', { cause: error });
    }
  }

  /** Before anything costs anything: an offer is long to read, and a session is opened for each. */
  #mayEnter(aiSessionId: string, by: string): void {
    if (this.#connections.get(aiSessionId)?.get(by)?.isAnswered === false)
      throw new AppError('ai_connection_pending');
    if (!this.#offers.take(`${aiSessionId} ${by}`)) throw new AppError('rate_limited');
  }

  /** Of a user who has one that works, the new offer comes from a page that was loaded again. */
  #enter(aiSessionId: string, by: string): UserConnection {
    const users = this.#connections.get(aiSessionId) ?? new Map<string, UserConnection>();
    const older = users.get(by);
    if (older !== undefined) this.#end(aiSessionId, by, older, 'replaced');
    const connection = new UserConnection();
    this.#connections.set(aiSessionId, users.set(by, connection));
    return connection;
  }

  /** Opens the session. What is to be closed of it is stored before there is anything. */
  async #begin(connection: UserConnection, mid: string, meetingId: string): Promise<void> {
    const { calls, clock, extraParams, teardown } = this.#deps;
    const sessionId = await openSession(calls, callsQuery(extraParams, meetingId));
    connection.mustGoOn();
    const openedAt = clock.now();
    connection.call = { callId: '', sessionId, mid, trackName: MICROPHONE, meetingId, openedAt };
    await teardown.note(connection.call);
    connection.mustGoOn();
  }

  /** Gives the SFU the client's offer of an m-line that goes both ways; gives its answer. */
  async #publish(connection: UserConnection, mid: string, sdp: string): Promise<string> {
    const track = { location: 'local', mid, trackName: MICROPHONE, bidirectionalMediaStream: true };
    const body = { sessionDescription: { type: 'offer', sdp }, tracks: [{ ...track, kind: 'audio' }] };
    const reply = await this.#send(connection, 'tracks/new', body);
    connection.mustGoOn();
    if (replyFailure(reply) === BAD_OFFER) throw new AppError('invalid_session_description');
    const { sessionDescription: answer } = trackReply(reply);
    const fault = answer && sdpFault(answer, 'answer');
    if (answer === undefined || fault !== undefined)
      throw new Error(`the SFU gives no answer (${fault ?? 'no SDP'})`);
    if (sendRecvAudioMid(answer.sdp) !== mid) throw new Error('the SFU would not send on this m-line');
    return answer.sdp;
  }

  /** Puts the AI's voice onto the way down. It may be asked for before the client is connected: that passes. */
  async #pull(connection: UserConnection, { sessionId, trackName }: AiSession): Promise<void> {
    const voice = { location: 'remote', sessionId, trackName, mid: `#${MICROPHONE}`, kind: 'audio' };
    const { reply } = await persist(
      () => this.#send(connection, 'tracks/new', { tracks: [voice] }),
      (reply) => replyFailure(reply) === undefined || (reply.status >= 300 && !isPassing(reply.status)),
      (ms) => wait(this.#deps.clock, ms, connection.ended),
    );
    connection.mustGoOn();
    const { requiresImmediateRenegotiation } = trackReply(reply);
    if (requiresImmediateRenegotiation === true) throw new Error('the SFU wants another m-line');
  }

  async #send({ call, queue }: UserConnection, operation: CallsOperation, body: object): Promise<CallsReply> {
    const { sessionId = '', meetingId = '' } = call ?? {};
    const query = callsQuery(this.#deps.extraParams, meetingId);
    return queue.run(() => this.#deps.calls.send({ operation, sessionId, query, body }));
  }

  #end(aiSessionId: string, by: string, connection: UserConnection, reason: ErrorCode): void {
    if (connection.over !== undefined) return;
    connection.end(reason);
    const users = this.#connections.get(aiSessionId);
    if (users?.get(by) === connection) users.delete(by);
    if (users?.size === 0) this.#connections.delete(aiSessionId);
    if (connection.call !== undefined) this.#deps.teardown.end(connection.call, connection.queue);
  }
}

const codeOf = (error: unknown): ErrorCode =>
  error instanceof AppError && error.code === 'invalid_session_description'
    ? error.code
    : 'ai_connection_failed';
