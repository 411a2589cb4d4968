import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RoomClient, type ConnectionState, type RoomClientOptions } from '../../src/client/index.ts';
import { scriptedSockets, type ScriptedSocket } from '../support/scripted-socket.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const tracks = {};
const user = (id: string, more = {}) => ({
  id,
  name: id,
  joined: true,
  raisedHand: false,
  speaking: false,
  tracks,
  ...more,
});
const state = (...users: object[]) => ({ ai: { enabled: false }, meetingId: 'm', users });

type Scripted = { client: RoomClient; sockets: ScriptedSocket[]; connections: ConnectionState[] };

async function connecting(options: Partial<RoomClientOptions> = {}): Promise<Scripted> {
  const { Socket, sockets } = scriptedSockets();
  const client = new RoomClient({
    server: 'meet.example.org',
    room: 'daily',
    id: 'ada',
    WebSocket: Socket,
    ...options,
  });
  const connections: ConnectionState[] = [];
  client.on('connection', (connection) => connections.push(connection));
  await vi.advanceTimersByTimeAsync(0);
  return { client, sockets, connections };
}

async function connected(
  options: Partial<RoomClientOptions> = {},
): Promise<Scripted & { socket: ScriptedSocket }> {
  const scripted = await connecting(options);
  const [socket] = scripted.sockets;
  if (socket === undefined) throw new Error('no attempt');
  socket.open();
  return { ...scripted, socket };
}

test.each([
  [{}, 'wss://meet.example.org/parties/rooms/daily?_pk=ada&features=patch'],
  [{ takesPatches: false }, 'wss://meet.example.org/parties/rooms/daily?_pk=ada'],
  [{ token: 'a.b.c' }, 'wss://meet.example.org/parties/rooms/daily?_pk=ada&token=a.b.c&features=patch'],
  [{ server: 'http://10.0.0.7/' }, 'ws://10.0.0.7/parties/rooms/daily?_pk=ada&features=patch'],
  [{ server: 'localhost:8787' }, 'ws://localhost:8787/parties/rooms/daily?_pk=ada&features=patch'],
  [{ server: 'https://10.0.0.7' }, 'wss://10.0.0.7/parties/rooms/daily?_pk=ada&features=patch'],
  [{ room: 'a/b?c' }, 'wss://meet.example.org/parties/rooms/a%2Fb%3Fc?_pk=ada&features=patch'],
])('with %o it goes to %s', async (options, url) => {
  const { sockets } = await connecting(options);
  expect(sockets.map((socket) => socket.url)).toEqual([url]);
});

test('it says who it is at once, and that it is there every 5 s', async () => {
  const { socket } = await connected();
  expect(socket.sent).toEqual([
    {
      type: 'userUpdate',
      user: {
        joined: true,
        raisedHand: false,
        speaking: false,
        tracks: { audioEnabled: false, videoEnabled: false, screenShareEnabled: false },
      },
    },
  ]);
  socket.takeTypes();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(socket.takeTypes()).toEqual(['heartbeat', 'partyserver-ping', 'heartbeat', 'partyserver-ping']);
});

test('a server that has answered and falls silent is connected to anew', async () => {
  const { client, socket, sockets, connections } = await connected();
  await vi.advanceTimersByTimeAsync(5_000);
  socket.say({ type: 'partyserver-pong' });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(client.connection.status).toBe('open');

  await vi.advanceTimersByTimeAsync(5_000);
  expect(client.connection.status).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(1);
  sockets[1]?.open();
  expect(connections.map(({ status }) => status)).toEqual(['open', 'reconnecting', 'open']);
});

test('a server that has never answered is not suspected for its silence', async () => {
  const { client, sockets } = await connected();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(client.connection.status).toBe('open');
  expect(sockets).toHaveLength(1);
});

test.each([
  [1000, 'User left', { status: 'gone', reason: 'left', code: 1000 }],
  [4500, 'Replaced by a newer connection', { status: 'gone', reason: 'replaced', code: 4500 }],
  [4501, '', { status: 'gone', reason: 'refused', code: 4501 }],
  [4999, '', { status: 'gone', reason: 'refused', code: 4999 }],
  [1000, '', { status: 'reconnecting' }],
  [1006, '', { status: 'reconnecting' }],
  [1011, '', { status: 'reconnecting' }],
  [1012, 'The server is restarting', { status: 'reconnecting' }],
  [4029, 'Too many messages', { status: 'reconnecting' }],
  [4499, '', { status: 'reconnecting' }],
  [5000, '', { status: 'reconnecting' }],
])('[G13] close %i "%s" is %o', async (code, reason, expected) => {
  const { client, socket, sockets } = await connected();
  socket.end(code, reason);
  expect(client.connection).toEqual(expected);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sockets.length > 1).toBe(expected.status === 'reconnecting');
});

test('a client that leaves while it is still connecting does not connect', async () => {
  const { Socket, sockets } = scriptedSockets();
  const client = new RoomClient({ server: 'localhost', room: 'r', WebSocket: Socket });
  client.leave();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sockets).toEqual([]);
  expect(client.connection).toEqual({ status: 'gone', reason: 'left', code: 1000 });
});

test('leaving says so, then closes, and stops the heartbeat', async () => {
  const { client, socket } = await connected();
  socket.takeTypes();
  client.leave();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket.takeTypes()).toEqual(['userLeft']);
  expect(socket.closedWith).toEqual([1000, 'User left']);
  expect(vi.getTimerCount()).toBe(0);
});

test('commands that cannot be sent are not kept for later', async () => {
  const { client, sockets, socket } = await connected();
  socket.end(1006, '');
  expect([client.directMessage('ben', 1), client.enableAi(), client.releaseAiControl()]).toEqual([
    false,
    false,
    false,
  ]);
  await vi.advanceTimersByTimeAsync(2_000);
  sockets[1]?.open();
  expect(sockets[1]?.takeTypes()).toEqual(['userUpdate']);
});

