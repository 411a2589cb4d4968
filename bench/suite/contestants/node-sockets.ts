import { createServer, type AddressInfo, type Socket } from 'node:net';
import { announce, isPing, outgoing, PONG, readTask, SHORT_FRAME_BYTES } from './room-server.ts';

/**
 * Node's bare sockets, one `write` for each receiver: what stands for the C loop where no compiler is. It reads just
 * enough WebSocket for the load generator, whose masks are nothing but zeros.
 */

const MASK_BYTES = 4;
const LENGTH = 0x7f;
const OPCODE = 0x0f;
const TEXT = 1;
const ANSWER = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

const task = readTask();
const rooms = new Map<string, Set<Socket>>();

function toFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Where the payload of the first frame starts and ends; `undefined` while it has not come in whole. */
function extentOf(bytes: Buffer): { readonly start: number; readonly end: number } | undefined {
  const code = (bytes[1] ?? 0) & LENGTH;
  const extended = code === 127 ? 8 : code === 126 ? 2 : 0;
  if (bytes.length < 2 || bytes.length < 2 + extended) return undefined;
  const length =
    extended === 8 ? Number(bytes.readBigUInt64BE(2)) : extended === 2 ? bytes.readUInt16BE(2) : code;
  const start = 2 + extended + MASK_BYTES;
  return bytes.length < start + length ? undefined : { start, end: start + length };
}

function receive(room: ReadonlySet<Socket>, socket: Socket, frame: Buffer): void {
  if (frame.length < SHORT_FRAME_BYTES) {
    if (isPing(frame)) socket.write(toFrame(Buffer.from(PONG)));
    return;
  }
  const sent = outgoing(task, frame);
  if (sent === undefined) return;
  const bytes = toFrame(sent);
  for (const other of room) if (task.kind === 'reply' || other !== socket) other.write(bytes);
}

function admit(socket: Socket, request: string): (chunk: Buffer) => void {
  const name = request.split(' ', 2)[1] ?? '/';
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on('close', () => void room.delete(socket));
  socket.write(ANSWER);
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let extent = extentOf(rest); extent !== undefined; extent = extentOf(rest)) {
      if (((rest[0] ?? 0) & OPCODE) === TEXT) receive(room, socket, rest.subarray(extent.start, extent.end));
      rest = rest.subarray(extent.end);
    }
  };
}

const server = createServer({ noDelay: true }, (socket) => {
  let push: ((chunk: Buffer) => void) | undefined;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    if (push === undefined) push = admit(socket, chunk.toString('latin1'));
    else push(chunk);
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () =>
  announce((server.address() as AddressInfo).port),
);
