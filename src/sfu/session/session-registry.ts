import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { ApiError } from '../api/api-errors.ts';
import type { Clock } from '../../clock.ts';
import type { MediaEngine } from '../media/session-media.ts';
import type { SfuLimits } from '../sfu-settings.ts';
import type { TransportHub } from '../transport/session-transport.ts';
import { EgressMeter } from './egress-meter.ts';
import type { PublishedTrack } from './published-track.ts';
import { Session } from './session.ts';
import type { SessionDirectory } from './session-directory.ts';

export type RegistryDeps = {
  readonly hub: TransportHub;
  readonly engine: MediaEngine;
  readonly limits: SfuLimits;
  readonly clock: Clock;
  readonly log: Logger;
};

export type RegistryStats = {
  readonly sessions: number;
  readonly tracks: number;
  readonly egressPacketsPerSecond: number;
};

const SWEEP_MS = 1_000;

/** All sessions of this SFU. */
export class SessionRegistry implements SessionDirectory {
  readonly #deps: RegistryDeps;
  readonly #sessions = new Map<string, Session>();
  readonly #egress: EgressMeter;
  /** Counted anew with each sweep; in between it only grows. */
  #trackCount = 0;
  #sweptAtMs: number;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#sweptAtMs = deps.clock.now();
    this.#egress = new EgressMeter(deps.engine, this.#sweptAtMs);
  }

  get stats(): RegistryStats {
    return {
      sessions: this.#sessions.size,
      tracks: this.#trackCount,
      egressPacketsPerSecond: this.#egress.packetsPerSecond,
    };
  }

  /**
   * Opens a session. Throws `overloaded` when there are as many as may be.
   *
   * @param correlationId - what the log calls it, for whoever looks for a meeting there
   */
  open(isThirdParty: boolean, correlationId?: string): Session {
    const { limits, log } = this.#deps;
    if (this.#sessions.size >= limits.maxSessions) {
      const description = `This SFU has all the ${limits.maxSessions} sessions that it may have`;
      throw new ApiError('overloaded', { description });
    }
    const id = randomBytes(16).toString('hex');
    const session = new Session({
      ...this.#deps,
      id,
      isThirdParty,
      directory: this,
      newId: randomUUID,
      descriptionId: String(randomBytes(8).readBigUInt64BE() >> 2n),
      onClosed: () => void this.#sessions.delete(id),
    });
    this.#sessions.set(id, session);
    log.debug(
      { sessionId: id, isThirdParty, correlationId: correlationId?.slice(0, 128) },
      'SFU session opened',
    );
    return session;
  }

  /** Throws `session_gone` for what is not there: also for sessions of an SFU before this one, whose clients open others then. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new ApiError('session_gone');
    return session;
  }

  published(sessionId: string, trackName: string): PublishedTrack | undefined {
    return this.#sessions.get(sessionId)?.published(trackName);
  }

  admitTracks(count: number): void {
    const { maxTracks } = this.#deps.limits;
    if (this.#trackCount + count > maxTracks) {
      throw new ApiError('overloaded', {
        description: `This SFU has all the ${maxTracks} tracks that it may have`,
      });
    }
    this.#trackCount += count;
  }

  admitPull(): void {
    const { maxEgressPacketsPerSecond } = this.#deps.limits;
    const { packetsPerSecond } = this.#egress;
    if (packetsPerSecond <= maxEgressPacketsPerSecond) return;
    throw new ApiError('overloaded', {
      description:
        `This SFU sends ${packetsPerSecond} packets a second and may send ${maxEgressPacketsPerSecond}: ` +
        'nobody can receive another track until others stop',
    });
  }

  /** Sends what is due, and ends what is over. Called some 20 times a second. */
  tick(nowMs: number): void {
    for (const session of this.#sessions.values()) session.media.tick(nowMs);
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    this.#egress.sample(nowMs);
    let tracks = 0;
    for (const session of this.#sessions.values()) {
      session.sweep(nowMs);
      if (!session.isClosed) tracks += session.trackCount;
    }
    this.#trackCount = tracks;
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }
}
