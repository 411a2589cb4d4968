import type { Logger } from 'pino';
import { ApiError } from '../api/api-errors.ts';
import { SessionQueue } from '../../calls/session-queue.ts';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import type { MediaEngine, SessionMedia } from '../media/session-media.ts';
import type { SfuLimits } from '../sfu-settings.ts';
import type { SessionTransport, TransportHub, TransportState } from '../transport/session-transport.ts';
import type { MediaLine } from './media-line.ts';
import { Negotiation } from './negotiation.ts';
import { PublishedTrack } from './published-track.ts';
import { MAX_LINES } from './sdp-parse.ts';
import type { SessionDirectory } from './session-directory.ts';

/** How long a session may take to connect for the first time. The hosted service expires such sessions too, at a time unstated. */
export const NEVER_CONNECTED_MS = 60_000;
/** How long a session that lost its peer waits for it, as in the hosted service. */
export const RECONNECT_MS = 30_000;
/** After how long without packets a track is collected, as in the hosted service. */
export const SILENT_TRACK_MS = 30_000;

export type SessionDeps = {
  readonly id: string;
  readonly isThirdParty: boolean;
  readonly hub: TransportHub;
  readonly engine: MediaEngine;
  readonly directory: SessionDirectory;
  readonly limits: SfuLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  /** `sess-id` of its descriptions: a number below 2^62 (RFC 8829, section 5.2.1). */
  readonly descriptionId: string;
  readonly onClosed: () => void;
};

/** One peer connection: its transport, its media, its exchange of descriptions, and how long it lives. */
export class Session {
  readonly id: string;
  readonly media: SessionMedia;
  readonly negotiation: Negotiation;
  readonly directory: SessionDirectory;
  readonly #deps: SessionDeps;
  readonly #transport: SessionTransport;
  readonly #queue = new SessionQueue();
  readonly #tracks = new Map<string, PublishedTrack>();
  readonly #openedAtMs: number;
  #disconnectedAtMs: number | undefined = undefined;
  #isClosed = false;

  constructor(deps: SessionDeps) {
    const { hub, engine, clock, isThirdParty, limits } = deps;
    this.#deps = deps;
    this.id = deps.id;
    this.directory = deps.directory;
    this.#openedAtMs = clock.now();
    // Nothing is called back before this constructor is done.
    this.#transport = hub.open(isThirdParty ? 'third-party' : 'browser', {
      onRtp: (packet, receivedAtMs) => this.media.receiveRtp(packet, receivedAtMs),
      onRtcp: (compound, receivedAtMs) => this.media.receiveRtcp(compound, receivedAtMs),
      onState: (state) => this.#changeTo(state),
    });
    this.media = engine.open(this.#transport);
    this.negotiation = new Negotiation({
      transport: this.#transport,
      media: this.media,
      isLite: !isThirdParty,
      id: deps.descriptionId,
      maxBitrateBps: limits.maxBitrateBps,
      newId: deps.newId,
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get newId(): () => string {
    return this.#deps.newId;
  }

  /** Tracks that it publishes and receives. */
  get trackCount(): number {
    return this.negotiation.lines.all.filter(({ isUsed }) => isUsed).length;
  }

  /** One operation after the other. Throws `session_gone` when the session has ended before it is the turn of `work`. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await this.#queue.run(async () => {
        this.mustBeOpen();
        return work();
      });
    } catch (error) {
      throw error instanceof AppError ? new ApiError('too_many_requests') : error;
    }
  }

  mustBeOpen(): void {
    if (this.#isClosed) throw new ApiError('session_gone');
  }

  /** Counts tracks that are about to be added; throws when that would be too many. */
  admitTracks(count: number): void {
    const { maxTracksPerSession } = this.#deps.limits;
    if (this.trackCount + count > maxTracksPerSession) {
      const description = `A session may have ${maxTracksPerSession} tracks`;
      throw new ApiError('invalid_params', { description });
    }
    if (this.negotiation.lines.all.length + count > MAX_LINES) {
      const description = 'The session has too many m-lines: open another';
      throw new ApiError('invalid_params', { description });
    }
    this.directory.admitTracks(count);
  }

  published(name: string): PublishedTrack | undefined {
    return this.#tracks.get(name);
  }

  /** Receives what the peer sends on an m-line, and lets others pull it by this name. */
  publish(line: MediaLine, name: string, isBidirectional: boolean): void {
    const { mid, format, ssrcs, rids } = line;
    if (format === undefined) throw new Error(`m-line ${mid} is rejected`);
    line.local?.track?.close();
    const publication = this.media.publish({ mid, format: format.stream, ssrcs, rids });
    const track = new PublishedTrack(name, publication, rids, this.#deps.clock.now());
    this.#tracks.set(name, track);
    track.onClosed(() => {
      if (this.#tracks.get(name) === track) this.#tracks.delete(name);
    });
    line.publish({ name, isBidirectional, track });
  }

  /** Publishes what an answer has brought. */
  publishAnswered(): void {
    for (const line of this.negotiation.lines.all) {
      const { local, negotiated } = line;
      if (local !== undefined && local.track === undefined && negotiated.receives)
        this.publish(line, local.name, local.isBidirectional);
    }
  }

  /** Ends what has lasted too long without a sign of life; called about once a second. */
  sweep(nowMs: number): void {
    for (const track of this.#tracks.values()) {
      if (nowMs - track.silentSinceMs < SILENT_TRACK_MS) continue;
      this.#deps.log.debug({ sessionId: this.id, trackName: track.name }, 'SFU track collected');
      track.close();
    }
    const isLate = this.#transport.state === 'new' && nowMs - this.#openedAtMs >= NEVER_CONNECTED_MS;
    const isLost = this.#disconnectedAtMs !== undefined && nowMs - this.#disconnectedAtMs >= RECONNECT_MS;
    if (isLate || isLost) this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Both ways: subscribers of its tracks are told, and the tracks that it received know it no more.
    for (const line of this.negotiation.lines.all) line.clear();
    for (const track of this.#tracks.values()) track.close();
    this.negotiation.rollBack();
    this.media.close();
    this.#transport.close();
    this.#deps.log.debug({ sessionId: this.id }, 'SFU session closed');
    this.#deps.onClosed();
  }

  #changeTo(state: TransportState): void {
    if (state === 'closed') return this.close();
    this.#disconnectedAtMs = state === 'disconnected' ? this.#deps.clock.now() : undefined;
    if (state === 'connected') this.media.connected();
  }
}
