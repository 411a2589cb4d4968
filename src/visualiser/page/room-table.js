import { element, write } from './element.js';
import { stateText } from './words.js';

/** @typedef {import('../../admin/room-directory.ts').RoomSummary} RoomSummary */

/** Rows of rooms, each the same for as long as its room is listed: who has the focus there keeps it. */
export class RoomTable {
  #table;
  #body;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /** @param {HTMLElement} table */
  constructor(table) {
    this.#table = table;
    this.#body = /** @type {HTMLElement} */ (table.querySelector('tbody'));
  }

  /** @param {readonly RoomSummary[]} rooms - in their order */
  show(rooms) {
    this.#table.hidden = rooms.length === 0;
    const listed = new Set(rooms.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (listed.has(name)) continue;
      row.remove();
      this.#rows.delete(name);
    }
    let place = this.#body.firstElementChild;
    for (const room of rooms) {
      const row = this.#rows.get(room.name) ?? rowOf(room);
      this.#rows.set(room.name, row);
      if (row === place) place = row.nextElementSibling;
      else this.#body.insertBefore(row, place);
      fill(row, room);
    }
  }
}

/** @param {RoomSummary} room */
function rowOf({ name }) {
  const link = element('a', '', element('bdi', '', name));
  link.setAttribute('href', `/rooms/${encodeURIComponent(name)}/statechart`);
  const heading = element('th', '', link);
  heading.setAttribute('scope', 'row');
  return element(
    'tr',
    '',
    heading,
    element('td', '', element('span', 'state')),
    element('td', 'number'),
    element('td', 'wide id'),
  );
}

/**
 * @param {HTMLElement} row
 * @param {RoomSummary} room
 */
function fill(row, { state, users, meetingId }) {
  const [, , people, meeting] = row.children;
  write(/** @type {HTMLElement} */ (row.querySelector('.state')), stateText(state));
  write(/** @type {HTMLElement} */ (people), users.toLocaleString('en'));
  write(/** @type {HTMLElement} */ (meeting), meetingId ?? 'none');
}
