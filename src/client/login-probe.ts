import type { RoomClientOptions } from './room-client-options.ts';

const UNAUTHORIZED = 401;

/**
 * Whether the server refuses sockets for want of a login. An answer by HTTP says it only where the request has what the
 * socket has: not with a token, which counts for its room, and not with a socket class of the caller's own.
 */
export async function lacksLogin(
  origin: string,
  { room, token, WebSocket }: Pick<RoomClientOptions, 'room' | 'token' | 'WebSocket'>,
): Promise<boolean> {
  if (token !== undefined || WebSocket !== undefined) return false;
  try {
    const url = `${origin}/parties/rooms/${encodeURIComponent(room)}`;
    const { status } = await fetch(url, { credentials: 'include', redirect: 'manual' });
    return status === UNAUTHORIZED;
  } catch {
    // No network, or another origin that does not say: the socket goes on trying.
    return false;
  }
}
