import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An offer as a browser has made it, of the folder beside this. */
export const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'descriptions', `${name}.sdp`), 'utf8');

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** An m-line of a made-up offer; `stopped` as a browser writes it after `transceiver.stop()`. */
export type OfferLine = {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly direction: Direction | 'stopped';
  /** `a=rtpmap` of each payload type, in place of the usual ones. */
  readonly codecs?: Readonly<Record<number, string>>;
  readonly fmtp?: Readonly<Record<number, string>>;
  readonly extensions?: Readonly<Record<number, string>>;
};

const CODECS = { audio: { 111: 'opus/48000/2' }, video: { 96: 'VP8/90000' } } as const;
const CERTIFICATE = Array.from({ length: 32 }, () => 'CD').join(':');

function offerLine({
  mid,
  kind,
  direction,
  codecs = CODECS[kind],
  fmtp = {},
  extensions = {},
}: OfferLine): string[] {
  const isStopped = direction === 'stopped';
  return [
    `m=${kind} ${isStopped ? 0 : 9} UDP/TLS/RTP/SAVPF ${Object.keys(codecs).join(' ')}`,
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:peer',
    'a=ice-pwd:peerpasswordpeerpasswords',
    `a=fingerprint:sha-256 ${CERTIFICATE}`,
    'a=setup:actpass',
    `a=mid:${mid}`,
    ...Object.entries(extensions).map(([id, uri]) => `a=extmap:${id} ${uri}`),
    `a=${isStopped ? 'inactive' : direction}`,
    'a=rtcp-mux',
    ...Object.entries(codecs).map(([type, codec]) => `a=rtpmap:${type} ${codec}`),
    ...Object.entries(fmtp).map(([type, parameters]) => `a=fmtp:${type} ${parameters}`),
  ];
}

/** A browser's offer, reduced to what matters. */
export function offer(...lines: readonly OfferLine[]): string {
  const mids = lines.filter(({ direction }) => direction !== 'stopped').map(({ mid }) => mid);
  const bundle = mids.length === 0 ? [] : [`a=group:BUNDLE ${mids.join(' ')}`];
  const head = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', ...bundle];
  return `${[...head, ...lines.flatMap(offerLine)].join('\r\n')}\r\n`;
}

export const audio = (mid: string, direction: OfferLine['direction'] = 'sendonly'): OfferLine => ({
  mid,
  kind: 'audio',
  direction,
});

export const video = (mid: string, direction: OfferLine['direction'] = 'sendonly'): OfferLine => ({
  mid,
  kind: 'video',
  direction,
});

const ANSWERED: Readonly<Record<string, Direction>> = { sendonly: 'recvonly', recvonly: 'sendonly' };

/** What a browser answers to an offer when it takes all of it. @param setup - which side of DTLS it takes */
export function answerTo(sdp: string, setup = 'active'): string {
  return sdp
    .replaceAll(/a=(?:ice-lite|candidate|end-of-candidates|ssrc|msid:|rtcp:)[^\r]*\r\n/g, '')
    .replaceAll(/a=(sendonly|recvonly)\r\n/g, (_, direction: string) => `a=${ANSWERED[direction]}\r\n`)
    .replaceAll(/a=ice-ufrag:[^\r]*/g, 'a=ice-ufrag:peer')
    .replaceAll(/a=ice-pwd:[^\r]*/g, 'a=ice-pwd:peerpasswordpeerpasswords')
    .replaceAll('a=setup:actpass', `a=setup:${setup}`);
}

/** The m-lines of a description, each as the lines of it that a test looks at. */
export function linesOf(sdp: string, pattern: RegExp): string[][] {
  return sdp
    .split(/\r\n(?=m=)/)
    .slice(1)
    .map((media) => media.split('\r\n').filter((line) => pattern.test(line)));
}

/** What each m-line says of mid and direction; rejected ones have a 0 in front. */
export const directions = (sdp: string): string[] =>
  linesOf(sdp, /^(?:m=|a=mid:|a=(?:sendrecv|sendonly|recvonly|inactive)$)/).map(([m = '', ...rest]) => {
    const mid = rest.find((line) => line.startsWith('a=mid:'))?.slice(6);
    const direction = rest.find((line) => !line.startsWith('a=mid:'))?.slice(2);
    return `${m.split(' ')[1] === '0' ? '0 ' : ''}${mid} ${direction}`;
  });

export const bundleOf = (sdp: string): string | undefined => /a=group:BUNDLE ([^\r]*)/.exec(sdp)?.[1];
