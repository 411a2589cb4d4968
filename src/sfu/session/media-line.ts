import type { SimulcastChoice, Subscription } from '../media/session-media.ts';
import { RID } from './header-extensions.ts';
import type { PublishedTrack } from './published-track.ts';
import {
  directionOf,
  type LineFormat,
  type LocalLine,
  type Msid,
  type RemoteLine,
} from './session-description.ts';

/** What the peer publishes on an m-line; without a track until the exchange is done that brings it. */
export type LocalTrack = {
  readonly name: string;
  readonly isBidirectional: boolean;
  readonly track: PublishedTrack | undefined;
};

/** What is sent to the peer on an m-line. */
export type RemoteTrack = {
  readonly sessionId: string;
  readonly track: PublishedTrack;
  readonly simulcast: SimulcastChoice;
};

/** The two directions of an m-line, as this side sees them. */
type Directions = { readonly sends: boolean; readonly receives: boolean };

const NONE: Directions = { sends: false, receives: false };

/**
 * One m-line of a session: what the API has put on it, and what the last offer and answer said of it. Media flow where both
 * agree.
 */
export class MediaLine {
  readonly mid: string;
  readonly type: string;
  readonly protocol: string;
  /** As the peer or this side has listed them; only a rejected m-line repeats them. */
  readonly formats: string;
  format: LineFormat | undefined;
  rids: readonly string[] = [];
  /** Of what the peer announces on it. */
  ssrcs: readonly number[] = [];
  /** Whether the peer would take part in these, as it said last. */
  peer: Directions = { sends: true, receives: true };
  /** What the last finished exchange has come to. */
  negotiated: Directions = NONE;
  #local: LocalTrack | undefined = undefined;
  #remote: RemoteTrack | undefined = undefined;
  #forgetSource: () => void = () => {};
  #subscription: Subscription | undefined = undefined;
  #msid: Msid = { stream: '-', track: '-' };

  constructor(mid: string, type: string, protocol: string, formats: string, format: LineFormat | undefined) {
    this.mid = mid;
    this.type = type;
    this.protocol = protocol;
    this.formats = formats;
    this.format = format;
  }

  get isRejected(): boolean {
    return this.format === undefined;
  }

  get local(): LocalTrack | undefined {
    return this.#local;
  }

  get remote(): RemoteTrack | undefined {
    return this.#remote;
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** Whether the API knows of a track on it, live or not. */
  get isUsed(): boolean {
    return this.#local !== undefined || this.#remote !== undefined;
  }

  /** What this side would like: an m-line that goes both ways is sent on also while it has no source. */
  get wanted(): Directions {
    return {
      sends: this.#subscription !== undefined && (this.#remote !== undefined || this.#isBidirectional),
      receives: this.#local !== undefined && this.#local.track?.isClosed !== true,
    };
  }

  get #isBidirectional(): boolean {
    return this.#local?.isBidirectional === true;
  }

  /**
   * Whether another track can be sent on it without a new m-line: its peer has seen it inactive, so that it will be told of
   * a track again, and would receive. Without this an SDP grows with every track that was ever received.
   */
  get isReusable(): boolean {
    const { sends, receives } = this.negotiated;
    return !this.isRejected && !this.isUsed && !sends && !receives && this.peer.receives && !this.peer.sends;
  }

  publish(local: LocalTrack): void {
    this.#local = local;
  }

  /** Makes ready to send. The subscription stays with the m-line, and with it the SSRC. */
  sendBy(subscription: Subscription, msid: Msid): void {
    this.#subscription = subscription;
    this.#msid = msid;
  }

  /** What is to be sent; it is once it is negotiated. */
  source(remote: RemoteTrack): void {
    this.#forgetSource();
    this.#remote = remote;
    this.#forgetSource = remote.track.onClosed(() => this.#subscription?.setSource(undefined));
    this.#subscription?.setSimulcast(remote.simulcast);
  }

  /** Takes what the API has put on it away again; the m-line itself goes on, inactive. */
  clear(): void {
    this.#local?.track?.close();
    this.#local = undefined;
    this.#forgetSource();
    this.#remote = undefined;
    this.#subscription?.setSource(undefined);
  }

  /** Gives the m-line up for good: its place can be taken by another. */
  reject(): void {
    this.clear();
    this.#subscription?.close();
    this.#subscription = undefined;
    this.format = undefined;
    this.negotiated = NONE;
  }

  /** Takes over what a peer's offer says. */
  hear({ sends, receives, ssrcs, rids }: RemoteLine, format: LineFormat): void {
    this.peer = { sends, receives };
    this.ssrcs = ssrcs;
    // Layers are told from one another by this extension alone.
    this.rids = format.stream.extensions.has(RID) ? rids : [];
    this.#reformat(format);
  }

  /** Takes over what a peer answers. Where nothing was asked for, it has not said that it would not. */
  hearAnswer(answer: RemoteLine, format: LineFormat): void {
    const asked = this.wanted;
    const sends = asked.receives ? answer.sends : this.peer.sends;
    const receives = asked.sends ? answer.receives : this.peer.receives;
    this.hear({ ...answer, sends, receives }, format);
  }

  #reformat(format: LineFormat): void {
    this.format = format;
    this.#subscription?.setFormat(format.stream);
  }

  /** What both sides want: the direction of an answer. */
  get agreed(): Directions {
    const { sends, receives } = this.wanted;
    return { sends: sends && this.peer.receives, receives: receives && this.peer.sends };
  }

  /** An exchange is over: what it came to begins. */
  settle(): void {
    const began = this.agreed.sends && !this.negotiated.sends;
    this.negotiated = this.agreed;
    this.flow();
    // Only where it is new to the peer: every newcomer is an exchange of everybody, and must not cost all of them a key frame.
    if (began) this.#subscription?.refresh();
  }

  /** Sends the source where sending has been negotiated, and nothing otherwise. */
  flow(): void {
    const { track } = this.#remote ?? {};
    const isOpen = this.negotiated.sends && track?.isClosed === false;
    this.#subscription?.setSource(isOpen ? track.publication : undefined);
  }

  describe({ sends, receives }: Directions): LocalLine {
    const { mid, type, protocol, formats, format, rids } = this;
    const ssrc = this.#subscription?.ssrc;
    const direction = directionOf(sends, receives);
    const sending = ssrc === undefined ? undefined : { ssrc, msid: this.#msid };
    return { mid, type, protocol, formats, format, direction, rids, sending };
  }
}
