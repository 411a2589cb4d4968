import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { CallsReply, CallsRequest } from '../../src/calls/calls.ts';
import { AppError } from '../../src/errors.ts';
import type { StoredAiCall } from '../../src/store/store.ts';
import { AiAccess } from './ai-access.ts';
import { endOfTurn } from './fake-clock.ts';
import { sdp } from './scripted-sfu.ts';

export { countRequests } from './ai-access.ts';

/** What is asked of the two upstreams for an AI: the four steps of opening, the rest, and a user's own connection. */
export const STEPS = [
  ...(['session', 'offer', 'call', 'answer'] as const),
  ...(['route', 'look', 'hangup', 'close'] as const),
  ...(['publish', 'pull'] as const),
] as const;
export type Step = (typeof STEPS)[number];

/** `refuse`: nothing was done. `lose`: it was done, where that leaves a name to undo it by, and the answer is lost. */
export type Outcome = 'ok' | 'refuse' | 'lose';
export type Script = { readonly step: Step; readonly outcome: Outcome; readonly held: boolean };

type Call = { asked: number; over: boolean; connected: boolean; readonly by: AiAccess };
/** An m-line of the AI (`name` is `ai`) or of a user at the SFU; `connected` once its other end has what it needs for a media path. */
type Line = {
  asked: boolean;
  closed: boolean;
  heard: string;
  connected: boolean;
  readonly name: string;
  readonly by: AiAccess;
};

const OFFER = sdp('0');

/** A call's answer names it, so that it is seen which call the SFU was given. */
const answerOf = (callNumber: number): string => OFFER.replace('o=- 1 ', `o=- ${callNumber} `);

/**
 * Both upstreams of an AI in one account. They live on when the server is started again, which reaches them by another
 * {@link AiAccess} then. What a script holds is answered when it is let go.
 */
export class AiUpstreams {
  /** Whether what a script holds is held: a stop waits for what is under way. */
  holds = true;
  readonly calls = new Map<string, Call>();
  /** By the SFU session. */
  readonly lines = new Map<string, Line>();
  /** Operations that were begun on an SFU session while the same process had another under way there. */
  readonly overlaps: string[] = [];
  /** Calls and m-lines that a process took with it into its death before anybody could name them. */
  readonly #lost = new Set<Call | Line>();
  readonly #accesses: AiAccess[] = [];
  readonly #scripts = new Map<Step, Script[]>();
  readonly #held: (() => void)[] = [];
  #sessions = 0;
  #asked = 0;

  /** Another process's way here, until the test ends. */
  async access(): Promise<AiAccess> {
    const access = await AiAccess.open(this);
    this.#accesses.push(access);
    onTestFinished(() => access.stop());
    return access;
  }

