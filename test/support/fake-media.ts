import type { MediaDevice, TrackMetadata } from 'partytracks/client';
import { BehaviorSubject, Observable, ReplaySubject, Subject } from 'rxjs';
import type { MediaKit } from '../../src/client/media/index.ts';

/** A track, as far as the library looks at it. */
export const fakeTrack = (id: string, settings: MediaTrackSettings = {}): MediaStreamTrack =>
  Object.assign(new EventTarget(), {
    id,
    contentHint: '',
    readyState: 'live',
    muted: false,
    enabled: true,
    getSettings: () => settings,
    stop: () => {},
  }) as unknown as MediaStreamTrack;

/** A device in the test's hand, with the interface of partytracks' own. */
export class FakeDevice {
  readonly fallback: MediaStreamTrack;
  readonly content: MediaStreamTrack;
  readonly isBroadcasting$ = new BehaviorSubject(false);
  readonly broadcastTrack$: BehaviorSubject<MediaStreamTrack>;
  readonly devices$ = new BehaviorSubject<MediaDeviceInfo[]>([]);
  readonly activeDevice$ = new ReplaySubject<MediaDeviceInfo>(1);
  readonly error$ = new Subject<Error>();
  readonly preferred: MediaDeviceInfo[] = [];
  /** What happens when the person is asked. */
  answer: 'yes' | Error = 'yes';

  constructor(name: string, settings: MediaTrackSettings = {}) {
    this.fallback = fakeTrack(`no ${name}`);
    this.content = fakeTrack(name, settings);
    this.broadcastTrack$ = new BehaviorSubject(this.fallback);
  }

  startBroadcasting(): void {
    if (this.answer === 'yes') this.#set(true);
    else this.error$.next(this.answer);
  }

  stopBroadcasting(): void {
    this.#set(false);
  }

  disableSource(): void {
    this.#set(false);
  }

  setPreferredDevice(device: MediaDeviceInfo): void {
    this.preferred.push(device);
  }

  #set(isOn: boolean): void {
    if (isOn === this.isBroadcasting$.value) return;
    this.isBroadcasting$.next(isOn);
    this.broadcastTrack$.next(isOn ? this.content : this.fallback);
  }

  get asDevice(): MediaDevice {
    return this as unknown as MediaDevice;
  }
}

export type FakePush = {
  readonly track$: Observable<MediaStreamTrack>;
  readonly encodings: RTCRtpEncodingParameters[][];
  readonly announced$: ReplaySubject<TrackMetadata>;
  isOver: boolean;
};

export type FakePull = {
  readonly metadata: TrackMetadata;
  readonly track$: ReplaySubject<MediaStreamTrack>;
  isOver: boolean;
};

/** Statistics and a state, which the test sets. */
export class FakePeerConnection extends EventTarget {
  connectionState: RTCPeerConnectionState = 'connected';
  stats: object[] = [];

  getStats(): Promise<RTCStatsReport> {
    return Promise.resolve(new Map(this.stats.entries()) as unknown as RTCStatsReport);
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

/** What partytracks does, in the test's hand: what is pushed and pulled, and over which session. */
export class FakeKit implements MediaKit {
  readonly mic = new FakeDevice('mic');
  readonly cam = new FakeDevice('cam', { width: 1_920, height: 1_080 });
  readonly screens: Subject<MediaStream>[] = [];
  readonly pushes: FakePush[] = [];
  readonly pulls: FakePull[] = [];
  readonly configs: object[] = [];
  readonly peerConnection = new FakePeerConnection();
  readonly session$ = new BehaviorSubject({
    sessionId: 'own',
    peerConnection: this.peerConnection as unknown as RTCPeerConnection,
  });

  connect(config: object): ReturnType<MediaKit['connect']> {
    this.configs.push(config);
    return {
      session$: this.session$,
      push: (track$, { sendEncodings$ } = {}) => this.#push(track$, sendEncodings$),
      pull: (metadata$) => this.#pull(metadata$),
    };
  }

  microphone(): MediaDevice {
    return this.mic.asDevice;
  }

  camera(): MediaDevice {
    return this.cam.asDevice;
  }

  screen(): Observable<MediaStream> {
    const screen = new Subject<MediaStream>();
    this.screens.push(screen);
    return screen;
  }

  /** Which paths are being pulled. */
  get pulled(): string[] {
    return this.pulls
      .filter(({ isOver }) => !isOver)
      .map(({ metadata: { sessionId, trackName } }) => `${sessionId}/${trackName}`);
  }

  #push(
    track$: Observable<MediaStreamTrack>,
    encodings$: Observable<RTCRtpEncodingParameters[]> | undefined,
  ): Observable<TrackMetadata> {
    return new Observable((subscriber) => {
      const push: FakePush = { track$, encodings: [], announced$: new ReplaySubject(1), isOver: false };
      this.pushes.push(push);
      subscriber.add(encodings$?.subscribe((encodings) => push.encodings.push(encodings)));
      subscriber.add(push.announced$.subscribe(subscriber));
      subscriber.add(() => (push.isOver = true));
    });
  }

  #pull(metadata$: Observable<TrackMetadata>): Observable<MediaStreamTrack> {
    return new Observable((subscriber) => {
      subscriber.add(
        metadata$.subscribe((metadata) => {
          const pull: FakePull = { metadata, track$: new ReplaySubject(1), isOver: false };
          this.pulls.push(pull);
          subscriber.add(pull.track$.subscribe(subscriber));
          subscriber.add(() => (pull.isOver = true));
        }),
      );
    });
  }
}
