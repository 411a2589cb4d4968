import type { RoomClient } from '../room-client.ts';
import { ConnectionHealth } from './connection-health.ts';
import { DeadTracks } from './dead-tracks.ts';
import type { Incoming, Pull } from './incoming.ts';
import type { MediaHealth } from './media-state.ts';
import { readStats } from './stats-sample.ts';

const LOOK_MS = 1_000;
/** A track that stays dead is not a matter of how it was asked for. */
const MAX_PULLS_AGAIN = 3;

export type Session = { readonly peerConnection: RTCPeerConnection; readonly sessionId: string };

type Deps = {
  readonly client: RoomClient;
  readonly incoming: Incoming;
  /** Whether reports go anywhere. */
  readonly reports: boolean;
  readonly onChange: () => void;
};

/** Looks at the connection every second: measures it, reports received tracks that are dead, and asks for them anew. */
export class TrackDoctor {
  readonly #deps: Deps;
  readonly #health = new ConnectionHealth();
  readonly #dead = new DeadTracks();
  /** How often each path was asked for again. Forgotten with the path. */
  readonly #pulledAgain = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #session: Session | undefined = undefined;
  #isLooking = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  get health(): MediaHealth {
    return this.#health.health;
  }

  attend(session: Session): void {
    this.#session = session;
    this.#dead.pause();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#isLooking) return;
    if (session.peerConnection.connectionState !== 'connected') {
      this.#dead.pause();
      return;
    }
    this.#isLooking = true;
    try {
      const sample = readStats(await session.peerConnection.getStats());
      const at = performance.now();
      this.#health.take(sample, at);
      this.#treat(this.#dead.look(this.#deps.incoming.pulls, sample, at), session);
      this.#deps.onChange();
    } catch {
      // A connection that was closed meanwhile has no statistics.
    } finally {
      this.#isLooking = false;
    }
  }

  #treat(dead: readonly Pull[], session: Session): void {
    const paths = new Set(this.#deps.incoming.pulls.map(({ path }) => path));
    for (const path of this.#pulledAgain.keys()) if (!paths.has(path)) this.#pulledAgain.delete(path);
    for (const pull of dead) {
      const times = this.#pulledAgain.get(pull.path) ?? 0;
      if (times === 0 && this.#deps.reports) void this.#report(pull, session);
      if (times === MAX_PULLS_AGAIN) continue;
      this.#pulledAgain.set(pull.path, times + 1);
      this.#deps.incoming.pullAgain(pull);
    }
  }

  /** With the fields that the original's page sends. */
  async #report({ user, path }: Pull, { sessionId }: Session): Promise<void> {
    const { origin, token } = this.#deps.client;
    const [pushSession = ''] = path.split('/');
    try {
      await fetch(`${origin}/api/deadTrack`, {
        method: 'POST',
        credentials: 'include',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({
          trackId: path.slice(pushSession.length + 1),
          pullSessionTrace: sessionId,
          pushedSessionTrace: pushSession,
          pushingUser: user.name,
        }),
      });
    } catch {
      // A report that is lost is lost.
    }
  }
}
