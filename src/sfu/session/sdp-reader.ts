import { isIP } from 'node:net';
import { parse } from 'sdp-transform';
import { ApiError } from '../api/api-errors.ts';
import type { Candidate } from '../transport/session-transport.ts';
import { MAX_EXTENSION_ID } from './header-extensions.ts';
import type {
  RemoteCodec,
  RemoteDescription,
  RemoteLine,
  RemoteTransport,
  Setup,
} from './session-description.ts';

type Parsed = ReturnType<typeof parse>;
type Media = Parsed['media'][number];

/** M-lines of a session: a browser with a hundred others before it has two for each. */
export const MAX_LINES = 512;
/** What one m-line may list of anything; browsers stay below 80. */
const MAX_ITEMS = 128;
const MAX_RIDS = 8;
const MAX_CANDIDATES = 32;

/** A token of RFC 8866, but for what could mean something to the API (`#`) or to a reader of logs. */
const MID = /^[\w.+-]{1,64}$/;
const RID_NAME = /^[\w-]{1,32}$/;
/** Ice-chars (RFC 8839, section 5.4), with the lengths that are asked for. */
const UFRAG = /^[\w+/=-]{4,256}$/;
const PASSWORD = /^[\w+/=-]{22,256}$/;
const FINGERPRINT = /^[0-9A-F]{2}(?::[0-9A-F]{2}){15,63}$/;
const URI = /^[\x21-\x7e]{1,256}$/;

/** The attributes that are looked at: the library tries some forty patterns on each line, and most lines of an offer are others. */
const RELEVANT =
  /^(?:[vostmc]=|a=(?:mid|group|sendrecv|sendonly|recvonly|inactive|rtpmap|fmtp|extmap|ssrc|ssrc-group|rid|simulcast|ice-ufrag|ice-pwd|fingerprint|setup|candidate|bundle-only|rtcp-mux)(?::|$))/;

const unusable = (description: string): ApiError =>
  new ApiError('invalid_session_description', { description });

/** Reads a peer's description. Throws `invalid_session_description`, in words, when nothing can be made of it. */
export function readDescription(sdp: string): RemoteDescription {
  if (!sdp.startsWith('v=0')) throw unusable('It does not begin with v=0');
  if (!sdp.endsWith('\n')) throw unusable('Unable to parse SDP: missing termination at the end');
  const session = parse(
    sdp
      .split(/\r?\n/)
      .filter((line) => RELEVANT.test(line))
      .map((line) => `${line}\n`)
      .join(''),
  );
  const { media } = session;
  if (media.length === 0) throw unusable('It has no m-line');
  if (media.length > MAX_LINES) throw unusable('It has too many m-lines');
  const lines = media.map((line) => readLine(line, session));
  if (new Set(lines.map(({ mid }) => mid)).size < lines.length) throw unusable('Two m-lines have one mid');
  const bundle = readBundle(session, lines);
  const [tagged] = bundle;
  const transported = lines.findIndex(({ mid }) => mid === tagged);
  return { lines, bundle, transport: readTransport(session, media[transported]) };
}

/** The m-lines that share the first transport. Without a group there is one, or what would need ports of their own. */
function readBundle({ groups = [] }: Parsed, lines: readonly RemoteLine[]): readonly string[] {
  const open = lines.filter(({ isRejected }) => !isRejected).map(({ mid }) => mid);
  const group = groups.find(({ type }) => type === 'BUNDLE');
  if (group === undefined) return open.slice(0, 1);
  const members = String(group.mids).split(' ');
  return [...new Set(members)].filter((mid) => open.includes(mid));
}

function readLine(media: Media, session: Parsed): RemoteLine {
  const mid = String(media.mid ?? '');
  if (!MID.test(mid)) throw unusable('An m-line has no mid, or one that cannot be used');
  const direction = media.direction ?? session.direction ?? 'sendrecv';
  const isBundleOnly = media.bundleOnly !== undefined;
  return {
    mid,
    type: String(media.type),
    protocol: String(media.protocol),
    formats: String(media.payloads ?? ''),
    isRejected: media.port === 0 && !isBundleOnly,
    sends: direction === 'sendrecv' || direction === 'sendonly',
    receives: direction === 'sendrecv' || direction === 'recvonly',
    codecs: readCodecs(media),
    extensions: readExtensions(media, session),
    ssrcs: readSsrcs(media),
    rids: readRids(media),
  };
}

function readCodecs({ rtp, fmtp }: Media): readonly RemoteCodec[] {
  const parameters = new Map(fmtp.map(({ payload, config }) => [payload, String(config)]));
  return rtp.slice(0, MAX_ITEMS).flatMap(({ payload, codec, rate, encoding }) => {
    if (!Number.isInteger(payload) || payload > 127) return [];
    return {
      payloadType: payload,
      name: String(codec),
      clockRate: Number(rate ?? 0),
      channels: Number(encoding ?? 1),
      parameters: (parameters.get(payload) ?? '').slice(0, 256),
    };
  });
}

