import { describe, expect, test } from 'vitest';
import { byToken, invite, WITH_TOKENS } from '../support/invitations.ts';
import { exchange, head } from '../support/raw-http.ts';
import { loginCookie, startServer } from '../support/server.ts';

/**
 * A token is verified off the thread, so that the upgrade comes in a later turn of the event loop. uWS may then take the
 * socket for an HTTP connection that is to be closed, by bytes that chance or a room's name has put where it looks
 * (uNetworking/uWebSockets#1928, mended by #1929): of these names nearly every one does it.
 */
test('[I1] [H2] a guest stays connected, whatever the room is called', async () => {
  const server = await startServer(WITH_TOKENS);
  const token = await invite(server, { room: '*' });
  const rooms = Array.from({ length: 20 }, (_, n) => String(n).padEnd(60, 'p'));
  for (const room of rooms) await server.connect(byToken(token, 'a', room));
  expect(server.logLines.filter(({ msg }) => msg === 'connection closed')).toEqual([]);
  expect(server.app.stats()).toEqual({ rooms: 20, connections: 20 });
});

/** A handshake is an upgrade only if it says so. To uWS a connection that is to be closed is closed, and its socket lives on. */
describe('a handshake with another Connection than Upgrade', () => {
  const handshake = (path: string, ...lines: readonly string[]): string =>
    head(
      `GET ${path} HTTP/1.1`,
      'Host: meet.example',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ...lines,
    );

  test.each([
    ['close', ['Connection: close']],
    ['close, then Upgrade', ['Connection: close', 'Connection: Upgrade']],
    ['keep-alive', ['Connection: keep-alive']],
    ['none', []],
  ] as const)('[G3] %s: no cookie and no token makes it one', async (_, lines) => {
    const server = await startServer(WITH_TOKENS);
    const token = await invite(server);
    const byCookie = handshake('/parties/rooms/room?_pk=a', `Cookie: ${loginCookie('alice')}`, ...lines);
    const byInvitation = handshake(`/parties/rooms/room?_pk=a&token=${token}`, ...lines);
    for (const bytes of [byCookie, byInvitation]) {
      expect(await exchange(server.port, bytes)).toMatchObject({ status: 400 });
    }
    expect(server.app.stats()).toEqual({ rooms: 0, connections: 0 });
  });
});
