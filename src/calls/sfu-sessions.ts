import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Track } from '../protocol/messages.ts';
import type { PublishedTrack, Store, StoredSfuSession } from '../store/store.ts';
import type { Audience, Departure } from './audience.ts';
import { SessionQueue } from './session-queue.ts';

/** How often abandoned sessions are looked for. */
const SWEEP_INTERVAL_MS = 10_000;
/**
 * How long a session stays when nobody who is here has it. The SFU itself forgets a track after 30 s without packets; a
 * user whose WebSocket alone was cut comes back to media that still flows.
 */
const ABANDONED_MS = 30_000;
/** Sessions of one login: a tab has one, and one more after each change of network. The oldest make room. */
const MAX_SESSIONS_PER_OWNER = 32;

/** An SFU session that a login has opened by way of this server. */
export class SfuSession {
  readonly id: string;
  readonly owner: string;
  readonly openedAt: number;
  readonly queue = new SessionQueue();
  /** What it publishes, by m-line. */
  readonly tracks = new Map<string, string>();
  /** M-lines by which it hears others. Not stored: after a restart those of before are not known. */
  readonly pulled = new Set<string>();
  /** When somebody was last known to have it. */
  seenAt: number;

  constructor({ sessionId, owner, openedAt, tracks }: StoredSfuSession, now: number) {
    this.id = sessionId;
    this.owner = owner;
    this.openedAt = openedAt;
    this.seenAt = now;
    for (const { mid, trackName } of tracks) this.tracks.set(mid, trackName);
  }
}

/** Closes at the SFU what a session sends and hears; retries by itself, never throws. */
export type CloseSession = (session: SfuSession) => Promise<void>;

export type SfuSessionsDeps = {
  readonly store: Pick<Store, 'listSfuSessions' | 'putSfuSession' | 'forgetSfuSession'>;
  readonly audience: Audience;
  readonly clock: Clock;
  readonly log: Logger;
  readonly close: CloseSession;
};

/**
 * Which login opened which SFU session, and what it publishes there. A session's id is a locator, not a permission: the
 * SFU takes it from anyone, so this table decides. It is stored, because clients keep their sessions over a restart of
 * this server. While the store fails it goes on from memory, as the rooms do. [C2, C3, C11]
 */
export class SfuSessions {
  readonly #deps: SfuSessionsDeps;
  readonly #sessions = new Map<string, SfuSession>();
  readonly #byOwner = new Map<string, Set<SfuSession>>();
  #timer: unknown = undefined;

  constructor(deps: SfuSessionsDeps) {
    this.#deps = deps;
  }

  /** Takes up what an earlier process left; then looks for abandoned sessions from time to time. */
  async start(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const stored of await this.#deps.store.listSfuSessions()) this.#enter(new SfuSession(stored, now));
    this.#sweepLater();
  }

  stop(): void {
    this.#deps.clock.clearTimeout(this.#timer);
  }

  get(sessionId: string): SfuSession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** The session, if it is `owner`'s; asking for it is using it. */
  ofOwner(sessionId: string, owner: string): SfuSession | undefined {
    const session = this.#sessions.get(sessionId);
    if (session?.owner !== owner) return undefined;
    session.seenAt = this.#deps.clock.now();
    return session;
  }

  /** Whether the login publishes that track. */
  publishes(owner: string, { sessionId, trackName }: Track): boolean {
    const session = this.#sessions.get(sessionId);
    return session?.owner === owner && [...session.tracks.values()].includes(trackName);
  }

  /** Notes a session that the SFU has just opened. */
  async opened(sessionId: string, owner: string): Promise<void> {
    const now = this.#deps.clock.now();
    const session = new SfuSession({ sessionId, owner, openedAt: now, tracks: [] }, now);
    this.#enter(session);
    const [oldest, ...others] = this.#byOwner.get(owner) ?? [];
    if (oldest !== undefined && others.length >= MAX_SESSIONS_PER_OWNER) this.#close(oldest);
    await this.#save(session);
  }

  async published(session: SfuSession, tracks: readonly PublishedTrack[]): Promise<void> {
    const fresh = tracks.filter(({ mid, trackName }) => session.tracks.get(mid) !== trackName);
    if (fresh.length === 0) return;
    for (const { mid, trackName } of fresh) session.tracks.set(mid, trackName);
    await this.#save(session);
  }

  async unpublished(session: SfuSession, mids: readonly string[]): Promise<void> {
    for (const mid of mids) session.pulled.delete(mid);
    const known = mids.filter((mid) => session.tracks.delete(mid));
    if (known.length > 0) await this.#save(session);
  }

  /** Who says that it leaves has nothing to come back to; who only vanished may. */
  departed({ owner, sessionIds, reason }: Departure): void {
    const { audience, clock } = this.#deps;
    const gone = !audience.isPresent(owner);
    for (const session of this.#byOwner.get(owner) ?? []) {
      session.seenAt = clock.now();
      if (reason !== 'left') continue;
      const named = sessionIds.includes(session.id) && !audience.publishes(owner, session.id);
      if (gone || named) this.#close(session);
    }
  }

  #enter(session: SfuSession): void {
    this.#sessions.set(session.id, session);
    const others = this.#byOwner.get(session.owner);
    if (others === undefined) this.#byOwner.set(session.owner, new Set([session]));
    else others.add(session);
  }

  /** From here on nobody may use it; what it sends and hears is closed behind whatever is under way. */
  #close(session: SfuSession): void {
    this.#sessions.delete(session.id);
    const others = this.#byOwner.get(session.owner);
    others?.delete(session);
    if (others?.size === 0) this.#byOwner.delete(session.owner);
    const { log, store, close } = this.#deps;
    log.debug({ session: session.id, tracks: session.tracks.size }, 'SFU session closed');
    void close(session)
      .then(() => store.forgetSfuSession(session.id))
      .catch((error: unknown) => log.warn({ err: error }, 'SFU session not forgotten in the store'));
  }

  #sweepLater(): void {
    this.#timer = this.#deps.clock.setTimeout(() => {
      this.#sweep();
      this.#sweepLater();
    }, SWEEP_INTERVAL_MS);
  }

  #sweep(): void {
    const { audience, clock } = this.#deps;
    const now = clock.now();
    for (const session of this.#sessions.values()) {
      if (audience.isPresent(session.owner)) session.seenAt = now;
      else if (now - session.seenAt >= ABANDONED_MS) this.#close(session);
    }
  }

  async #save({ id, owner, openedAt, tracks }: SfuSession): Promise<void> {
    const published = [...tracks].map(([mid, trackName]) => ({ mid, trackName }));
    try {
      await this.#deps.store.putSfuSession({ sessionId: id, owner, openedAt, tracks: published });
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'SFU session not stored');
    }
  }
}