/** Those that may be used in both directions: a direction of their own (RFC 8285, section 7) is none of what is carried. */
function readExtensions({ ext = [] }: Media, session: Parsed): ReadonlyMap<string, number> {
  const extensions = new Map<string, number>();
  for (const { value, uri, direction } of [...(session.ext ?? []), ...ext].slice(0, MAX_ITEMS)) {
    const isUsable = value >= 1 && value <= MAX_EXTENSION_ID && URI.test(String(uri));
    if (isUsable && (direction === undefined || direction === 'sendrecv')) extensions.set(String(uri), value);
  }
  return extensions;
}

/** Each stream's own SSRC; the others of a group of two repair it (RFC 5576, section 4.2). */
function readSsrcs({ ssrcs = [], ssrcGroups = [] }: Media): readonly number[] {
  const repairing = new Set(
    ssrcGroups
      .filter(({ semantics }) => semantics === 'FID' || semantics === 'FEC-FR')
      .flatMap(({ ssrcs }) => String(ssrcs).split(' ').slice(1).map(Number)),
  );
  const known = new Set(ssrcs.slice(0, 4 * MAX_ITEMS).map(({ id }) => Number(id)));
  return [...known].filter((id) => Number.isInteger(id) && id <= 0xffffffff && !repairing.has(id));
}

/** The layers of `a=simulcast` (RFC 8853) that the peer sends; of alternatives the first. */
function readRids({ rids = [], simulcast }: Media): readonly string[] {
  if (simulcast === undefined) return [];
  const { dir1, list1, dir2, list2 } = simulcast;
  const list = dir1 === 'send' ? list1 : dir2 === 'send' ? list2 : undefined;
  if (list === undefined) return [];
  const sent = new Set(rids.filter(({ direction }) => direction === 'send').map(({ id }) => String(id)));
  const layers = String(list)
    .split(';')
    .map((alternatives) => (alternatives.split(',')[0] ?? '').replace(/^~/, ''));
  return [...new Set(layers)].filter((rid) => sent.has(rid) && RID_NAME.test(rid)).slice(0, MAX_RIDS);
}

/** How to reach the peer, as the m-line says that describes the transport, or the session for all of them. */
function readTransport(session: Parsed, media: Media | undefined): RemoteTransport | undefined {
  if (media === undefined) return undefined;
  const ufrag = String(media.iceUfrag ?? session.iceUfrag ?? '');
  const password = String(media.icePwd ?? session.icePwd ?? '');
  if (!UFRAG.test(ufrag) || !PASSWORD.test(password)) throw unusable('It has no ICE credentials');
  const { type = '', hash = '' } = media.fingerprint ?? session.fingerprint ?? {};
  const fingerprint = { algorithm: String(type).toLowerCase(), value: String(hash).toUpperCase() };
  if (!FINGERPRINT.test(fingerprint.value)) throw unusable('It has no fingerprint of a certificate');
  if (media.rtcpMux === undefined) throw unusable('RTCP must be multiplexed (a=rtcp-mux)');
  const candidates = (media.candidates ?? []).slice(0, MAX_CANDIDATES).flatMap(readCandidate);
  const setup = readSetup(String(media.setup ?? session.setup ?? ''));
  return { ice: { ufrag, password }, candidates, fingerprint, setup };
}

function readSetup(setup: string): Setup {
  if (setup === 'active' || setup === 'passive' || setup === 'actpass') return setup;
  throw unusable('It does not say which side begins with DTLS (a=setup)');
}

/** Names are left out: those of mDNS (RFC 8828) are for the network that the peer is in, and nobody needs them. */
function readCandidate(candidate: NonNullable<Media['candidates']>[number]): readonly Candidate[] {
  const { foundation, component, transport, priority, ip, port, type, tcptype } = candidate;
  const protocol = String(transport).toLowerCase();
  const kinds = ['host', 'srflx', 'prflx', 'relay'] as const;
  const kind = kinds.find((kind) => kind === String(type));
  const tcpType = (['active', 'passive', 'so'] as const).find((it) => it === tcptype);
  if (Number(component) !== 1 || isIP(String(ip)) === 0 || kind === undefined) return [];
  if (protocol !== 'udp' && protocol !== 'tcp') return [];
  if (!Number.isInteger(port) || port > 65_535 || !Number.isInteger(priority)) return [];
  return [
    {
      foundation: String(foundation).slice(0, 32),
      protocol,
      priority: Number(priority),
      address: String(ip),
      port,
      type: kind,
      ...(tcpType !== undefined && { tcpType }),
    },
  ];
}
