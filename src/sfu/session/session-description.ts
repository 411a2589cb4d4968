import type { StreamFormat } from '../media/session-media.ts';
import type {
  Candidate,
  Fingerprint,
  IceCredentials,
  LocalParameters,
} from '../transport/session-transport.ts';

/** As its author sees it: `sendonly` in a peer's description means that the peer sends. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export const directionOf = (sends: boolean, receives: boolean): Direction => {
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
};

/** A codec that a peer names: `a=rtpmap` with its `a=fmtp`. */
export type RemoteCodec = {
  readonly payloadType: number;
  readonly name: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly parameters: string;
};

/** An m-line as a peer describes it, as far as an SFU has to know. */
export type RemoteLine = {
  readonly mid: string;
  /** `audio`, `video`, or something that is refused. */
  readonly type: string;
  readonly protocol: string;
  /** The formats of the m-line as they stand there, for repeating them in a refusal. */
  readonly formats: string;
  readonly isRejected: boolean;
  readonly sends: boolean;
  readonly receives: boolean;
  readonly codecs: readonly RemoteCodec[];
  /** URI → id. */
  readonly extensions: ReadonlyMap<string, number>;
  /** Of the streams themselves, without those of retransmissions and error correction. */
  readonly ssrcs: readonly number[];
  /** Simulcast layers that the peer sends, in its order. */
  readonly rids: readonly string[];
};

export type Setup = 'actpass' | 'active' | 'passive';

export type RemoteTransport = {
  readonly ice: IceCredentials;
  readonly candidates: readonly Candidate[];
  readonly fingerprint: Fingerprint;
  readonly setup: Setup;
};

export type RemoteDescription = {
  readonly lines: readonly RemoteLine[];
  /** Mids that share the transport; the first of them describes it. */
  readonly bundle: readonly string[];
  /** Nothing when every m-line is rejected. */
  readonly transport: RemoteTransport | undefined;
};

/** How an m-line says things, with the codec's own parameters as in `a=fmtp` (empty without). */
export type LineFormat = { readonly stream: StreamFormat; readonly parameters: string };

export type Msid = { readonly stream: string; readonly track: string };

/** An m-line as this side describes it; without a format it is rejected. */
export type LocalLine = {
  readonly mid: string;
  readonly type: string;
  readonly protocol: string;
  /** Repeated in a rejected m-line, which must name formats too. */
  readonly formats: string;
  readonly format: LineFormat | undefined;
  readonly direction: Direction;
  /** Simulcast layers that are received. */
  readonly rids: readonly string[];
  /** What is sent on it, also while nothing is: a stream that comes later is known by its SSRC then. */
  readonly sending: { readonly ssrc: number; readonly msid: Msid } | undefined;
};

export type LocalDescription = {
  /** `sess-id` and `sess-version` of the o-line (RFC 8829, section 5.2.1). */
  readonly id: string;
  readonly version: number;
  readonly isLite: boolean;
  readonly bundle: readonly string[];
  readonly setup: Setup;
  readonly transport: LocalParameters;
  readonly lines: readonly LocalLine[];
  /** What the peer may send on each m-line with a picture. */
  readonly maxBitrateBps: number;
};
