import { concat, map, NEVER, of, startWith, Subscription, switchMap, type Observable } from 'rxjs';
import type { RoomClient } from '../room-client.ts';
import { cameraEncodings } from './camera-encodings.ts';
import type { SfuConnection } from './media-kit.ts';
import type { TrackKind } from './media-state.ts';
import type { WebcamLimits } from './server-offer.ts';
import { trackPath } from './track-path.ts';

export type Sources = {
  readonly microphone$: Observable<MediaStreamTrack>;
  readonly camera$: Observable<MediaStreamTrack>;
  readonly screen$: Observable<MediaStreamTrack | undefined>;
};

/**
 * Sends one's own tracks, and tells the room where they are, again after each new session. Microphone and camera are
 * sent from the beginning, as silence and black, so that turning them on costs no negotiation; a screen only while it
 * is shared.
 */
export class Outgoing {
  readonly #client: RoomClient;
  readonly #subscription = new Subscription();

  constructor(client: RoomClient, sfu: SfuConnection, sources: Sources, limits: WebcamLimits) {
    this.#client = client;
    const { microphone$, camera$, screen$ } = sources;
    const encodings$ = camera$.pipe(
      map((track) => cameraEncodings(limits, track.getSettings())),
      // The sender is made with these, before the first track says how large it is.
      startWith(cameraEncodings(limits, {})),
    );
    this.#announce('audio', sfu.push(microphone$).pipe(map(pathOf)));
    this.#announce('video', sfu.push(camera$, { sendEncodings$: encodings$ }).pipe(map(pathOf)));
    const screenPath$ = screen$.pipe(
      switchMap((track) =>
        track === undefined ? of(undefined) : sfu.push(concat(of(track), NEVER)).pipe(map(pathOf)),
      ),
    );
    this.#announce('screenshare', screenPath$);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#client.update({ tracks: { audio: undefined, video: undefined, screenshare: undefined } });
  }

  #announce(kind: TrackKind, path$: Observable<string | undefined>): void {
    this.#subscription.add(
      path$.subscribe((path) => {
        const sessionId = path?.split('/')[0];
        this.#client.update({
          ...(sessionId !== undefined && { transceiverSessionId: sessionId }),
          tracks: { [kind]: path },
        });
      }),
    );
  }
}

const pathOf = ({ sessionId, trackName }: { sessionId?: string; trackName?: string }): string | undefined =>
  sessionId === undefined || trackName === undefined ? undefined : trackPath({ sessionId, trackName });
