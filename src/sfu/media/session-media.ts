import type { MediaTransport } from '../transport/session-transport.ts';

export type MediaKind = 'audio' | 'video';

/** A codec that is forwarded; `name` as in `a=rtpmap`. */
export type CodecName = 'opus' | 'VP8' | 'H264';

/** How one m-line of one session says things: numbers are this session's own, and differ from peer to peer. */
export type StreamFormat = {
  readonly kind: MediaKind;
  readonly codec: CodecName;
  readonly payloadType: number;
  /** Hertz: 48,000 for Opus, 90,000 for video. */
  readonly clockRate: number;
  /** Header extensions: URI → id (1–14), RFC 8285. */
  readonly extensions: ReadonlyMap<string, number>;
};

/** An m-line of a session on which the peer sends. */
export type PublicationParameters = {
  readonly mid: string;
  readonly format: StreamFormat;
  /** As announced by `a=ssrc`; empty when the streams are to be learnt by their MID and RID extensions. */
  readonly ssrcs: readonly number[];
  /** Simulcast layers as in `a=simulcast`, best first as the peer ordered them; empty without simulcast. */
  readonly rids: readonly string[];
};

/** Which layer a subscriber wants, and what it takes when that is not there. In the words of Cloudflare's API. */
export type SimulcastChoice = {
  readonly preferredRid?: string;
  readonly priorityOrdering: 'none' | 'asciibetical';
  readonly ridNotAvailable: 'none' | 'asciibetical';
};

/** A track that somebody publishes, as subscribers see it. */
export interface Publication {
  readonly format: StreamFormat;
  readonly isClosed: boolean;
  /** When its last packet came; `undefined` before the first. */
  readonly lastPacketAtMs: number | undefined;
  /** Resolves with `true` at its first packet, or with `false` when it closes or `timeoutMs` are over before. */
  whenFlowing(timeoutMs: number): Promise<boolean>;
  close(): void;
}

/** A track that is sent to the session's peer. */
export interface Subscription {
  /** Said in `a=ssrc` of the m-line; the same as long as the m-line lives, whatever its source. */
  readonly ssrc: number;
  /**
   * Takes another source, or none: numbers and times go on where they are, and a picture begins with a key frame. The same
   * source changes nothing.
   */
  setSource(source: Publication | undefined): void;
  setFormat(format: StreamFormat): void;
  setSimulcast(choice: SimulcastChoice): void;
  /** Asks the source for a key frame, as is due after each new description. */
  refresh(): void;
  close(): void;
}

/**
 * The media of one session: what its peer sends, and what is sent to it. Knows RTP and RTCP, and nothing of SDP, HTTP, ICE or
 * keys. Errors in packets are the network's: they are counted and dropped.
 */
export interface SessionMedia {
  publish(parameters: PublicationParameters): Publication;
  subscribe(mid: string, format: StreamFormat): Subscription;
  receiveRtp(packet: Buffer, receivedAtMs: number): void;
  receiveRtcp(compound: Buffer, receivedAtMs: number): void;
  /** The transport has keys (again): sources are asked for key frames. */
  connected(): void;
  /** Sends what is due: reports, NACKs, REMB. Called some 20 times a second for all sessions by one timer. */
  tick(nowMs: number): void;
  close(): void;
}

/** What all sessions share. */
export interface MediaEngine {
  open(transport: MediaTransport): SessionMedia;
  readonly totals: MediaTotals;
}

/** Counters since the start. */
export type MediaTotals = {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly retransmitted: number;
  readonly keyFrameRequests: number;
  readonly dropped: number;
};
