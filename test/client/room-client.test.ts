import { expect, test } from 'vitest';
import { RoomClient } from '../../src/client/index.ts';
import { StockClient } from '../support/partysocket-client.ts';
import { RoomPerson } from '../support/room-people.ts';
import { loginCookie, startServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const NO_GRACE_IN_SIGHT = { RECONNECT_GRACE_MS: '600000' };

test('two clients and a stock client see each other, as each says of itself', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  const ben = await new RoomPerson(server, 'ben', { presence: { raisedHand: true } }).meets('ada');
  const stock = new StockClient({ port: server.port, id: 'cleo', cookie: () => loginCookie('cleo') });
  await stock.connected();
  await ada.meets('ben', 'cleo');

  const tracks = { audioEnabled: false, videoEnabled: false, screenShareEnabled: false };
  await until(() => ada.client.users[1]?.raisedHand === true);
  expect(ada.client.users).toEqual([
    { id: 'ada', name: 'ada', joined: true, raisedHand: false, speaking: false, tracks },
    { id: 'ben', name: 'ben', joined: true, raisedHand: true, speaking: false, tracks },
    {
      id: 'cleo',
      name: 'cleo',
      joined: false,
      raisedHand: false,
      speaking: false,
      tracks: { ...tracks, audioUnavailable: false },
    },
  ]);
  await until(() => ben.client.users.length === 3);
  expect(ben.client.users).toEqual(ada.client.users);
  expect(ada.client.self).toBe(ada.client.users[0]);
  await stock.until(() => {
    const state = stock.last.frames.findLast(({ type }) => type === 'roomState')?.['state'];
    return JSON.stringify(state) === JSON.stringify(ada.client.state);
  });
});

test('who was there first is no news, who comes and goes is', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  await ada.meets('ben');
  expect(ada.all('join').map(({ id }) => id)).toEqual(['ben']);
  expect(ben.all('join')).toEqual([]);

  ben.client.leave();
  await ada.meets();
  expect(ada.all('leave').map(({ id }) => id)).toEqual(['ben']);
  expect(ben.client.connection).toEqual({ status: 'gone', reason: 'left', code: 1000 });
});

test('a change of presence reaches the others, and one that changes nothing is not sent', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  const watcher = await server.connect({ id: 'watcher', name: 'watcher' });
  await ada.meets('watcher');
  const framesBefore = watcher.frames.length;

  ada.client.update({ raisedHand: true, tracks: { audio: 's/t' } });
  ada.client.update({ raisedHand: true });
  ada.client.update({ tracks: { audio: undefined } });
  await until(() => ada.client.self?.raisedHand === true && ada.client.self.tracks.audio === undefined);

  expect(ada.client.self).toMatchObject({ ...ada.client.presence });
  await watcher.settle();
  // Both changes may have been merged into one state.
  expect(watcher.frames.length - framesBefore).toBeLessThanOrEqual(2);
});

test('a lost connection is told as reconnecting, and brings neither a leave nor a join', async () => {
  const server = await startServer(NO_GRACE_IN_SIGHT);
  const ada = await new RoomPerson(server, 'ada').meets();
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  await ada.meets('ben');

  ben.cut();
  await until(() => ben.client.connection.status === 'reconnecting');
  expect(ben.client.users).toHaveLength(2);
  expect(ben.client.muteUser('ada')).toBe(false);
  ben.client.update({ raisedHand: true });
  await until(() => ada.client.users.find(({ id }) => id === 'ben')?.raisedHand === true);

  expect(ben.all('connection').map(({ status }) => status)).toEqual(['open', 'reconnecting', 'open']);
  expect(ada.all('join').map(({ id }) => id)).toEqual(['ben']);
  expect([...ada.all('leave'), ...ben.all('leave'), ...ben.all('join')]).toEqual([]);
  expect(ada.client.self?.tracks.audioEnabled).toBe(false);
});

