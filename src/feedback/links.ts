import { parseRoomName } from '../protocol/room-name.ts';

/** A host name or address, perhaps with a port: nothing that would make another URL of what follows it. */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** Google Chat takes longer ones, but a card has only so many bytes. */
const MAX_LINK_LENGTH = 2_000;

/** The origin of this site as the client of a request has used it; nothing when it has named no host. */
export function siteOrigin({
  host,
  secure,
}: {
  readonly host: string;
  readonly secure: boolean;
}): string | undefined {
  const url = `${secure ? 'https' : 'http'}://${host}`;
  return HOST.test(host) && URL.canParse(url) ? new URL(url).origin : undefined;
}

/** A room's name as a client states it, undecoded; nothing when no room can have it. */
export function statedRoomName(name: string): string | undefined {
  try {
    return parseRoomName(encodeURIComponent(name));
  } catch {
    // Half of a surrogate pair.
    return undefined;
  }
}

/** The link that a client gave, in its normal form, if it may be shown as one. */
export type LinkCheck = (link: string) => string | undefined;

/**
 * Tells the pages about SFU sessions from all others: https, and on from the part of the template before `{id}`. A link
 * in a card is trusted by whoever reads it, and anybody can send one.
 *
 * @param template - `TRACE_LINK`; without one there are no such pages
 */
export function traceLinks(template: string): LinkCheck {
  const [fixed = ''] = template.split('{id}');
  if (!URL.canParse(fixed)) return () => undefined;
  const prefix = new URL(fixed).href;
  return (link) => {
    if (!URL.canParse(link)) return undefined;
    // In its normal form a link that starts with the prefix has that host, and no user name before it.
    const { href, protocol } = new URL(link);
    const known = protocol === 'https:' && href.startsWith(prefix);
    return known && href.length <= MAX_LINK_LENGTH ? href : undefined;
  };
}
