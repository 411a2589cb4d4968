import { parse } from 'sdp-transform';
import type { Description } from './calls-schema.ts';

/** What is wrong with a session description; the names are told to whoever sent it. */
export type SdpFault =
  'wrong_type' | 'not_sdp' | 'no_final_line_end' | 'no_media' | 'no_ice' | 'no_dtls' | 'unknown_mid';

/** The lines that are looked at, one by one. */
const RELEVANT = /^(?:[vosmt]=|a=(?:mid:|sendrecv|sendonly|recvonly|inactive))/;
/** Those of which one is enough: m-lines that are bundled share them. */
const ONCE = ['a=ice-ufrag:', 'a=fingerprint:'];

/**
 * The fault of an offer or answer that is about to be passed on, if it has one that is worth a round trip. It is read,
 * never rewritten: an SDP goes on byte for byte. The last line must end, or the SFU finds "missing termination".
 *
 * @param mids - m-lines that it must have
 */
export function sdpFault(
  { type, sdp }: Description,
  expected: Description['type'],
  mids: readonly string[] = [],
): SdpFault | undefined {
  if (type !== expected) return 'wrong_type';
  if (!sdp.startsWith('v=0')) return 'not_sdp';
  if (!sdp.endsWith('\n')) return 'no_final_line_end';
  const session = read(sdp);
  if (session === undefined) return 'not_sdp';
  const { media } = session;
  if (media.length === 0) return 'no_media';
  if (media.every((line) => line.iceUfrag === undefined)) return 'no_ice';
  if (media.every((line) => line.fingerprint === undefined)) return 'no_dtls';
  const known = new Set(linesOf(session).flatMap(({ mid }) => (mid === undefined ? [] : String(mid))));
  return mids.some((mid) => !mid.startsWith('#') && !known.has(mid)) ? 'unknown_mid' : undefined;
}

/** As the SFU's API takes it; what begins with `#` would name a track there. */
const MID = /^[\w-]{1,64}$/;

/** The m-line of the first audio that goes both ways, if there is one. */
export function sendRecvAudioMid(sdp: string): string | undefined {
  const session = read(sdp);
  const usual = session?.direction ?? 'sendrecv';
  const both = linesOf(session).filter(
    ({ type, direction = usual }) => type === 'audio' && direction === 'sendrecv',
  );
  return both.map(({ mid = '' }) => String(mid)).find((mid) => MID.test(mid));
}

/** An m-line; the library makes numbers of what looks like one, whatever its types say. */
type MediaLine = {
  readonly type: string;
  readonly direction?: string;
  readonly mid?: string | number;
};

const linesOf = (session: ReturnType<typeof read>): readonly MediaLine[] => session?.media ?? [];

/** Reads what matters: the library tries some sixty patterns on each line, and most lines are codecs. */
function read(sdp: string): ReturnType<typeof parse> | undefined {
  const lines = sdp.split('\n');
  const once = ONCE.flatMap((start) => lines.find((line) => line.startsWith(start)) ?? []);
  const relevant = lines.filter((line) => RELEVANT.test(line));
  try {
    return parse(`${[...relevant, ...once].join('\n')}\n`);
  } catch {
    return undefined;
  }
}
