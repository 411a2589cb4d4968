import { isIPv4, isIPv6 } from 'node:net';

/** The bytes of an IP address in text, 4 or 16 of them, or nothing for what is none. */
export function addressToBytes(address: string): Buffer | undefined {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const [head = '', tail] = address.split('::');
  const start = groups(head);
  const end = groups(tail ?? '');
  const zeros =
    tail === undefined ? [] : Array.from<number>({ length: 8 - start.length - end.length }).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [at, group] of [...start, ...zeros, ...end].entries()) bytes.writeUInt16BE(group, 2 * at);
  return bytes;
}

/** As `addressToBytes`, backwards; an IPv6 address without any shortening. */
export function bytesToAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(2 * group).toString(16)).join(':');
}

/** What an address is counted by where strangers are kept in bounds: an IPv6 host has a whole /64 to come from. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  return addressToBytes(address)?.toString('hex', 0, 8) ?? address;
}

/** Whether nobody outside this machine can mean this machine by it. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** Whether an IPv4 address is one that only its own network knows (RFC 1918, RFC 6598, RFC 3927), or an IPv6 one (RFC 4193). */
export function isPrivate(address: string): boolean {
  const bytes = addressToBytes(address);
  if (bytes === undefined) return false;
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 16) return (first & 0xfe) === 0xfc;
  return (
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254)
  );
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const bytes = Buffer.from(group.split('.').map(Number));
    return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  });
}
