import { BehaviorSubject, Subscription, type Observable } from 'rxjs';
import { hasDevices, problemOf } from './device-problem.ts';
import type { ScreenState } from './media-state.ts';

const OFF: ScreenState = { isOn: false, isStarting: false, problem: undefined, track: undefined };

/** One's own screen, a window or a tab, from the choice to the end that the page or the browser makes of it. */
export class ScreenShare {
  /** What is to be sent; nothing while nothing is shared. */
  readonly track$ = new BehaviorSubject<MediaStreamTrack | undefined>(undefined);
  readonly #ask: () => Observable<MediaStream>;
  readonly #onChange: () => void;
  #sharing: Subscription | undefined = undefined;
  #state = OFF;

  constructor(ask: () => Observable<MediaStream>, onChange: () => void) {
    this.#ask = ask;
    this.#onChange = onChange;
  }

  get state(): ScreenState {
    return this.#state;
  }

  /** Has to come of a click, as browsers have it. */
  start(): void {
    if (this.#sharing !== undefined) return;
    if (!hasDevices()) {
      this.#show({ ...OFF, problem: 'insecure' });
      return;
    }
    this.#show({ ...OFF, isStarting: true });
    const sharing = new Subscription();
    this.#sharing = sharing;
    sharing.add(
      this.#ask().subscribe({
        next: (stream) => this.#started(stream.getVideoTracks()[0]),
        // To have declined is no problem.
        complete: () => this.stop(),
        error: (error: unknown) => {
          this.stop();
          this.#show({ ...OFF, problem: problemOf(error) });
        },
      }),
    );
  }

  stop(): void {
    if (this.#sharing === undefined) return;
    this.#sharing.unsubscribe();
    this.#sharing = undefined;
    this.#show(OFF);
  }

  #started(track: MediaStreamTrack | undefined): void {
    if (track === undefined) return;
    // Letters stay legible, at the price of smoothness.
    track.contentHint = 'detail';
    this.#show({ isOn: true, isStarting: false, problem: undefined, track });
  }

  #show(state: ScreenState): void {
    this.#state = state;
    if (this.track$.value !== state.track) this.track$.next(state.track);
    this.#onChange();
  }
}
