import { App, us_socket_local_port } from '../../../src/gateway/uws.ts';
import { announce, isPing, outgoing, PONG, readTask, SHORT_FRAME_BYTES } from './room-server.ts';

/** uWebSockets.js and nothing else: its own topics, no parsing, no checks. What a server built on it can reach at most. */

type Data = { readonly room: string };

const task = readTask();
const app = App();

app.ws<Data>('/*', {
  maxPayloadLength: 1024 * 1024,
  maxBackpressure: 256 * 1024 * 1024,
  idleTimeout: 0,
  upgrade: (res, req, context) =>
    res.upgrade({ room: req.getUrl() }, req.getHeader('sec-websocket-key'), '', '', context),
  open: (ws) => void ws.subscribe(ws.getUserData().room),
  message: (ws, message) => {
    const frame = Buffer.from(message);
    if (frame.length < SHORT_FRAME_BYTES) {
      if (isPing(frame)) ws.send(PONG);
      return;
    }
    const { room } = ws.getUserData();
    const sent = outgoing(task, frame);
    if (sent === undefined) return;
    if (task.kind === 'relay') ws.publish(room, sent, false);
    else app.publish(room, sent, false);
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('Cannot listen');
  announce(us_socket_local_port(socket));
});
