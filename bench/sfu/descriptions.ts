import { parse } from 'sdp-transform';
import type { LocalParameters, RemoteParameters } from '../../src/sfu/transport/session-transport.ts';

export const AUDIO_MID = '0';
export const VIDEO_MID = '1';

/** What a peer sends on an m-line, or takes: numbers as Chromium has them. */
export const OPUS_TYPE = 111;
export const VP8_TYPE = 96;
export const AUDIO_LEVEL_ID = 1;
export const SEND_TIME_ID = 2;

const AUDIO_LEVEL = `a=extmap:${AUDIO_LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level`;
const SEND_TIME = `a=extmap:${SEND_TIME_ID} http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`;

/** A stream that the SFU sends, by its m-line. */
export type OfferedStream = { readonly mid: string; readonly ssrc: number; readonly payloadType: number };

const head = (version: number, mids: readonly string[]): string[] => [
  'v=0',
  `o=- 1 ${version} IN IP4 127.0.0.1`,
  's=-',
  't=0 0',
  `a=group:BUNDLE ${mids.join(' ')}`,
];

const connection = ({ ice, fingerprint, candidates }: LocalParameters): string[] => [
  'c=IN IP4 0.0.0.0',
  `a=ice-ufrag:${ice.ufrag}`,
  `a=ice-pwd:${ice.password}`,
  `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
  'a=setup:active',
  'a=rtcp-mux',
  ...candidates.map(
    ({ foundation, protocol, priority, address, port, type }) =>
      `a=candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ ${type}`,
  ),
];

/** The library makes numbers of what looks like one, whatever its types say. */
const toNumber = (value: number | string): number => Number(value);
const toText = (value: number | string): string => String(value);

const write = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`;

/** The offer by which a peer publishes a microphone and a camera. */
export const pushOffer = (local: LocalParameters, audioSsrc: number, videoSsrc: number): string =>
  write([
    ...head(1, [AUDIO_MID, VIDEO_MID]),
    `m=audio 9 UDP/TLS/RTP/SAVPF ${OPUS_TYPE}`,
    ...connection(local),
    `a=mid:${AUDIO_MID}`,
    'a=sendonly',
    `a=rtpmap:${OPUS_TYPE} opus/48000/2`,
    AUDIO_LEVEL,
    `a=ssrc:${audioSsrc} cname:bench`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${VP8_TYPE}`,
    ...connection(local),
    `a=mid:${VIDEO_MID}`,
    'a=sendonly',
    `a=rtpmap:${VP8_TYPE} VP8/90000`,
    `a=rtcp-fb:${VP8_TYPE} nack`,
    `a=rtcp-fb:${VP8_TYPE} nack pli`,
    `a=rtcp-fb:${VP8_TYPE} goog-remb`,
    SEND_TIME,
    `a=ssrc:${videoSsrc} cname:bench`,
  ]);

/** The answer that takes every m-line of an offer as it is, and the streams that come by it. */
export function takeOffer(
  offer: string,
  local: LocalParameters,
  version: number,
): { readonly answer: string; readonly streams: readonly OfferedStream[] } {
  const { media } = parse(offer);
  const streams: OfferedStream[] = [];
  const lines = media.flatMap(({ type, protocol, mid, rtp, ext = [], direction, ssrcs = [] }) => {
    const [codec] = rtp;
    if (codec === undefined) throw new Error('an m-line has no codec');
    const [ssrc] = ssrcs;
    const sends = direction === 'sendonly' || direction === 'sendrecv';
    if (sends && ssrc !== undefined)
      streams.push({ mid: `${mid}`, ssrc: toNumber(ssrc.id), payloadType: codec.payload });
    return [
      `m=${type} 9 ${protocol} ${codec.payload}`,
      ...connection(local),
      `a=mid:${mid}`,
      `a=${sends ? 'recvonly' : direction === 'recvonly' ? 'sendonly' : 'inactive'}`,
      `a=rtpmap:${codec.payload} ${codec.codec}/${codec.rate}${codec.encoding === undefined ? '' : `/${codec.encoding}`}`,
      ...ext.map(({ value, uri }) => `a=extmap:${value} ${uri}`),
    ];
  });
  const mids = media.map(({ mid }) => `${mid}`);
  return { answer: write([...head(version, mids), ...lines]), streams };
}

/** How the SFU is reached, as its answer says. */
export function remoteOf(answer: string): RemoteParameters {
  const session = parse(answer);
  const line = session.media.find(({ candidates }) => candidates !== undefined);
  const fingerprint = line?.fingerprint ?? session.fingerprint;
  if (line?.candidates === undefined || fingerprint === undefined)
    throw new Error('the answer has no way to it');
  // Whatever else the SFU's machine has, the load is on the same one.
  const candidates = line.candidates.filter(
    ({ ip, transport }) => ip === '127.0.0.1' && /^udp$/i.test(transport),
  );
  return {
    ice: { ufrag: `${line.iceUfrag}`, password: `${line.icePwd}` },
    fingerprint: { algorithm: fingerprint.type, value: fingerprint.hash },
    dtlsRole: 'client',
    candidates: candidates.map(({ foundation, priority, ip, port }) => ({
      foundation: toText(foundation),
      protocol: 'udp',
      priority: toNumber(priority),
      address: ip,
      port,
      type: 'host',
    })),
  };
}
