import type { MediaKind } from '../media/session-media.ts';

/** RTP header extensions that are understood or carried, by their URIs. */
export const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
export const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
export const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';
export const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';
export const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
export const VIDEO_ORIENTATION = 'urn:3gpp:video-orientation';

/** One-byte headers have ids up to 14 (RFC 8285, section 4.2); the longer form is not written. */
export const MAX_EXTENSION_ID = 14;

/** What is sent: RIDs are not, because a subscriber has one layer at a time. */
const SENT: Readonly<Record<MediaKind, readonly string[]>> = {
  audio: [MID, ABS_SEND_TIME, AUDIO_LEVEL],
  video: [MID, ABS_SEND_TIME, VIDEO_ORIENTATION],
};

export const sentExtensions = (kind: MediaKind): readonly string[] => SENT[kind];

/** Whether it is sent with any kind of media. */
export const isSent = (uri: string): boolean => SENT.audio.includes(uri) || SENT.video.includes(uri);

/** What is taken from an offer, by the kind and by whether it has simulcast. */
export const receivedExtensions = (kind: MediaKind, isSimulcast: boolean): readonly string[] =>
  isSimulcast ? [...SENT[kind], RID, REPAIRED_RID] : SENT[kind];