test('a client whose place was given up says again what it has said of itself', async () => {
  const server = await startServer({ RECONNECT_GRACE_MS: '10', STATE_TICK_MS: '0' });
  const ben = await new RoomPerson(server, 'ben', { retryMs: { min: 60, max: 60 } }).meets();
  const ada = await new RoomPerson(server, 'ada').meets('ben');
  ben.client.update({ raisedHand: true });
  await until(() => ada.client.users[1]?.raisedHand === true);

  ben.cut();
  await until(() => ben.client.connection.status === 'reconnecting');
  server.clock.advance(1_000);
  await ada.meets();
  await ada.meets('ben');
  await until(() => ada.client.users[1]?.raisedHand === true);
  expect(ada.all('leave').map(({ id }) => id)).toEqual(['ben']);
  expect(ada.all('join').map(({ id }) => id)).toEqual(['ben']);
});

test('a client that a newer one replaces is gone and stays gone, until it is told to come back', async () => {
  const server = await startServer();
  const older = await new RoomPerson(server, 'ada').meets();
  const newer = new RoomPerson(server, 'ada');
  await until(() => older.client.connection.status === 'gone');
  expect(older.client.connection).toEqual({ status: 'gone', reason: 'replaced', code: 4500 });
  await newer.meets();
  expect(older.sockets).toHaveLength(1);

  older.client.rejoin();
  await until(() => newer.client.connection.status === 'gone');
  await older.meets();
  expect(older.client.connection).toEqual({ status: 'open' });
});

test('a client without a login is gone, and not for ever connecting', async () => {
  const server = await startServer();
  const client = new RoomClient({
    server: server.url,
    room: 'room',
    retryMs: { min: 5, max: 20 },
  });
  await until(() => client.connection.status === 'gone');
  expect(client.connection).toEqual({ status: 'gone', reason: 'unauthorized', code: 1000 });
});

test('who is muted is told, says so of itself, and does not take it back after a reconnect', async () => {
  const server = await startServer(NO_GRACE_IN_SIGHT);
  const presence = { tracks: { audioEnabled: true } };
  const ada = await new RoomPerson(server, 'ada', { presence }).meets();
  const ben = await new RoomPerson(server, 'ben').meets('ada');

  expect(ben.client.muteUser('ada')).toBe(true);
  await until(() => ada.all('muted').length > 0);
  expect(ada.client.presence.tracks.audioEnabled).toBe(false);
  ada.cut();
  await until(() => ada.all('connection').filter(({ status }) => status === 'open').length === 2);
  ada.client.update({ raisedHand: true });
  await until(() => ben.client.users[0]?.raisedHand === true);
  expect(ben.client.users[0]?.tracks.audioEnabled).toBe(false);
});

test('a direct message arrives with the name of its sender, at nobody else', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  const cleo = await new RoomPerson(server, 'cleo').meets('ada', 'ben');

  ben.client.directMessage('ada', { text: 'hello' });
  ben.client.directMessage('cleo', 'and you');
  await until(() => ada.all('directMessage').length > 0 && cleo.all('directMessage').length > 0);
  expect(ada.all('directMessage')).toEqual([{ from: 'ben', message: { text: 'hello' } }]);
  expect(cleo.all('directMessage')).toEqual([{ from: 'ben', message: 'and you' }]);
  expect(ben.all('directMessage')).toEqual([]);
});

test('what the server refuses is told with its code', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  ada.client.requestAiControl();
  ada.client.muteUser('nobody');
  await until(() => ada.all('error').length === 2);
  expect(ada.all('error')).toEqual([
    { code: 'ai_not_active', text: 'There is no AI in this room' },
    { code: 'user_not_found', text: 'This user is not in the room' },
  ]);
});

test('a message of the end-to-end encryption is passed on whole', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada').meets();
  const ben = await new RoomPerson(server, 'ben').meets('ada');
  ben.client.send({ type: 'e2eeMlsMessage', welcome: [1, 2] });
  await until(() => ada.all('e2ee').length > 0);
  expect(ada.all('e2ee')).toEqual([{ type: 'e2eeMlsMessage', welcome: [1, 2] }]);
});

test('a room is known by the name that people see', async () => {
  const server = await startServer();
  const ada = await new RoomPerson(server, 'ada', { room: 'café ☕ 100%' }).meets();
  const ben = await server.connect({ room: encodeURIComponent('café ☕ 100%'), id: 'ben', name: 'ben' });
  await ada.meets('ben');
  expect(ben.isOpen).toBe(true);
});
