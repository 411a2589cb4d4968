import { concat, NEVER, of, Subscription } from 'rxjs';
import type { User } from '../../protocol/messages.ts';
import type { SfuConnection } from './media-kit.ts';
import { TRACK_KINDS, type RemoteTracks, type TrackKind } from './media-state.ts';
import { trackAt } from './track-path.ts';

/** One track of a user that is being received. */
export type Pull = {
  readonly user: User;
  readonly kind: TrackKind;
  /** `sessionId/trackName`, as its sender has told it. */
  readonly path: string;
  /** Nothing until it has been negotiated. */
  readonly track: MediaStreamTrack | undefined;
};

type Running = Pull & { readonly subscription: Subscription };

/** Sound is received also while it is muted: to be heard at once costs little. */
const isSent = ({ tracks }: User, kind: TrackKind): boolean => {
  if (kind === 'video') return tracks.videoEnabled === true;
  return kind === 'audio' || tracks.screenShareEnabled === true;
};

/** Receives what the users of a room send, as the room's state names it. */
export class Incoming {
  readonly #sfu: SfuConnection;
  readonly #onChange: () => void;
  readonly #pulls = new Map<string, Running>();
  #tracks: ReadonlyMap<string, RemoteTracks> = new Map();

  constructor(sfu: SfuConnection, onChange: () => void) {
    this.#sfu = sfu;
    this.#onChange = onChange;
  }

  /** By user id. */
  get tracks(): ReadonlyMap<string, RemoteTracks> {
    return this.#tracks;
  }

  get pulls(): readonly Pull[] {
    return [...this.#pulls.values()];
  }

  /** Receives exactly what these users send. */
  follow(users: readonly User[]): void {
    const wanted = new Set<string>();
    for (const user of users) {
      for (const kind of TRACK_KINDS) {
        const path = user.tracks[kind];
        if (path === undefined || !user.joined || !isSent(user, kind)) continue;
        wanted.add(keyOf(user.id, kind));
        this.#pull(user, kind, path);
      }
    }
    const before = this.#pulls.size;
    for (const [key, { subscription }] of this.#pulls) {
      if (wanted.has(key)) continue;
      subscription.unsubscribe();
      this.#pulls.delete(key);
    }
    if (this.#pulls.size !== before) this.#show();
  }

  /** Asks for the track anew. */
  pullAgain({ user, kind, path }: Pull): void {
    const running = this.#pulls.get(keyOf(user.id, kind));
    if (running?.path !== path) return;
    running.subscription.unsubscribe();
    this.#pulls.delete(keyOf(user.id, kind));
    this.#pull(user, kind, path);
  }

  #pull(user: User, kind: TrackKind, path: string): void {
    const key = keyOf(user.id, kind);
    const running = this.#pulls.get(key);
    if (running?.path === path) {
      this.#pulls.set(key, { ...running, user });
      return;
    }
    const metadata = trackAt(path);
    if (metadata === undefined) return;
    running?.subscription.unsubscribe();
    const subscription = new Subscription();
    this.#pulls.set(key, { user, kind, path, track: undefined, subscription });
    if (running?.track !== undefined) this.#show();
    subscription.add(
      this.#sfu.pull(concat(of(metadata), NEVER)).subscribe((track) => this.#received(key, path, track)),
    );
  }

  #received(key: string, path: string, track: MediaStreamTrack): void {
    const running = this.#pulls.get(key);
    if (running?.path !== path) return;
    this.#pulls.set(key, { ...running, track });
    this.#show();
  }

  #show(): void {
    const tracks = new Map<string, RemoteTracks>();
    for (const { user, kind, track } of this.#pulls.values()) {
      if (track !== undefined) tracks.set(user.id, { ...tracks.get(user.id), [kind]: track });
    }
    this.#tracks = tracks;
    this.#onChange();
  }
}

const keyOf = (userId: string, kind: TrackKind): string => `${kind} ${userId}`;
