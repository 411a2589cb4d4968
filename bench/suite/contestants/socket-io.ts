import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { announce, PONG, readTask } from './room-server.ts';

/** Socket.IO over WebSockets, as its documentation shows: JSON in, rooms, JSON out. */

/** Longer than any run: the load does not answer Socket.IO's own heartbeats. */
const PING_INTERVAL_MS = 3_600_000;

const task = readTask();
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  pingInterval: PING_INTERVAL_MS,
  maxHttpBufferSize: 1e6,
});

io.on('connection', (socket) => {
  const room = String(socket.handshake.query['room']);
  void socket.join(room);
  socket.on('m', (message: { readonly type: string }) => {
    if (message.type === 'heartbeat') return;
    if (message.type === 'partyserver-ping') socket.emit('m', PONG);
    else if (task.kind === 'relay') socket.to(room).emit('m', message);
    else if (task.bytes > 0) {
      const missing = task.bytes - JSON.stringify(message).length;
      io.to(room).emit('m', message, 'x'.repeat(Math.max(0, missing)));
    }
  });
});
http.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () =>
  announce((http.address() as AddressInfo).port),
);
