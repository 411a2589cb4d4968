import type { Candidate } from '../transport/session-transport.ts';
import { codecNamed } from './codecs.ts';
import type { LineFormat, LocalDescription, LocalLine } from './session-description.ts';

/** RFC 8839, section 4.3: without trickling an address may be anything, and 9 is the port of nothing. */
const NOWHERE = 'c=IN IP4 0.0.0.0';
const DISCARD_PORT = 9;

/** One stream's name for all its reports; it says nothing of the person (RFC 7022). */
const CNAME = 'satsuma';

/**
 * A description of this side (RFC 8829, section 5), with its last line ended. Written by hand and not by a library: the order
 * of the lines is fixed, and nothing is in it that was not put there.
 */
export function writeDescription(description: LocalDescription): string {
  const { id, version, isLite, bundle, lines } = description;
  const [tagged] = bundle;
  const written = [
    'v=0',
    `o=- ${id} ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    ...(isLite ? ['a=ice-lite'] : []),
    // Without any m-line there is no group, and Chromium under max-bundle refuses its own next offer: clients keep a track.
    ...(bundle.length > 0 ? [`a=group:BUNDLE ${bundle.join(' ')}`] : []),
    'a=msid-semantic: WMS *',
    ...lines.flatMap((line) =>
      line.format === undefined ? rejected(line) : media(line, line.format, description, line.mid === tagged),
    ),
  ];
  return `${written.join('\r\n')}\r\n`;
}

/** It names formats although it has none: the grammar asks for one. */
const rejected = ({ mid, type, protocol, formats }: LocalLine): string[] => [
  `m=${type} 0 ${protocol} ${formats === '' ? '0' : formats}`,
  NOWHERE,
  `a=mid:${mid}`,
  'a=inactive',
];

function media(
  line: LocalLine,
  format: LineFormat,
  description: LocalDescription,
  isTagged: boolean,
): string[] {
  const { transport, setup, maxBitrateBps } = description;
  const { ice, fingerprint, candidates } = transport;
  const { kind, payloadType, extensions } = format.stream;
  const receives = line.direction === 'recvonly' || line.direction === 'sendrecv';
  return [
    `m=${line.type} ${DISCARD_PORT} ${line.protocol} ${payloadType}`,
    NOWHERE,
    ...(kind === 'video' && receives ? bandwidth(maxBitrateBps) : []),
    'a=rtcp:9 IN IP4 0.0.0.0',
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${setup}`,
    `a=mid:${line.mid}`,
    ...[...extensions].map(([uri, id]) => `a=extmap:${id} ${uri}`),
    `a=${line.direction}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codec(format),
    ...(line.rids.length > 0 && receives ? simulcast(line.rids) : []),
    ...stream(line),
    // Bundled m-lines go the way of the first (RFC 8843, section 10.1): there the candidates are, and all of them:
    // partytracks never trickles, and who is lite needs none of the browser's, so that hidden (mDNS) addresses do not matter.
    ...(isTagged ? [...candidates.map(candidateLine), 'a=end-of-candidates'] : []),
  ];
}

/** Chromium heeds `AS` in kilobits, Firefox `TIAS` in bits. */
const bandwidth = (bps: number): string[] => [`b=AS:${Math.floor(bps / 1_000)}`, `b=TIAS:${bps}`];

function codec({ stream: { codec: name, payloadType }, parameters }: LineFormat): string[] {
  const { clockRate, channels, feedback } = codecNamed(name);
  return [
    `a=rtpmap:${payloadType} ${name}/${clockRate}${channels > 1 ? `/${channels}` : ''}`,
    ...feedback.map((kind) => `a=rtcp-fb:${payloadType} ${kind}`),
    ...(parameters === '' ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
  ];
}

const simulcast = (rids: readonly string[]): string[] => [
  ...rids.map((rid) => `a=rid:${rid} recv`),
  `a=simulcast:recv ${rids.join(';')}`,
];

function stream({ direction, sending }: LocalLine): string[] {
  const sends = direction === 'sendonly' || direction === 'sendrecv';
  if (sending === undefined || !sends) return [];
  const { ssrc, msid } = sending;
  return [`a=msid:${msid.stream} ${msid.track}`, `a=ssrc:${ssrc} cname:${CNAME}`];
}

function candidateLine(candidate: Candidate): string {
  const { foundation, protocol, priority, address, port, type, tcpType } = candidate;
  const base = `a=candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ ${type}`;
  return tcpType === undefined ? base : `${base} tcptype ${tcpType}`;
}
