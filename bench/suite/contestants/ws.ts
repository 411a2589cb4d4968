import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { announce, isPing, outgoing, PONG, readTask, SHORT_FRAME_BYTES } from './room-server.ts';

/** npm `ws`, used as its documentation shows: one `send` for each receiver. */

const task = readTask();
const rooms = new Map<string, Set<WebSocket>>();

function receive(room: ReadonlySet<WebSocket>, socket: WebSocket, frame: Buffer): void {
  if (frame.length < SHORT_FRAME_BYTES) {
    if (isPing(frame)) socket.send(PONG);
    return;
  }
  const sent = outgoing(task, frame);
  if (sent === undefined) return;
  for (const other of room) {
    if (task.kind === 'reply' || other !== socket) other.send(sent, { binary: false });
  }
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  backlog: 4_096,
  perMessageDeflate: false,
});
server.on('listening', () => announce((server.address() as AddressInfo).port));
server.on('connection', (socket, request) => {
  const name = request.url ?? '/';
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on('message', (data: Buffer) => receive(room, socket, data));
  socket.on('close', () => void room.delete(socket));
});
