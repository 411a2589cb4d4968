import { isLoopback } from './ip-address.ts';
import type { Candidate } from './session-transport.ts';

/** A socket that listens. */
export type BoundPort = { readonly protocol: 'udp' | 'tcp'; readonly address: string; readonly port: number };

/** The addresses at which the outside meets this host behind 1:1 NAT. */
export type AnnouncedAddresses = {
  readonly addresses: readonly string[];
  /** Whether the host's own addresses are told as well, for peers on this side of the NAT. */
  readonly joinHost: boolean;
};

/** RFC 8445, section 5.1.2.2. */
const HOST_PREFERENCE = 126;
/** RFC 6544, section 4.2, asks for less than UDP, so that TCP is what remains. */
const UDP_PREFERENCE = 1 << 15;

/**
 * What a description says of these ports: announced addresses, then the host's, then loopback, each UDP before TCP. Loopback is
 * told too, since a page on the same machine may have no other way; but it is last and never alone, since Firefox does not
 * connect to candidates that are all loopback.
 */
export function localCandidates(bound: readonly BoundPort[], announced?: AnnouncedAddresses): Candidate[] {
  const told =
    announced === undefined
      ? bound
      : [...announcedPorts(bound, announced), ...(announced.joinHost ? bound : [])];
  const ranked = told.toSorted((a, b) => rank(a) - rank(b));
  return ranked.map(({ protocol, address, port }, at) => ({
    foundation: String(at + 1),
    protocol,
    priority: priority((protocol === 'udp' ? UDP_PREFERENCE : 0) + ranked.length - at),
    address,
    port,
    type: 'host' as const,
    ...(protocol === 'tcp' ? { tcpType: 'passive' as const } : {}),
  }));
}

/** RFC 8445, section 5.1.2.1, with component 1. */
const priority = (localPreference: number): number =>
  HOST_PREFERENCE * 2 ** 24 + localPreference * 2 ** 8 + 255;

const rank = ({ protocol, address }: BoundPort): number =>
  (protocol === 'tcp' ? 2 : 0) + (isLoopback(address) ? 1 : 0);

/** All sockets share one number per protocol, so each announced address has it once. */
function announcedPorts(bound: readonly BoundPort[], { addresses }: AnnouncedAddresses): BoundPort[] {
  return (['udp', 'tcp'] as const).flatMap((protocol) => {
    const some = bound.find((port) => port.protocol === protocol);
    return some === undefined ? [] : addresses.map((address) => ({ protocol, address, port: some.port }));
  });
}
