const form = document.getElementById('enter');
const enter = (room) => location.assign(`/${encodeURIComponent(room)}`);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const room = new FormData(form).get('room').trim();
  if (room !== '') enter(room);
});

/** Sixteen that are not taken for one another and make no words, so that a byte chooses among them evenly. */
const LETTERS = 'bcdfghjkmnpqrtvx';

/** A name that nobody guesses: 48 bits, in groups that can be read out. */
function newRoom() {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => LETTERS[byte % 16]);
  return [0, 4, 8].map((at) => letters.slice(at, at + 4).join('')).join('-');
}

document.getElementById('make').addEventListener('click', () => enter(newRoom()));