  stop(): void {
    for (const access of this.#accesses) access.stop();
  }

  /** How much has been asked for so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Whether all that was asked for has been answered, but for what is held. */
  get isQuiet(): boolean {
    return this.#accesses.every((access) => access.isQuiet);
  }

  script(script: Script): void {
    this.#scripts.set(script.step, [...(this.#scripts.get(script.step) ?? []), script]);
  }

  /** From here on everything goes well. */
  recover(): void {
    this.#scripts.clear();
  }

  letGo(): void {
    for (const release of this.#held.splice(0)) release();
  }

  /**
   * A process has died, and its access is cut. What it had opened is in nobody's power if its name is not stored, and nobody
   * has to end it as long as it is not connected.
   */
  died(access: AiAccess, stored: readonly StoredAiCall[]): void {
    for (const [callId, call] of this.calls) {
      const isStored = stored.some((row) => row.callId === callId);
      if (call.by === access && !call.connected && !isStored) this.#lost.add(call);
    }
    this.stopped(access, stored);
  }

  /** A process has stopped in order. An m-line that the SFU has no answer for carries nothing, and need not be stored. */
  stopped(access: AiAccess, stored: readonly StoredAiCall[]): void {
    for (const [sessionId, line] of this.lines) {
      const isStored = stored.some((row) => row.sessionId === sessionId);
      if (line.by === access && !line.connected && !isStored) this.#lost.add(line);
    }
  }

  /** Calls that cost money and that nobody has asked to end. */
  get openCalls(): string[] {
    return this.#living.filter(([, { asked }]) => asked === 0).map(([id]) => id);
  }

  /** Calls that have not been ended. */
  get livingCalls(): string[] {
    return this.#living.map(([id]) => id);
  }

  get openLines(): string[] {
    return [...this.lines].filter(([, line]) => !line.closed && !this.#lost.has(line)).map(([id]) => id);
  }

  /** Whose connections are open, of those that nobody has asked to close; a user may stand there more than once. */
  get speakers(): string[] {
    const open = [...this.lines.values()].filter(
      ({ name, asked, closed }) => name !== 'ai' && !asked && !closed,
    );
    return open.map(({ name }) => name);
  }

  /** Whether something waits to be let go. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** What died without a name has not been connected, also not later. */
  get lostButConnected(): number {
    return [...this.#lost].filter(({ connected }) => connected).length;
  }

  get #living(): [string, Call][] {
    return [...this.calls].filter(([, call]) => !call.over && !this.#lost.has(call));
  }

  async answerCalls(by: AiAccess, request: CallsRequest): Promise<CallsReply> {
    const step = stepOf(request);
    const line = this.lines.get(request.sessionId);
    if (step === 'close' && line !== undefined) line.asked = true;
    // The scripts are about the AI; what users publish is closed too.
    const isUsers = step === 'close' && line === undefined;
    const outcome = isUsers ? 'ok' : await this.#outcome(by, step);
    if (outcome === 'refuse') return refusal(step);
    const reply = this.#carryOut(by, step, request, outcome);
    if (outcome === 'lose') throw new AppError('sfu_unavailable');
    return reply;
  }

  async #outcome(by: AiAccess, step: Step): Promise<Outcome> {
    this.#asked += 1;
    const { outcome, held } = this.#scripts.get(step)?.shift() ?? { outcome: 'ok', held: false };
    if (held && this.holds) {
      by.held += 1;
      await new Promise<void>((resolve) => void this.#held.push(resolve));
      by.held -= 1;
    } else await endOfTurn();
    return by.isCut && outcome === 'ok' ? 'lose' : outcome;
  }

  #carryOut(by: AiAccess, step: Step, { sessionId, body }: CallsRequest, outcome: Outcome): CallsReply {
    const line = this.lines.get(sessionId);
    switch (step) {
      case 'session':
        return { status: 201, body: { sessionId: `ai-${(this.#sessions += 1)}` } };
      case 'offer':
        // Nobody could name the m-line of an offer that was lost.
        if (outcome === 'ok') {
          this.lines.set(sessionId, {
            asked: false,
            closed: false,
            heard: '',
            connected: false,
            name: 'ai',
            by,
          });
        }
        return {
          status: 200,
          body: { tracks: [{ mid: '0' }], sessionDescription: { type: 'offer', sdp: OFFER } },
        };
      case 'answer': {
        const { sessionDescription } = body as { sessionDescription: { sdp: string } };
        const [, callNumber] = /^o=- (\d+) /m.exec(sessionDescription.sdp) ?? [];
        const call = this.calls.get(`rtc_${callNumber}`);
        if (call !== undefined) call.connected = true;
        if (line !== undefined) line.connected = true;
        return { status: 200, body: {} };
      }
      case 'route': {
        const { tracks } = body as { tracks: readonly { sessionId: string; mid: string }[] };
        const { sessionId: source = '' } = tracks[0] ?? {};
        if (line !== undefined) line.heard = this.lines.get(source)?.name ?? source;
        return { status: 200, body: { tracks: [{ mid: '0' }] } };
      }
      case 'publish': {
        const { sessionDescription } = body as { sessionDescription: { sdp: string } };
        const [, name = ''] = /^s=(.*)\r$/m.exec(sessionDescription.sdp) ?? [];
        // Without the answer, which died with the process, the user is never connected.
        if (!by.isCut)
          this.lines.set(sessionId, { asked: false, closed: false, heard: '', connected: true, name, by });
        return {
          status: 200,
          body: { tracks: [{ mid: '0' }], sessionDescription: { type: 'answer', sdp: OFFER } },
        };
      }
      case 'pull':
        return { status: 200, body: { tracks: [{ mid: '0' }] } };
      case 'close':
        if (line !== undefined) line.closed = true;
        return { status: 200, body: { tracks: [{ mid: '0' }] } };
      default:
        return { status: 200, body: {} };
    }
  }

  async answerOpenAi(by: AiAccess, { url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, callId] = /^\/v1\/realtime\/calls\/([^/]+)\/hangup$/.exec(url) ?? [];
    const call = callId === undefined ? undefined : this.calls.get(callId);
    if (call !== undefined) call.asked += 1;
    const outcome = await this.#outcome(by, callId === undefined ? 'call' : 'hangup');
    if (outcome === 'refuse') return void response.writeHead(500).end();
    if (callId === undefined) {
      // A call whose name is lost is in nobody's power.
      if (outcome === 'lose') return void response.destroy();
      const callNumber = this.calls.size + 1;
      const name = `rtc_${callNumber}`;
      this.calls.set(name, { asked: 0, over: false, connected: false, by });
      response.writeHead(201, { location: `/v1/realtime/calls/${name}`, 'content-type': 'application/sdp' });
      return void response.end(answerOf(callNumber));
    }
    if (call !== undefined) call.over = true;
    if (outcome === 'lose') return void response.destroy();
    response.writeHead(call === undefined ? 404 : 200).end();
  }
}

/** What the SFU says that has not done what it was asked. */
function refusal(step: Step): CallsReply {
  if (step === 'session') return { status: 403, body: { errorCode: 'unauthorized' } };
  if (step === 'look') return { status: 404, body: { errorCode: 'not_found' } };
  return { status: 400, body: { errorCode: 'invalid_request' } };
}

function stepOf({ operation, body }: CallsRequest): Step {
  switch (operation) {
    case 'sessions/new':
      return 'session';
    case 'session':
      return 'look';
    case 'renegotiate':
      return 'answer';
    case 'tracks/close':
      return 'close';
    default:
      return stepOfTracks(JSON.stringify(body));
  }
}

function stepOfTracks(body: string): Step {
  if (body.includes('"sessionDescription"')) return 'publish';
  if (!body.includes('"remote"')) return 'offer';
  return body.includes('"#microphone"') ? 'pull' : 'route';
}
