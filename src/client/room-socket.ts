import { PartySocket } from 'partysocket';
import { goneBy } from './connection-state.ts';
import type { RoomAddress } from './room-address.ts';
import type { RoomClientOptions } from './room-client-options.ts';

/** Twice or thrice within the 8 s for which the server keeps the place of somebody whose socket is gone. */
const RETRY_MS = { min: 500, max: 4_000 };
const RETRY_GROWTH = 1.5;

/** The socket of a room, which connects at once and, unless it was told that it is over, again and again. */
export function openSocket(options: RoomClientOptions, { host, isSecure }: RoomAddress): PartySocket {
  const { room, id, token, takesPatches = true, retryMs = RETRY_MS, WebSocket } = options;
  return new PartySocket({
    host,
    protocol: isSecure ? 'wss' : 'ws',
    party: 'rooms',
    // The library puts the name into the path as it is.
    room: encodeURIComponent(room),
    ...(id !== undefined && { id }),
    query: { token, features: takesPatches ? 'patch' : undefined },
    // Everybody loses the connection to a server that restarts at once, and should not be back all at once.
    minReconnectionDelay: retryMs.min * (1 + Math.random()),
    maxReconnectionDelay: retryMs.max,
    reconnectionDelayGrowFactor: RETRY_GROWTH,
    // What was meant for a moment that has passed is not said later.
    maxEnqueuedMessages: 0,
    shouldReconnectOnClose: ({ code, reason }) => goneBy(code, reason) === undefined,
    ...(WebSocket !== undefined && { WebSocket }),
  });
}
