const MAX_ROOM_NAME_LENGTH = 128;
const FORBIDDEN = /[\p{Cc}/]/u;

/**
 * A room's name from its path segment: percent-decoded once, 1 to 128 UTF-16 units, no control characters, no `/`
 * (also not as `%2F`). `undefined` when it is none. The original compared names undecoded; decoding makes `a` and
 * `%61` the one room they look like.
 */
export function parseRoomName(segment: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  if (name.length === 0 || name.length > MAX_ROOM_NAME_LENGTH) return undefined;
  // In a join token `*` stands for every room.
  if (name === '*' || FORBIDDEN.test(name)) return undefined;
  return name;
}
