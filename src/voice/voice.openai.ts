import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import type { AiSession } from '../../machines/room.context.ts';
import type { OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import type { Calls } from '../calls/calls.ts';
import { callsQuery } from '../calls/calls-query.ts';
import { trackReply } from '../calls/calls-reply.ts';
import { tracksReplySchema, type Description, type TracksReply } from '../calls/calls-schema.ts';
import { openSession } from '../calls/open-session.ts';
import { renegotiate } from '../calls/renegotiate.ts';
import { sdpFault } from '../calls/sdp.ts';
import { SessionQueue } from '../calls/session-queue.ts';
import { wait, type Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { OpenAiError, type CreatedCall, type OpenAiApi, type RealtimeSession } from './openai-api.ts';
import type { OpenCall, Teardown } from './teardown.ts';
import { UserConnections } from './user-connections.ts';
import { VoiceError, type ConnectInput, type Voice } from './voice.ts';

/** The name of the AI's voice at the SFU, as the original has it. */
export const AI_TRACK_NAME = 'ai-generated-voice';
const DEFAULT_VOICE = 'marin';

/** How often it is asked whether a call is still there: nothing tells a relay that the upstream has ended it. */
const WATCH_INTERVAL_MS = 30_000;

/** Attempts beyond the first where the API says that it is overloaded. */
const MAX_RETRIES = 2;
const RETRY_DELAY_MS = 500;

export type OpenAiVoiceDeps = {
  readonly calls: Calls;
  readonly api: Pick<OpenAiApi, 'create' | 'close'>;
  readonly teardown: Teardown;
  readonly clock: Clock;
  readonly log: Logger;
  readonly model: string;
  /** What people see it called; without it, `AI`, as the original has it. */
  readonly name?: string | undefined;
  /** Added to every request to the SFU. */
  readonly extraParams: URLSearchParams;
  /** Keys the hash by which the API tells inviters apart without knowing them. */
  readonly hashKey: string;
};

type Leg = OpenCall & { readonly queue: SessionQueue };

/**
 * OpenAI's Realtime voice in a room, by way of the SFU: a session of its own there, whose offer OpenAI answers. Four
 * requests open it (calls-api.md A.12, openai-realtime.md C.13). Every way out of here that opens nothing leaves nothing
 * open: what was opened is handed to the teardown. [V1–V5]
 */
export class OpenAiVoice implements Voice {
  readonly #deps: OpenAiVoiceDeps;
  readonly #legs = new Map<string, Leg>();
  readonly #opening = new Set<Promise<AiSession>>();
  readonly #connections: UserConnections;

  constructor(deps: OpenAiVoiceDeps) {
    this.#deps = deps;
    this.#connections = new UserConnections(deps);
  }

  open(input: OpenVoiceInput, signal: AbortSignal): Promise<AiSession> {
    const opening = this.#open(input, signal).finally(() => this.#opening.delete(opening));
    this.#opening.add(opening);
    return opening;
  }

  async #open(input: OpenVoiceInput, signal: AbortSignal): Promise<AiSession> {
    const { teardown, clock, log } = this.#deps;
    const { meetingId } = input;
    const queue = new SessionQueue();
    let leg: OpenCall | undefined;
    try {
      const query = this.#query(meetingId);
      // OpenAI's end is ICE-lite, and two of that kind do not find each other.
      query.set('thirdparty', 'true');
      const sessionId = await openSession(this.#deps.calls, query);
      signal.throwIfAborted();
      const track = await this.#requestTrack(sessionId, meetingId);
      // Also of an answer that is a failure: what has an m-line may be open.
      const { mid = '' } = track.tracks?.[0] ?? {};
      leg = { callId: '', sessionId, mid, trackName: AI_TRACK_NAME, meetingId, openedAt: clock.now() };
      const offer = offerOf(track);
      signal.throwIfAborted();
      const { callId, answerSdp } = await this.#call(offer, input, signal);
      leg = { ...leg, callId };
      // Before it carries a word: whatever happens to this process, the next one hangs up.
      await teardown.note(leg);
      signal.throwIfAborted();
      const answer = { type: 'answer', sdp: answerSdp } as const;
      const fault = sdpFault(answer, 'answer');
      if (fault !== undefined) throw new Error(`the AI's answer is no SDP (${fault})`);
      const failure = await this.#giveAnswer({ ...leg, queue }, answer, signal);
      if (failure !== undefined) throw new Error(`the SFU refused the AI's answer (${failure})`);
      this.#legs.set(sessionId, { ...leg, queue });
      const { name } = this.#deps;
      return { sessionId, trackName: AI_TRACK_NAME, callId, ...(name !== undefined && { name }) };
    } catch (error) {
      if (leg !== undefined) teardown.end(leg, queue);
      if (signal.aborted) throw error;
      log.warn({ err: error, meetingId }, 'AI voice could not be opened');
      throw toVoiceError(error);
    }
  }

  /** Puts a publication onto the m-line by which the AI listens, in place of the one before. */
  async route({ session, by, track }: RouteAudioInput): Promise<void> {
    const leg = this.#legs.get(session.sessionId);
    if (leg === undefined) throw new AppError('ai_control_failed');
    const microphone = track ?? this.#connections.trackOf(session.sessionId, by);
    if (microphone === undefined) throw new AppError('ai_not_connected');
    const { sessionId, trackName } = microphone;
    const source = { location: 'remote', sessionId, trackName, mid: `#${AI_TRACK_NAME}`, kind: 'audio' };
    const reply = await leg.queue.run(() =>
      this.#deps.calls.send({
        operation: 'tracks/new',
        sessionId: leg.sessionId,
        query: this.#query(leg.meetingId),
        body: { tracks: [source] },
      }),
    );
    trackReply(reply);
  }

  async connect(input: ConnectInput, onAnswer: (sdp: string) => void): Promise<void> {
    const leg = this.#legs.get(input.session.sessionId);
    if (leg === undefined) throw new AppError('ai_not_active');
    await this.#connections.open(input, leg.meetingId, onAnswer);
  }

  disconnect({ sessionId }: AiSession, by: string): void {
    this.#connections.close(sessionId, by);
  }

  /** Asks the SFU from time to time: without a connection of its own to the API a relay is told nothing. */
  onEnded({ sessionId }: AiSession, callback: () => void): () => void {
    const { clock, calls, log } = this.#deps;
    let timer: unknown;
    let watching = true;
    const look = async (): Promise<void> => {
      try {
        const query = this.#query(this.#legs.get(sessionId)?.meetingId ?? '');
        const { status } = await calls.send({ operation: 'session', sessionId, query });
        if (!watching) return;
        if (status === 404 || status === 410) return callback();
      } catch (error) {
        log.debug({ err: error }, 'SFU does not say whether the AI is there');
      }
      if (watching) later();
    };
    const later = (): void => {
      timer = clock.setTimeout(() => void look(), WATCH_INTERVAL_MS);
    };
    later();
    return () => {
      watching = false;
      clock.clearTimeout(timer);
    };
  }

  /** Waits for what is being opened: its end is handed to the teardown. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#opening);
    await this.#connections.stop();
  }

  close({ sessionId }: AiSession): void {
    const leg = this.#legs.get(sessionId);
    if (leg === undefined) return;
    this.#legs.delete(sessionId);
    this.#connections.closeAll(sessionId);
    this.#deps.teardown.end(leg, leg.queue);
  }

  async #requestTrack(sessionId: string, meetingId: string): Promise<TracksReply & { status: number }> {
    const track = {
      location: 'local',
      trackName: AI_TRACK_NAME,
      bidirectionalMediaStream: true,
      kind: 'audio',
    };
    const { status, body } = await this.#deps.calls.send({
      operation: 'tracks/new',
      sessionId,
      query: this.#query(meetingId),
      body: { tracks: [track] },
    });
    return { status, ...tracksReplySchema.parse(body) };
  }

  async #call(offer: string, { invitation }: OpenVoiceInput, signal: AbortSignal): Promise<CreatedCall> {
    const { api, model, hashKey } = this.#deps;
    const session: RealtimeSession = {
      type: 'realtime',
      model,
      ...(invitation.instructions !== undefined && { instructions: invitation.instructions }),
      audio: {
        input: { turn_detection: { type: 'server_vad' } },
        output: { voice: invitation.voice ?? DEFAULT_VOICE },
      },
    };
    const inviter = createHmac('sha256', hashKey).update(invitation.owner).digest('hex');
    for (let retries = 0; ; retries += 1) {
      try {
        return await api.create(offer, session, inviter);
      } catch (error) {
        const overloaded = error instanceof OpenAiError && error.reason === 'overloaded';
        if (!overloaded || retries === MAX_RETRIES) throw error;
        await wait(this.#deps.clock, error.retryAfterMs ?? RETRY_DELAY_MS * 2 ** retries, signal);
      }
    }
  }

  /** Gives the SFU the AI's answer. Whoever takes the invitation back meanwhile does not wait for that. */
  async #giveAnswer(leg: Leg, answer: Description, signal: AbortSignal): Promise<string | undefined> {
    const { calls, teardown, clock } = this.#deps;
    const { sessionId, queue } = leg;
    const query = this.#query(leg.meetingId);
    const body = { sessionDescription: answer };
    const giveUp = (): void => teardown.end(leg, queue);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await renegotiate(
        () => queue.run(() => calls.send({ operation: 'renegotiate', sessionId, query, body })),
        (ms) => wait(clock, ms, signal),
      );
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #query(meetingId: string): URLSearchParams {
    return callsQuery(this.#deps.extraParams, meetingId);
  }
}

/** The SFU's offer for the AI's track; throws why there is none. */
function offerOf({
  status,
  errorCode,
  tracks,
  sessionDescription,
}: TracksReply & { status: number }): string {
  const failure = errorCode ?? tracks?.[0]?.errorCode;
  if (status >= 300 || failure !== undefined)
    throw new Error(`the SFU offers no track (${failure ?? status})`);
  const isOffer = sessionDescription !== undefined && sdpFault(sessionDescription, 'offer') === undefined;
  if (!isOffer || (tracks?.[0]?.mid ?? '') === '') throw new Error('the SFU makes no offer');
  return sessionDescription.sdp;
}

const toVoiceError = (error: unknown): VoiceError =>
  new VoiceError(error instanceof OpenAiError && error.reason === 'refused' ? 'refused' : 'unavailable', {
    cause: error,
  });
