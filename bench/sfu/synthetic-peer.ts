import type { SessionTransport, TransportHub } from '../../src/sfu/transport/session-transport.ts';
import type { CallsClient, RemoteTrack } from './calls-client.ts';
import { AUDIO_MID, pushOffer, remoteOf, takeOffer, VIDEO_MID } from './descriptions.ts';
import { AudioSource, VideoSource } from './media-source.ts';
import { keyFrameRequests, receiverReports, senderReport } from './rtcp.ts';
import { StreamCheck } from './stream-check.ts';

export type PeerDeps = {
  readonly api: CallsClient;
  readonly hub: TransportHub;
  /** By the load's own clock, in milliseconds and parts of them. */
  readonly now: () => number;
  readonly videoBitsPerSecond: number;
  /** How long a packet took that was as it should be. */
  readonly onLatency: (ms: number) => void;
};

/** One participant: publishes a microphone and a camera, and looks at everything it pulls. */
export class SyntheticPeer {
  readonly index: number;
  readonly audio: AudioSource;
  readonly video: VideoSource;
  readonly checks: StreamCheck[] = [];
  readonly #deps: PeerDeps;
  readonly #transport: SessionTransport;
  readonly #connected: Promise<void>;
  readonly #bySsrc = new Map<number, StreamCheck>();
  #sessionId = '';
  #version = 1;
  #isSending = false;

  constructor(index: number, deps: PeerDeps) {
    this.index = index;
    this.#deps = deps;
    this.audio = new AudioSource(2 * index);
    this.video = new VideoSource(2 * index + 1, deps.videoBitsPerSecond);
    let connected: () => void = () => undefined;
    this.#connected = new Promise((resolve) => (connected = resolve));
    // It does the checks, as a browser does: the SFU is ICE-lite towards it.
    this.#transport = deps.hub.open('third-party', {
      onRtp: (packet) => this.#receive(packet),
      onRtcp: (compound) => this.#obey(compound),
      onState: (state) => {
        if (state === 'connected') connected();
      },
    });
  }

  /** What it publishes, for others to pull. */
  get tracks(): readonly RemoteTrack[] {
    const sessionId = this.#sessionId;
    return ['audio', 'video'].map((kind) => ({ sessionId, trackName: `${kind}-${this.index}` }));
  }

  /** Publishes; resolves when media flow. */
  async join(): Promise<void> {
    const { api, now } = this.#deps;
    this.#sessionId = await api.newSession();
    const offer = pushOffer(this.#transport.local, this.audio.ssrc, this.video.ssrc);
    const mids = [AUDIO_MID, VIDEO_MID];
    const tracks = this.tracks.map(({ trackName }, index) => ({ mid: mids[index] ?? '', trackName }));
    this.#transport.connect(remoteOf(await api.push(this.#sessionId, offer, tracks)));
    await this.#connected;
    this.audio.start(now());
    this.video.start(now());
    this.#isSending = true;
  }

  /** Pulls what others publish. */
  async pull(others: readonly SyntheticPeer[]): Promise<void> {
    const { api } = this.#deps;
    const sources = others.flatMap((other) => other.tracks.map((track) => ({ track, other })));
    const { offer, pulled } = await api.pull(
      this.#sessionId,
      sources.map(({ track }) => track),
    );
    this.#version += 1;
    const { answer, streams } = takeOffer(offer, this.#transport.local, this.#version);
    pulled.forEach(({ mid, track }) => {
      const stream = streams.find((stream) => stream.mid === mid);
      const other = sources.find((source) => source.track === track)?.other;
      if (stream === undefined || other === undefined)
        throw new Error(`${track.trackName} is not in the offer`);
      const kind = track.trackName.startsWith('audio') ? 'audio' : 'video';
      const check = new StreamCheck(other[kind].stream, kind, stream.payloadType);
      this.#bySsrc.set(stream.ssrc, check);
      this.checks.push(check);
    });
    await api.renegotiate(this.#sessionId, answer);
  }

  /** Sends what is due. */
  send(nowMs: number): void {
    if (!this.#isSending) return;
    for (const source of [this.audio, this.video]) {
      for (let packet = source.next(nowMs); packet !== undefined; packet = source.next(nowMs)) {
        const datagram = this.#transport.protectRtp(packet);
        if (datagram !== undefined) this.#transport.send(datagram);
      }
    }
  }

  /** To be called once a second. */
  report(nowMs: number): void {
    if (!this.#isSending) return;
    const reports = [this.audio, this.video].map((source) => senderReport(source, nowMs));
    const received = [...this.#bySsrc].flatMap(([ssrc, { packets, highest }]) =>
      packets === 0 ? [] : { ssrc, highest },
    );
    this.#transport.sendRtcp(Buffer.concat([...reports, receiverReports(this.audio.ssrc, received)]));
  }

  stopSending(): void {
    this.#isSending = false;
  }

  close(): void {
    this.#isSending = false;
    this.#transport.close();
  }

  #receive(packet: Buffer): void {
    const check = this.#bySsrc.get(packet.readUInt32BE(8));
    // A packet may be faster than the answer that names its stream; it is counted from the first that is known.
    if (check === undefined) return;
    const now = this.#deps.now();
    const sentAtMs = check.receive(packet, now);
    if (sentAtMs !== undefined) this.#deps.onLatency(now - sentAtMs);
  }

  #obey(compound: Buffer): void {
    if (keyFrameRequests(compound).includes(this.video.ssrc)) this.video.refresh();
  }
}
