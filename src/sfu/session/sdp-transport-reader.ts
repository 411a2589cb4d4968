import { isIP } from 'node:net';
import type { Candidate } from '../transport/session-transport.ts';
import { unusable, valueOf, valuesOf, type SdpSection } from './sdp-parse.ts';
import type { RemoteTransport, Setup } from './session-description.ts';

const MAX_CANDIDATES = 32;

/** Ice-chars (RFC 8839, section 5.4), with the lengths that are asked for. */
const UFRAG = /^[\w+/=-]{4,256}$/;
const PASSWORD = /^[\w+/=-]{22,256}$/;
/** RFC 8122, section 5: the name of a hash, and its bytes. */
const FINGERPRINT = /^([\w-]{1,32}) ([0-9a-f]{2}(?::[0-9a-f]{2}){15,63})\s*$/i;

/** How to reach the peer, as the m-line says that describes the transport, or the session for all of them. */
export function readTransport(session: SdpSection, media: SdpSection): RemoteTransport {
  const ufrag = valueOf('ice-ufrag', media, session) ?? '';
  const password = valueOf('ice-pwd', media, session) ?? '';
  if (!UFRAG.test(ufrag) || !PASSWORD.test(password)) throw unusable('It has no ICE credentials');
  const [, algorithm, value] = FINGERPRINT.exec(valueOf('fingerprint', media, session) ?? '') ?? [];
  if (algorithm === undefined || value === undefined)
    throw unusable('It has no fingerprint of a certificate');
  if (valueOf('rtcp-mux', media) === undefined) throw unusable('RTCP must be multiplexed (a=rtcp-mux)');
  return {
    ice: { ufrag, password },
    candidates: valuesOf(media, 'candidate').slice(0, MAX_CANDIDATES).flatMap(readCandidate),
    fingerprint: { algorithm: algorithm.toLowerCase(), value: value.toUpperCase() },
    setup: readSetup(valueOf('setup', media, session)),
  };
}

function readSetup(setup: string | undefined): Setup {
  if (setup === 'active' || setup === 'passive' || setup === 'actpass') return setup;
  throw unusable('It does not say which side begins with DTLS (a=setup)');
}

const TYPES = ['host', 'srflx', 'prflx', 'relay'] as const;
const TCP_TYPES = ['active', 'passive', 'so'] as const;

/** Names are left out: those of mDNS (RFC 8828) are for the network that the peer is in, and nobody needs them. */
function readCandidate(line: string): readonly Candidate[] {
  const [foundation = '', component, transport = '', priority, address = '', port, typ, kind, ...rest] =
    line.split(' ');
  const protocol = transport.toLowerCase();
  const type = TYPES.find((type) => type === kind);
  const tcpType = TCP_TYPES.find((type) => type === rest[rest.indexOf('tcptype') + 1]);
  if (component !== '1' || typ !== 'typ' || isIP(address) === 0 || type === undefined) return [];
  if (protocol !== 'udp' && protocol !== 'tcp') return [];
  if (!isCount(port, 65_535) || !isCount(priority, 2 ** 32 - 1)) return [];
  return [
    {
      foundation: foundation.slice(0, 32),
      protocol,
      priority: Number(priority),
      address,
      port: Number(port),
      type,
      ...(protocol === 'tcp' && tcpType !== undefined && { tcpType }),
    },
  ];
}

const isCount = (text: string | undefined, max: number): boolean =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= max;
