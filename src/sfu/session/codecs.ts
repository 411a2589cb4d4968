import type { CodecName, MediaKind } from '../media/session-media.ts';
import type { RemoteCodec } from './session-description.ts';

/** A codec that is forwarded, and what its m-lines say of it. */
export type Codec = {
  readonly name: CodecName;
  readonly kind: MediaKind;
  readonly clockRate: number;
  readonly channels: number;
  /** What `a=fmtp` says where this side is the first to name the codec. */
  readonly parameters: string;
  /** Which number it gets then, if it is free: the one that browsers give it, for whoever reads a log. */
  readonly usualPayloadType: number;
  readonly feedback: readonly string[];
};

/** No `transport-cc`: arrival times taken in an event loop are too uneven for it, and starve publishers. */
const VIDEO_FEEDBACK = ['goog-remb', 'ccm fir', 'nack', 'nack pli'];

/**
 * In the order of preference. One codec an m-line, and no RTX, RED or FEC: retransmissions come on the stream's own SSRC then,
 * and a payload type is mapped by one number. VP8 first because every browser has it.
 */
export const CODECS: readonly Codec[] = [
  {
    name: 'opus',
    kind: 'audio',
    clockRate: 48_000,
    channels: 2,
    parameters: 'minptime=10;useinbandfec=1',
    usualPayloadType: 111,
    feedback: [],
  },
  {
    name: 'VP8',
    kind: 'video',
    clockRate: 90_000,
    channels: 1,
    parameters: '',
    usualPayloadType: 96,
    feedback: VIDEO_FEEDBACK,
  },
  {
    name: 'H264',
    kind: 'video',
    clockRate: 90_000,
    channels: 1,
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    usualPayloadType: 102,
    feedback: VIDEO_FEEDBACK,
  },
];

export function codecNamed(name: CodecName): Codec {
  const codec = CODECS.find((codec) => codec.name === name);
  if (codec === undefined) throw new Error(`no codec ${name}`);
  return codec;
}

/** What a subscriber who knows nothing of the publisher's choice can decode: baseline, in fragmentation units. */
const isForwardedH264 = (parameters: string): boolean =>
  /(?:^|;)\s*packetization-mode=1(?:;|$)/.test(parameters) &&
  /(?:^|;)\s*profile-level-id=42/i.test(parameters);

/** Whether what a peer names is this codec. */
export function isSame(codec: Codec, remote: RemoteCodec): boolean {
  if (remote.name.toLowerCase() !== codec.name.toLowerCase()) return false;
  if (remote.clockRate !== codec.clockRate || remote.channels !== codec.channels) return false;
  return codec.name !== 'H264' || isForwardedH264(remote.parameters);
}
