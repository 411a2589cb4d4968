import type { BehaviorSubject, Observable, Subscription } from 'rxjs';
import type { Source } from './room-presence.client.ts';

/** What has come of a track, as the browser counts it; nothing of one that has ended. */
export type Received = {
  /** For how long no packet has come. */
  readonly silentMs: number;
  /** Pictures. */
  readonly frames: number;
  /** Of the picture as it is shown. */
  readonly width: number;
  readonly freezeSeconds: number;
  /** Sound, while it is played: its energy, and of all samples those that were made up because none had come. */
  readonly energy: number;
  readonly samples: number;
  readonly concealedSamples: number;
};

const NOTHING: Received = {
  silentMs: Infinity,
  frames: 0,
  width: 0,
  freezeSeconds: 0,
  energy: 0,
  samples: 0,
  concealedSamples: 0,
};

/** A track that is received, and those that take its place: played by one element. */
export class Reception {
  readonly preferredRid: BehaviorSubject<string | undefined>;
  readonly #element: HTMLVideoElement | HTMLAudioElement;
  readonly #subscription: Subscription;
  #track: MediaStreamTrack | undefined = undefined;
  #analyser: AnalyserNode | undefined = undefined;

  constructor(
    source: Source,
    track: Observable<MediaStreamTrack>,
    preferredRid: BehaviorSubject<string | undefined>,
  ) {
    this.preferredRid = preferredRid;
    this.#element = document.createElement(source === 'audio' ? 'audio' : 'video');
    this.#element.autoplay = true;
    document.body.append(this.#element);
    this.#subscription = track.subscribe((newest) => {
      this.#track = newest;
      this.#analyser = undefined;
      this.#element.srcObject = new MediaStream([newest]);
    });
  }

  stop(): void {
    this.#subscription.unsubscribe();
    this.#element.remove();
  }

  async read(connection: RTCPeerConnection | undefined): Promise<Received> {
    const receiver = connection?.getReceivers().find(({ track }) => track === this.#track);
    let received = NOTHING;
    (await receiver?.getStats())?.forEach((stat: RTCInboundRtpStreamStats) => {
      if (stat.type === 'inbound-rtp') received = this.#read(stat);
    });
    return this.#track?.readyState === 'live' ? received : NOTHING;
  }

  brightness(): number {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [16, 12];
    const context = canvas.getContext('2d');
    if (context === null || this.#element instanceof HTMLAudioElement) return 0;
    context.drawImage(this.#element, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const colours = data.filter((_, index) => index % 4 !== 3);
    return colours.reduce((sum, value) => sum + value, 0) / colours.length;
  }

  loudness(hertz: number): number {
    if (this.#track === undefined) return -Infinity;
    const analyser = (this.#analyser ??= analyserOf(this.#track));
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(spectrum);
    const bin = Math.round((hertz * analyser.fftSize) / analyser.context.sampleRate);
    return Math.max(...spectrum.subarray(bin - 1, bin + 2));
  }

  #read(stat: RTCInboundRtpStreamStats): Received {
    return {
      silentMs: stat.timestamp - (stat.lastPacketReceivedTimestamp ?? stat.timestamp),
      frames: stat.framesDecoded ?? 0,
      width: this.#element instanceof HTMLVideoElement ? this.#element.videoWidth : 0,
      freezeSeconds: stat.totalFreezesDuration ?? 0,
      energy: stat.totalAudioEnergy ?? 0,
      samples: stat.totalSamplesReceived ?? 0,
      concealedSamples: stat.concealedSamples ?? 0,
    };
  }
}

function analyserOf(track: MediaStreamTrack): AnalyserNode {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  return analyser;
}
