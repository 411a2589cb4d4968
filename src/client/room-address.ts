/** Where a room is, in the words of partysocket. */
export type RoomAddress = { readonly host: string; readonly isSecure: boolean };

const SCHEME = /^(?:(https?|wss?):)?\/\//;

/**
 * Where the server is: an origin (`https://meet.example.org`), a host, or nothing for the page's own. Whether a host without
 * a scheme is spoken to over TLS is not guessed from its name, as partysocket does: it is as the page is, and without
 * a page it is, unless the host is this machine.
 */
export function addressOf(server: string | undefined, page: Location | undefined): RoomAddress {
  const stated = server ?? page?.host ?? '';
  const scheme = SCHEME.exec(stated)?.[1];
  const host = stated.replace(SCHEME, '').replace(/\/+$/, '');
  if (host === '') throw new TypeError('Outside of a page a room client has to be told its server');
  if (scheme !== undefined) return { host, isSecure: scheme === 'https' || scheme === 'wss' };
  if (page !== undefined) return { host, isSecure: page.protocol === 'https:' };
  return { host, isSecure: !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(host) };
}

/** The origin for HTTP requests to the same server. */
export const originOf = ({ host, isSecure }: RoomAddress): string =>
  `${isSecure ? 'https' : 'http'}://${host}`;