test('the AI is spoken to in the words of the wire', async () => {
  const { client, socket } = await connected();
  socket.takeTypes();
  client.enableAi({ voice: 'marin', instructions: 'be brief' });
  client.requestAiControl({ sessionId: 's', trackName: 't', location: 'remote' });
  client.releaseAiControl();
  client.disableAi();
  expect(socket.sent).toEqual([
    { type: 'enableAi', voice: 'marin', instructions: 'be brief' },
    { type: 'requestAiControl', track: { sessionId: 's', trackName: 't', location: 'remote' } },
    { type: 'relenquishAiControl' },
    { type: 'disableAi' },
  ]);
});

test('[P4] after a gap in the patches the whole state is asked for, until it comes', async () => {
  const { client, socket } = await connected();
  socket.say({ type: 'roomState', state: state(user('ada')), epoch: 'e', seq: 7 });
  socket.takeTypes();
  socket.say({ type: 'roomPatch', seq: 9, users: { upsert: [user('ben')] } });
  socket.say({ type: 'roomPatch', seq: 10, users: { upsert: [user('cleo')] } });
  expect(client.users.map(({ id }) => id)).toEqual(['ada']);
  expect(socket.takeTypes()).toEqual(['resync']);

  socket.say({ type: 'error', error: 'Too many messages', code: 'rate_limited' });
  await vi.advanceTimersByTimeAsync(1_100);
  expect(socket.takeTypes()).toEqual(['resync']);
  socket.say({ type: 'roomState', state: state(user('ada'), user('ben')), epoch: 'e', seq: 11 });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(socket.takeTypes()).toEqual([]);
  socket.say({ type: 'roomPatch', seq: 12, users: { remove: ['ben'] } });
  expect(client.users.map(({ id }) => id)).toEqual(['ada']);
});

test('snapshots are the same object until something is another', async () => {
  const { client, socket } = await connected();
  let told = 0;
  const unsubscribe = client.subscribe(() => void (told += 1));
  const before = client.getSnapshot();
  expect(client.getSnapshot()).toBe(before);
  socket.say({ type: 'roomState', state: state(user('ada')) });
  expect(client.getSnapshot()).not.toBe(before);
  expect(told).toBe(1);
  unsubscribe();
  socket.say({ type: 'roomState', state: state() });
  expect(told).toBe(1);
});

test('a listener that throws keeps the others from nothing', async () => {
  const { client, socket } = await connected();
  const uncaught = new Promise((resolve) => void process.once('uncaughtException', resolve));
  const others = process.listeners('uncaughtException').slice(0, -1);
  for (const listener of others) process.off('uncaughtException', listener);
  const heard: unknown[] = [];
  client.on('state', () => {
    throw new Error('a fault of the page');
  });
  client.on('state', ({ users }) => heard.push(users.length));
  socket.say({ type: 'roomState', state: state(user('ada')) });
  vi.useRealTimers();
  expect(await uncaught).toEqual(new Error('a fault of the page'));
  for (const listener of others) process.on('uncaughtException', listener);
  expect(heard).toEqual([1]);
});

const NOT_FRAMES = [
  'no JSON',
  'null',
  '[]',
  '{"type":"__proto__"}',
  '{"type":"constructor"}',
  '{"type":"somethingNew"}',
  '{"type":"roomState","state":{"users":{}}}',
  '{"type":"roomPatch","seq":"1"}',
  '{"type":"roomPatch","seq":1,"users":{"remove":[1]}}',
  '{"type":"directMessage"}',
];

test.each(NOT_FRAMES)('the frame %s is passed over', async (frame) => {
  const { client, socket } = await connected();
  socket.say({ type: 'roomState', state: state(user('ada')), epoch: 'e', seq: 0 });
  const before = client.getSnapshot();
  socket.say(frame);
  expect(client.getSnapshot()).toBe(before);
});

test('users who are none are left out of the state', async () => {
  const { client, socket } = await connected();
  socket.say({ type: 'roomState', state: state(user('ada'), JSON.parse('null') as object, { id: 1 }) });
  expect(client.users.map(({ id }) => id)).toEqual(['ada']);
});

/** A page, as far as the client looks at it. */
function stubPage(): EventTarget {
  const page = new EventTarget();
  vi.stubGlobal('window', page);
  vi.stubGlobal('document', {});
  vi.stubGlobal('location', { host: 'meet.example.org', protocol: 'https:' });
  return page;
}

test('in a page it leaves with the page, and comes back with it', async () => {
  const page = stubPage();
  const { client, socket, sockets, connections } = await connected();
  socket.takeTypes();
  page.dispatchEvent(new Event('pagehide'));
  expect(socket.takeTypes()).toEqual(['userLeft']);
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  await vi.advanceTimersByTimeAsync(0);
  sockets[1]?.open();
  expect(connections.map(({ status }) => status)).toEqual(['open', 'gone', 'reconnecting', 'open']);
  expect(client.connection).toEqual({ status: 'open' });

  client.leave();
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  expect(client.connection.status).toBe('gone');
});

test('a machine that has a network again does not wait for the old connection to die', async () => {
  const page = stubPage();
  const { client, sockets } = await connected();
  page.dispatchEvent(new Event('online'));
  expect(client.connection).toEqual({ status: 'reconnecting' });
  await vi.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(2);
});

test('a page may keep its client although it is put away', async () => {
  const page = stubPage();
  const { client } = await connected({ leavesWithPage: false });
  page.dispatchEvent(new Event('pagehide'));
  expect(client.connection).toEqual({ status: 'open' });
});
