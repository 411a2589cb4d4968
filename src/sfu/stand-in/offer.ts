import { isIPv4 } from 'node:net';
import { parse } from 'sdp-transform';

/** More than a machine has addresses; each one is a pair that ICE checks. */
const MAX_CANDIDATES = 16;
const MAX_LINES = 1_000;
/** What werift needs of a description, line by line: types, ICE, DTLS, and what makes up an m-line. */
const CANDIDATE = /^a=candidate:\S+ 1 udp \d+ (\S+) \d+ typ \w+/i;

export type OfferFault = 'not_sdp' | 'no_audio' | 'no_opus' | 'no_ice' | 'no_dtls' | 'too_much_media';

/** What is wrong with an offer for a call: one m-line of audio with Opus, and a data channel beside it if it must be. */
export function offerFault(sdp: string): OfferFault | undefined {
  if (!sdp.startsWith('v=0') || !sdp.endsWith('\n') || sdp.split('\n').length > MAX_LINES) return 'not_sdp';
  let media;
  try {
    ({ media } = parse(sdp));
  } catch {
    return 'not_sdp';
  }
  const audio = media.filter(({ type, port }) => type === 'audio' && port !== 0);
  const [line] = audio;
  if (line === undefined) return 'no_audio';
  const dataChannels = media.filter(({ type }) => type === 'application');
  if (audio.length > 1 || dataChannels.length > 1 || media.length > audio.length + dataChannels.length)
    return 'too_much_media';
  if (!line.rtp.some(({ codec, rate }) => codec.toLowerCase() === 'opus' && rate === 48_000))
    return 'no_opus';
  const session = parse(sdp);
  if ((line.iceUfrag ?? session.iceUfrag) === undefined || (line.icePwd ?? session.icePwd) === undefined)
    return 'no_ice';
  return (line.fingerprint ?? session.fingerprint) === undefined ? 'no_dtls' : undefined;
}

/**
 * The offer with no candidates but IPv4 addresses over UDP, and not too many: a name would be looked up, and everything else
 * cannot be reached from loopback.
 */
export function withReachableCandidates(sdp: string): string {
  let count = 0;
  return sdp
    .split('\n')
    .filter((line) => {
      if (!line.startsWith('a=candidate:')) return true;
      const [, address = ''] = CANDIDATE.exec(line) ?? [];
      if (!isIPv4(address)) return false;
      count += 1;
      return count <= MAX_CANDIDATES;
    })
    .join('\n');
}
