import type { Clock } from '../../../src/clock.ts';
import type {
  MediaEngine,
  MediaTotals,
  Publication,
  PublicationParameters,
  SessionMedia,
  SimulcastChoice,
  StreamFormat,
  Subscription,
} from '../../../src/sfu/media/session-media.ts';

/** A publication whose packets a test lets flow. */
export class FakePublication implements Publication {
  readonly parameters: PublicationParameters;
  readonly #clock: Clock;
  readonly #waiting = new Set<(flows: boolean) => void>();
  isClosed = false;
  lastPacketAtMs: number | undefined = undefined;

  constructor(parameters: PublicationParameters, clock: Clock) {
    this.parameters = parameters;
    this.#clock = clock;
  }

  get format(): StreamFormat {
    return this.parameters.format;
  }

  /** A packet of it arrives. */
  flow(): void {
    this.lastPacketAtMs = this.#clock.now();
    this.#end(true);
  }

  whenFlowing(timeoutMs: number): Promise<boolean> {
    if (this.isClosed || this.lastPacketAtMs !== undefined) return Promise.resolve(!this.isClosed);
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => end(false), timeoutMs);
      const end = (flows: boolean): void => {
        this.#clock.clearTimeout(timer);
        this.#waiting.delete(end);
        resolve(flows);
      };
      this.#waiting.add(end);
    });
  }

  close(): void {
    this.isClosed = true;
    this.#end(false);
  }

  #end(flows: boolean): void {
    for (const end of this.#waiting) end(flows);
  }
}

export class FakeSubscription implements Subscription {
  readonly mid: string;
  readonly ssrc: number;
  format: StreamFormat;
  source: Publication | undefined = undefined;
  simulcast: SimulcastChoice | undefined = undefined;
  refreshes = 0;
  isClosed = false;

  constructor(mid: string, format: StreamFormat, ssrc: number) {
    this.mid = mid;
    this.format = format;
    this.ssrc = ssrc;
  }

  setSource(source: Publication | undefined): void {
    this.source = source;
  }

  setFormat(format: StreamFormat): void {
    this.format = format;
  }

  setSimulcast(choice: SimulcastChoice): void {
    this.simulcast = choice;
  }

  refresh(): void {
    this.refreshes += 1;
  }

  close(): void {
    this.isClosed = true;
    this.source = undefined;
  }
}

export class FakeMedia implements SessionMedia {
  readonly publications: FakePublication[] = [];
  readonly subscriptions: FakeSubscription[] = [];
  readonly packets: Buffer[] = [];
  readonly ticks: number[] = [];
  connections = 0;
  isClosed = false;
  readonly #clock: Clock;
  readonly #nextSsrc: () => number;

  constructor(clock: Clock, nextSsrc: () => number) {
    this.#clock = clock;
    this.#nextSsrc = nextSsrc;
  }

  publish(parameters: PublicationParameters): FakePublication {
    const publication = new FakePublication(parameters, this.#clock);
    this.publications.push(publication);
    return publication;
  }

  subscribe(mid: string, format: StreamFormat): FakeSubscription {
    const subscription = new FakeSubscription(mid, format, this.#nextSsrc());
    this.subscriptions.push(subscription);
    return subscription;
  }

  receiveRtp(packet: Buffer): void {
    this.packets.push(packet);
  }

  receiveRtcp(compound: Buffer): void {
    this.packets.push(compound);
  }

  connected(): void {
    this.connections += 1;
  }

  tick(nowMs: number): void {
    this.ticks.push(nowMs);
  }

  close(): void {
    this.isClosed = true;
    for (const publication of this.publications) publication.close();
    for (const subscription of this.subscriptions) subscription.close();
  }
}

/** Media without packets: it remembers what each session asked of it. */
export class FakeEngine implements MediaEngine {
  readonly sessions: FakeMedia[] = [];
  readonly #clock: Clock;
  #ssrcs = 1_000;
  totals: MediaTotals = {
    packetsIn: 0,
    packetsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    retransmitted: 0,
    keyFrameRequests: 0,
    dropped: 0,
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(): FakeMedia {
    const media = new FakeMedia(this.#clock, () => (this.#ssrcs += 1));
    this.sessions.push(media);
    return media;
  }
}
