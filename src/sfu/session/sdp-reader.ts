import { MAX_EXTENSION_ID } from './header-extensions.ts';
import { parseSdp, unusable, valueOf, valuesOf, type SdpSection } from './sdp-parse.ts';
import { readTransport } from './sdp-transport-reader.ts';
import type { RemoteCodec, RemoteDescription, RemoteLine } from './session-description.ts';

const MAX_RIDS = 8;
const MAX_PARAMETERS_LENGTH = 256;

/** Type, port, protocol and formats of an m-line (RFC 8866, section 5.14). */
const M_LINE = /^([\w-]{1,64}) (\d{1,5})(?:\/\d+)? ([\w/-]{1,64}) ([\w *-]{1,1024})$/;
/** A token of RFC 8866, but for what could mean something to the API (`#`) or to a reader of logs. */
const MID = /^[\w.+-]{1,64}$/;
const RTPMAP = /^(\d{1,3}) ([\w.-]{1,64})\/(\d{1,7})(?:\/(\d{1,3}))?$/;
const FMTP = /^(\d{1,3}) (.*)$/;
/** Without those that have a direction of their own (RFC 8285, section 7): none of what is carried has. */
const EXTMAP = /^(\d{1,4})(?:\/sendrecv)? ([\x21-\x7e]{1,256})/;
const RID = /^([\w-]{1,32}) send(?: |$)/;

/** Reads a peer's description. Throws `invalid_session_description`, in words, when nothing can be made of it. */
export function readDescription(sdp: string): RemoteDescription {
  const { session, media } = parseSdp(sdp);
  if (media.length === 0) throw unusable('It has no m-line');
  const common = readExtensions(session);
  const lines = media.map((section) => readLine(section, session, common));
  if (new Set(lines.map(({ mid }) => mid)).size < lines.length) throw unusable('Two m-lines have one mid');
  const bundle = readBundle(session, lines);
  const tagged = media[lines.findIndex(({ mid }) => mid === bundle[0])];
  return { lines, bundle, transport: tagged && readTransport(session, tagged) };
}

/** The m-lines that share the first transport. Without a group there is one, or what would need ports of their own. */
function readBundle(session: SdpSection, lines: readonly RemoteLine[]): readonly string[] {
  const open = lines.filter(({ isRejected }) => !isRejected).map(({ mid }) => mid);
  const group = valuesOf(session, 'group').find((value) => value.startsWith('BUNDLE'));
  if (group === undefined) return open.slice(0, 1);
  const known = new Set(open);
  return [...new Set(group.split(' ').slice(1))].filter((mid) => known.has(mid));
}

function readLine(section: SdpSection, session: SdpSection, common: Extensions): RemoteLine {
  const [, type, port, protocol, formats] = M_LINE.exec(section.media) ?? [];
  if (type === undefined || protocol === undefined || formats === undefined)
    throw unusable('An m-line is malformed');
  const mid = valueOf('mid', section) ?? '';
  if (!MID.test(mid)) throw unusable('An m-line has no mid, or one that cannot be used');
  const { sends, receives } = readDirection(section, session);
  return {
    mid,
    type,
    protocol,
    formats,
    // RFC 8843, section 6: a port of 0 is no refusal where the m-line is offered for the bundle only.
    isRejected: Number(port) === 0 && valueOf('bundle-only', section) === undefined,
    sends,
    receives,
    codecs: readCodecs(section),
    extensions: readExtensions(section, common),
    ssrcs: readSsrcs(section),
    rids: readRids(section),
  };
}

function readDirection(...sections: readonly SdpSection[]): { sends: boolean; receives: boolean } {
  for (const { attributes } of sections) {
    if (attributes.has('inactive')) return { sends: false, receives: false };
    if (attributes.has('sendonly')) return { sends: true, receives: false };
    if (attributes.has('recvonly')) return { sends: false, receives: true };
    if (attributes.has('sendrecv')) break;
  }
  return { sends: true, receives: true };
}

function readCodecs(section: SdpSection): readonly RemoteCodec[] {
  const parameters = new Map<string, string>();
  for (const value of valuesOf(section, 'fmtp')) {
    const [, payloadType = '', text = ''] = FMTP.exec(value) ?? [];
    parameters.set(payloadType, text.slice(0, MAX_PARAMETERS_LENGTH));
  }
  return valuesOf(section, 'rtpmap').flatMap((value) => {
    const [, payloadType = '', name = '', clockRate, channels = 1] = RTPMAP.exec(value) ?? [];
    if (payloadType === '' || Number(payloadType) > 127) return [];
    return {
      payloadType: Number(payloadType),
      name,
      clockRate: Number(clockRate),
      channels: Number(channels),
      parameters: parameters.get(payloadType) ?? '',
    };
  });
}

type Extensions = ReadonlyMap<string, number>;

/** @param common - what the session's part says for all m-lines */
function readExtensions(section: SdpSection, common?: Extensions): Extensions {
  const extensions = new Map(common);
  for (const value of valuesOf(section, 'extmap')) {
    const [, id = '', uri = ''] = EXTMAP.exec(value) ?? [];
    const number = Number(id);
    if (number >= 1 && number <= MAX_EXTENSION_ID) extensions.set(uri, number);
  }
  return extensions;
}

/** Each stream's own SSRC; the others of a group of two repair it (RFC 5576, section 4.2). */
function readSsrcs(section: SdpSection): readonly number[] {
  const repairing = new Set(
    valuesOf(section, 'ssrc-group')
      .map((value) => value.split(' '))
      .filter(([semantics]) => semantics === 'FID' || semantics === 'FEC-FR')
      .flatMap(([, , ...others]) => others.map(Number)),
  );
  const known = new Set(valuesOf(section, 'ssrc').map((value) => Number.parseInt(value, 10)));
  return [...known].filter((ssrc) => ssrc >= 0 && ssrc <= 0xffffffff && !repairing.has(ssrc));
}

/** The layers of `a=simulcast` (RFC 8853) that the peer sends; of alternatives the first. */
function readRids(section: SdpSection): readonly string[] {
  const words = (valueOf('simulcast', section) ?? '').split(' ');
  const list = words.includes('send') ? words[words.indexOf('send') + 1] : undefined;
  if (list === undefined) return [];
  const sent = new Set(valuesOf(section, 'rid').map((value) => RID.exec(value)?.[1]));
  const layers = list.split(';').map((layer) => (layer.split(',')[0] ?? '').replace(/^~/, ''));
  return [...new Set(layers)].filter((rid) => sent.has(rid)).slice(0, MAX_RIDS);
}
