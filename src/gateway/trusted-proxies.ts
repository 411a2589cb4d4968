import { BlockList, isIP } from 'node:net';

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** `::ffff:192.0.2.1`, as a dual-stack socket reports an IPv4 client, in its plain form. */
const plain = (address: string): string =>
  address.replace(/^(?:::|0000:0000:0000:0000:0000:)ffff:(?=[\d.]+$)/i, '');

/** Groups of an IPv6 address that a provider gives to one customer, who may use all addresses below. */
const CUSTOMER_GROUPS = 4;

/**
 * Whom a limit per address is for: an IPv4 address, or the /64 of an IPv6 address, of which everybody has as many
 * addresses as they like.
 */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  const groups = [...front, ...zeros, ...back].map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.slice(0, CUSTOMER_GROUPS).join(':')}::/64`;
}

/** What a request says of its way here, as far as it can be believed. */
export type Forwarding = {
  /** Address of the client: the nearest that is no trusted proxy. Limits count {@link addressGroup}s. */
  readonly address: string;
  readonly secure: boolean;
  /** Host and port as the client used them. */
  readonly host: string;
};

/** The addresses whose `X-Forwarded-*` headers are believed. */
export class TrustedProxies {
  readonly #ranges = new BlockList();
  readonly #any: boolean;

  /** @param ranges - addresses or CIDR ranges, as the configuration has checked */
  constructor(ranges: readonly string[]) {
    this.#any = ranges.length > 0;
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/');
      if (prefix === undefined) this.#ranges.addAddress(address, familyOf(address));
      else this.#ranges.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  #trusts(address: string): boolean {
    return this.#any && isIP(address) !== 0 && this.#ranges.check(address, familyOf(address));
  }

  read(remoteAddress: string, header: (name: string) => string): Forwarding {
    const peer = plain(remoteAddress);
    const host = header('host');
    if (!this.#trusts(peer)) return { address: peer, secure: false, host };
    const hops = header('x-forwarded-for')
      .split(',')
      .map((hop) => plain(hop.trim()))
      .filter((hop) => hop !== '');
    // Each proxy appends whom it heard from; what stands before the first stranger is that stranger's own claim.
    const address = hops.findLast((hop) => !this.#trusts(hop)) ?? hops[0] ?? peer;
    return {
      address,
      secure: header('x-forwarded-proto').split(',').at(-1)?.trim() === 'https',
      host: header('x-forwarded-host').split(',').at(-1)?.trim() || host,
    };
  }
}
