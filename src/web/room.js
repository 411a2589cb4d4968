import { PartySocket } from './partysocket/index.js';

const HEARTBEAT_MS = 5_000;

const segment = location.pathname.slice(1);
const room = decodeURIComponent(segment);
const element = (id) => document.getElementById(id);

document.title = `${room} · Satsuma`;
element('room').textContent = room;
element('rename').href = `/set-username?return-url=${encodeURIComponent(location.pathname)}`;

const socket = new PartySocket({
  // Plain HTTP on a name that partysocket takes for a public one would otherwise be tried as wss.
  protocol: location.protocol === 'https:' ? 'wss' : 'ws',
  host: location.host,
  party: 'rooms',
  room: segment,
});
const send = (message) => socket.send(JSON.stringify(message));

let raisedHand = false;

function announce() {
  const tracks = {
    audioEnabled: false,
    audioUnavailable: true,
    videoEnabled: false,
    screenShareEnabled: false,
  };
  send({ type: 'userUpdate', user: { joined: true, raisedHand, speaking: false, tracks } });
}

function describe(user) {
  const notes = [];
  if (user.id === socket.id) notes.push('you');
  if (user.raisedHand) notes.push('hand raised');
  return notes.join(', ');
}

function show(users) {
  document.body.classList.remove('lost');
  element('status').textContent =
    users.length === 1 ? 'You are alone here.' : `${users.length} people are here.`;
  element('users').replaceChildren(
    ...users.map((user) => {
      const item = document.createElement('li');
      const name = document.createElement('span');
      const notes = document.createElement('small');
      name.textContent = user.name;
      notes.textContent = describe(user);
      item.append(name, notes);
      item.classList.toggle('raised', user.raisedHand);
      return item;
    }),
  );
}

socket.addEventListener('open', announce);
socket.addEventListener('close', () => {
  // The list is the last that was known.
  document.body.classList.add('lost');
  element('status').textContent = 'The connection is lost. Trying again…';
});
socket.addEventListener('message', (event) => {
  const message = JSON.parse(event.data);
  if (message.type === 'roomState') show(message.state.users);
});

element('hand').addEventListener('click', () => {
  raisedHand = !raisedHand;
  element('hand').textContent = raisedHand ? 'Lower hand' : 'Raise hand';
  announce();
});

setInterval(() => {
  if (socket.readyState === WebSocket.OPEN) send({ type: 'heartbeat' });
}, HEARTBEAT_MS);

addEventListener('pagehide', () => {
  send({ type: 'userLeft' });
  socket.close();
});
// A page taken out of the browser's back cache has left; start over.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
