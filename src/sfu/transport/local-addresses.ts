import { networkInterfaces } from 'node:os';
import type { AnnouncedAddresses } from './candidates.ts';
import { isLoopback, isPrivate } from './ip-address.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Each address is a socket and a candidate: browsers try all of them. */
const MAX_ADDRESSES = 8;

/**
 * The addresses of this host: IPv4, IPv6, then IPv4 loopback. Without those that only mean something together with an
 * interface, and without a second loopback.
 */
export function detectLocalAddresses(interfaces: Interfaces = networkInterfaces()): string[] {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ address }) => !isLoopback(address) && !/^fe[89ab]/i.test(address));
  const ofFamily = (family: 'IPv4' | 'IPv6'): string[] =>
    usable.filter((entry) => entry.family === family).map(({ address }) => address);
  const reachable = [...new Set([...ofFamily('IPv4'), ...ofFamily('IPv6')])];
  return [...reachable.slice(0, MAX_ADDRESSES - 1), '127.0.0.1'];
}

/** What the operator has to know of the addresses, in words, or nothing where peers anywhere can reach this host. */
export function addressAdvice(
  addresses: readonly string[],
  port: number,
  announced?: AnnouncedAddresses,
): string | undefined {
  if (announced !== undefined) return undefined;
  const outside = addresses.filter((address) => !isLoopback(address));
  const number = `UDP and TCP port ${port}`;
  if (outside.length === 0) {
    return 'Only this machine can reach the SFU: no network interface has an address.';
  }
  if (outside.some((address) => !isPrivate(address))) return undefined;
  return (
    `Only the local network can reach the SFU at ${outside.join(', ')}. For meetings with people elsewhere, forward ` +
    `${number} to this machine and set SFU_ANNOUNCED_ADDRESS to the public address; in a container, publish ${number} ` +
    'with the same number outside and set SFU_ANNOUNCED_ADDRESS to the address of the host.'
  );
}
