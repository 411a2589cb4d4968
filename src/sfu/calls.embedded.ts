import { HttpCalls } from '../calls/calls.http.ts';
import type { Calls, CallsReply, CallsRequest } from '../calls/calls.ts';
import { AppError } from '../errors.ts';
import {
  OpenAiApi,
  OpenAiError,
  type CreatedCall,
  type RealtimeApi,
  type RealtimeSession,
} from '../voice/openai-api.ts';
import type { EmbeddedSfu } from './embedded-sfu.ts';
import { STAND_IN_CALL } from './stand-in/call-name.ts';

/**
 * The SFU of this process behind the port: spoken to over HTTP, exactly as Cloudflare's. What is sent before it has started is
 * refused as by an SFU that cannot be reached.
 */
export class EmbeddedCalls implements Calls {
  /** The AI that needs no key, in place of OpenAI's API. */
  readonly standIn = new StandInApi();
  readonly #sfu: EmbeddedSfu;
  #calls: HttpCalls | undefined;

  constructor(sfu: EmbeddedSfu) {
    this.#sfu = sfu;
  }

  async start(): Promise<void> {
    const { standIn, ...credentials } = await this.#sfu.start();
    this.#calls = new HttpCalls(credentials);
    if (standIn !== undefined) this.standIn.use(new OpenAiApi({ ...standIn, keyStyle: 'bearer' }));
  }

  send(request: CallsRequest): Promise<CallsReply> {
    return this.#calls?.send(request) ?? Promise.reject(new AppError('sfu_unavailable'));
  }

  async close(): Promise<void> {
    await this.#calls?.close();
    await this.#sfu.stop();
  }
}

/** OpenAI's API as the stand-in has it, from when its address is known. */
class StandInApi implements RealtimeApi {
  #api: OpenAiApi | undefined;

  use(api: OpenAiApi): void {
    this.#api = api;
  }

  create(offerSdp: string, session: RealtimeSession, safetyIdentifier: string): Promise<CreatedCall> {
    const failure = new OpenAiError('failed', 'the embedded SFU has not started');
    return this.#api?.create(offerSdp, session, safetyIdentifier) ?? Promise.reject(failure);
  }

  /** A call of the real API, of a process that had a key, stays noted: the stand-in knows nothing of it, and it may be open. */
  async hangUp(callId: string): Promise<boolean> {
    return callId.startsWith(STAND_IN_CALL) && (await this.#api?.hangUp(callId)) === true;
  }

  async close(): Promise<void> {
    await this.#api?.close();
  }
}
