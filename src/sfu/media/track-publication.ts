import type { Clock } from '../../clock.ts';
import { type Feedback, IngressStream } from './ingress-stream.ts';
import { FLOOR_BPS } from './remb-policy.ts';
import type { Publication, PublicationParameters, SimulcastChoice, StreamFormat } from './session-media.ts';
import { chooseRid } from './simulcast.ts';

/** A subscription, as its source sees it. */
export interface Follower {
  /** What its peer's way takes of this track; `undefined` while nothing holds it back. */
  readonly limitBps: number | undefined;
  sourceClosed(): void;
}

export type PublicationSurroundings = {
  readonly clock: Clock;
  readonly feedback: Feedback;
  readonly maxVideoBps: number;
  readonly onClose: (publication: TrackPublication) => void;
};

/** A track that the session's peer sends: one stream, or one for each simulcast layer. */
export class TrackPublication implements Publication {
  readonly mid: string;
  readonly format: StreamFormat;
  readonly announcedSsrcs: readonly number[];
  readonly streams: readonly IngressStream[];
  readonly #surroundings: PublicationSurroundings;
  readonly #followers = new Set<Follower>();
  #waiting: ((isFlowing: boolean) => void)[] = [];
  #isClosed = false;

  constructor({ mid, format, ssrcs, rids }: PublicationParameters, surroundings: PublicationSurroundings) {
    this.mid = mid;
    this.format = format;
    this.announcedSsrcs = ssrcs;
    this.#surroundings = surroundings;
    const onFirstPacket = (): void => this.#settle(true);
    this.streams = (rids.length > 0 ? rids : ['']).map(
      (rid) => new IngressStream(rid, format, surroundings.feedback, onFirstPacket),
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isSimulcast(): boolean {
    return this.streams.length > 1;
  }

  get lastPacketAtMs(): number | undefined {
    let last: number | undefined;
    for (const { lastPacketAtMs } of this.streams) {
      if (lastPacketAtMs !== undefined) last = Math.max(last ?? lastPacketAtMs, lastPacketAtMs);
    }
    return last;
  }

  /**
   * What the publisher may send of this track, in bits per second: as little as its slowest subscriber takes. With
   * simulcast a slow subscriber takes a smaller layer, and the others lose nothing.
   */
  get allowedBps(): number {
    let allowed = this.#surroundings.maxVideoBps;
    if (this.isSimulcast) return allowed;
    for (const { limitBps } of this.#followers) {
      if (limitBps !== undefined) allowed = Math.min(allowed, Math.max(FLOOR_BPS, limitBps));
    }
    return allowed;
  }

  whenFlowing(timeoutMs: number): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.lastPacketAtMs !== undefined) return Promise.resolve(true);
    const { clock } = this.#surroundings;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => {
        this.#waiting = this.#waiting.filter((settle) => settle !== done);
        resolve(false);
      }, timeoutMs);
      const done = (isFlowing: boolean): void => {
        clock.clearTimeout(timer);
        resolve(isFlowing);
      };
      this.#waiting.push(done);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settle(false);
    for (const follower of this.#followers) follower.sourceClosed();
    this.#followers.clear();
    this.#surroundings.onClose(this);
  }

  follow(follower: Follower): void {
    this.#followers.add(follower);
  }

  unfollow(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** The layer that a subscriber is to get; with one stream there is no choice. */
  choose(choice: SimulcastChoice, budgetBps: number | undefined, nowMs: number): IngressStream | undefined {
    if (!this.isSimulcast) return this.streams[0];
    const layers = this.streams.map((stream) => ({
      rid: stream.rid,
      isFlowing: stream.isFlowing(nowMs),
      bps: stream.bps,
    }));
    const rid = chooseRid(layers, choice, budgetBps);
    return this.streams.find((stream) => stream.rid === rid);
  }

  #settle(isFlowing: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const settle of waiting) settle(isFlowing);
  }
}
