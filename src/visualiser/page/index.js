import { byId, write } from './element.js';
import { RoomTable } from './room-table.js';

const REFRESH_MS = 3_000;
/** Who types is not done yet. */
const DEBOUNCE_MS = 250;

const input = /** @type {HTMLInputElement} */ (byId('name'));
const table = new RoomTable(byId('rooms'));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {AbortController | undefined} */
let asked;

/** Asks now, and again from time to time while somebody looks. */
async function refresh() {
  clearTimeout(timer);
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const name = input.value.trim();
  try {
    const response = await fetch(`/rooms?name=${encodeURIComponent(name)}`, { signal });
    // Without a login the browser would be shown the page for it.
    if (response.status === 401) return location.assign('/login');
    if (!response.ok) throw new Error(String(response.status));
    const list = await response.json();
    if (signal.aborted) return;
    table.show(list.rooms);
    write(byId('summary'), summaryOf(list, name));
    document.body.classList.remove('lost');
  } catch {
    if (signal.aborted) return;
    document.body.classList.add('lost');
    write(byId('summary'), 'The server does not answer. Trying again…');
  }
  schedule(REFRESH_MS);
}

/** @param {number} ms */
function schedule(ms) {
  clearTimeout(timer);
  if (document.visibilityState === 'visible') timer = setTimeout(() => void refresh(), ms);
}

/**
 * @param {{ total: number, found: number, rooms: readonly unknown[] }} list
 * @param {string} name
 */
function summaryOf({ total, found, rooms }, name) {
  const [all, hits, shown] = [total, found, rooms.length].map((count) => count.toLocaleString('en'));
  if (total === 0) return 'No rooms are running.';
  if (found === 0) return `None of ${all} rooms has “${name}” in its name.`;
  if (rooms.length < found) return `${shown} of ${hits} shown. A longer name finds fewer.`;
  if (name !== '') return `${hits} of ${all} found.`;
  return total === 1 ? 'One room is running.' : `${all} rooms are running.`;
}

byId('search').addEventListener('submit', (event) => {
  event.preventDefault();
  void refresh();
});
input.addEventListener('input', () => schedule(DEBOUNCE_MS));
document.addEventListener('visibilitychange', () => schedule(0));
void refresh();
