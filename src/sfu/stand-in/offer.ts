import { isIPv4 } from 'node:net';
import { parse } from 'sdp-transform';

/** More than a machine has addresses; each one is a pair that ICE checks. */
const MAX_CANDIDATES = 16;
const MAX_LINES = 1_000;
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

/** As RFC 8839, section 5.4, and RFC 8122, section 5, have them; a mid is a token of RFC 4566. */
const UFRAG = /^[\w+/=-]{4,256}$/;
const PASSWORD = /^[\w+/=-]{22,256}$/;
const HASH = /^(?:[\dA-F]{2}:){19,63}[\dA-F]{2}$/i;
const MID = /^[\w-]{1,64}$/;
const SETUP = /^(?:actpass|active|passive)$/;

export type OfferFault =
  'not_sdp' | 'no_audio' | 'no_opus' | 'no_ice' | 'no_dtls' | 'too_much_media' | 'not_bundled';

type Session = ReturnType<typeof parse>;
type Line = Session['media'][number];

/** An offer that can be answered, or what is wrong with it. */
export type ReadOffer = { readonly sdp: string } | { readonly fault: OfferFault };

/**
 * Reads an offer of one m-line of audio with Opus, and perhaps a data channel, and writes it anew from what was understood. What
 * answers it is a library made for browsers' offers: it looks names up, and takes two differing lines for two connections of
 * which it loses one.
 */
export function readCallOffer(sdp: string): ReadOffer {
  if (!sdp.startsWith('v=0') || !sdp.endsWith('\n') || sdp.split('\n').length > MAX_LINES)
    return { fault: 'not_sdp' };
  let session: Session;
  try {
    session = parse(sdp);
  } catch {
    return { fault: 'not_sdp' };
  }
  const media: readonly Line[] = session.media;
  const [audio, ...more] = media.filter(({ type, port }) => type === 'audio' && port !== 0);
  if (audio === undefined) return { fault: 'no_audio' };
  const dataChannels = media.filter(({ type }) => type === 'application');
  if (more.length > 0 || dataChannels.length > 1 || media.length > 1 + dataChannels.length)
    return { fault: 'too_much_media' };
  const connection = connectionOf(session, audio);
  if ('fault' in connection) return connection;
  const description = descriptionOf(audio);
  if (description === undefined) return { fault: 'no_opus' };
  const mids = media.map(midOf);
  if (!areBundled(session, mids)) return { fault: 'not_bundled' };
  const lines = media.flatMap((line, index) => [
    ...(line === audio ? description : DATA_CHANNEL),
    'c=IN IP4 0.0.0.0',
    `a=mid:${mids[index]}`,
    ...connection.lines,
  ]);
  const head = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`];
  const lite = session.icelite === undefined ? [] : ['a=ice-lite'];
  return { sdp: [...head, ...lite, ...lines, ''].join('\r\n') };
}

const DATA_CHANNEL: readonly string[] = [
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=sctp-port:5000',
];

/** The audio's own lines. */
function descriptionOf({ rtp, ext, direction }: Line): readonly string[] | undefined {
  const opus = rtp.find(({ codec, rate }) => /^opus$/i.test(codec) && rate === 48_000);
  if (opus === undefined || !(opus.payload >= 0 && opus.payload <= 127)) return undefined;
  // Ids of one-byte extensions (RFC 8285, section 4.2).
  const level = ext?.find(({ uri, value }) => uri === AUDIO_LEVEL && value >= 1 && value <= 14);
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${opus.payload}`,
    `a=rtpmap:${opus.payload} opus/48000/2`,
    `a=${direction ?? 'sendrecv'}`,
    'a=rtcp-mux',
    ...(level === undefined ? [] : [`a=extmap:${level.value} ${AUDIO_LEVEL}`]),
  ];
}

/** The lines that say how the peer is reached; all m-lines share them. */
function connectionOf(
  session: Session,
  audio: Line,
): { readonly lines: readonly string[] } | { readonly fault: OfferFault } {
  const ufrag = audio.iceUfrag ?? session.iceUfrag ?? '';
  const password = audio.icePwd ?? session.icePwd ?? '';
  if (!UFRAG.test(ufrag) || !PASSWORD.test(password)) return { fault: 'no_ice' };
  const { type = '', hash = '' } = audio.fingerprint ?? session.fingerprint ?? {};
  const setup = audio.setup ?? session.setup ?? 'actpass';
  if (!/^sha-\d{1,3}$/.test(type) || !HASH.test(hash) || !SETUP.test(setup)) return { fault: 'no_dtls' };
  const candidates = (audio.candidates ?? [])
    .filter(
      ({ component, transport, ip, port }) =>
        component === 1 && /^udp$/i.test(transport) && isIPv4(ip) && port > 0 && port < 65_536,
    )
    .slice(0, MAX_CANDIDATES)
    .map(
      ({ ip, port }, index) =>
        `a=candidate:${index + 1} 1 udp ${2_130_706_431 - index} ${ip} ${port} typ host`,
    );
  const lines = [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:${type} ${hash}`,
    `a=setup:${setup}`,
    ...candidates,
  ];
  return { lines };
}

/** The library makes numbers of what looks like one, whatever its types say. */
type Group = { readonly mids: string | number };

const midOf = ({ mid = '' }: { readonly mid?: string | number }): string => String(mid);

function areBundled({ groups = [] }: Session, mids: readonly string[]): boolean {
  if (!mids.every((mid) => MID.test(mid)) || new Set(mids).size !== mids.length) return false;
  if (mids.length === 1) return true;
  const bundle: Group | undefined = groups.find(({ type }) => type === 'BUNDLE');
  const bundled = new Set(String(bundle?.mids ?? '').split(' '));
  return mids.every((mid) => bundled.has(mid));
}
