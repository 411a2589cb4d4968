import { element } from './element.js';
import { counted } from './words.js';

/** As many as a person looks through; the page stays quick in a room of a thousand. */
const MAX_USERS = 100;

/**
 * Data of the room as a list of names and values, one within the other.
 * @param {object} data
 * @param {ReadonlySet<string>} [changed] - names to mark
 * @returns {HTMLElement}
 */
export function fieldsOf(data, changed = new Set()) {
  const list = element('dl', 'fields');
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined) continue;
    const key = element('dt', '', name);
    const isChanged = changed.has(name);
    if (isChanged) key.append(' ', element('small', 'mark', 'changed'));
    list.append(key, element('dd', isChanged ? 'changed' : '', valueOf(value)));
  }
  return list;
}

/**
 * @param {unknown} value
 * @returns {HTMLElement}
 */
function valueOf(value) {
  if (value === null) return element('span', 'none', 'none');
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_USERS).map((item) => element('li', '', valueOf(item)));
    if (value.length > MAX_USERS) items.push(element('li', 'none', `and ${value.length - MAX_USERS} more`));
    return element('ul', 'values', ...items);
  }
  if (typeof value === 'object') return fieldsOf(value);
  return typeof value === 'string'
    ? element('bdi', 'text', value)
    : element('span', 'literal', JSON.stringify(value));
}

/**
 * The people, those first whom the step has changed.
 * @param {import('../mask.ts').SeenContext['users']} users
 * @param {import('../trace.ts').SeenChange | undefined} change
 */
export function usersOf(users, change) {
  const changed = new Set(change?.put.map(({ id }) => id));
  const inOrder = [
    ...users.filter(({ id }) => changed.has(id)),
    ...users.filter(({ id }) => !changed.has(id)),
  ];
  const items = inOrder.slice(0, MAX_USERS).map((user) => {
    const { id, name, tracks, ...presence } = user;
    const item = element(
      'li',
      changed.has(id) ? 'changed' : '',
      element('bdi', 'name', name),
      ' ',
      element('bdi', 'id', id),
    );
    if (changed.has(id)) item.append(' ', element('small', 'mark', 'changed'));
    item.append(element('small', 'presence', presenceText({ ...presence, ...tracks })));
    return item;
  });
  for (const id of change?.gone ?? [])
    items.unshift(element('li', 'gone', element('bdi', 'id', id), ' ', element('small', 'mark', 'gone')));
  if (users.length > MAX_USERS) items.push(element('li', 'none', `and ${users.length - MAX_USERS} more`));
  return element('ul', 'users', ...items);
}

/** What is so of somebody; what is not is left out. */
const presenceText = (/** @type {object} */ presence) =>
  Object.entries(presence)
    .filter(([, value]) => value !== false && value !== undefined)
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(' · ') || 'nothing said yet';

/** What the room knows at a step. */
export class ContextView {
  #target;
  /** @type {unknown} */
  #shown;
  /** @type {unknown} */
  #shownStep;

  /** @param {HTMLElement} target */
  constructor(target) {
    this.#target = target;
  }

  /**
   * @param {import('./history.js').History} history
   * @param {number} position
   */
  show(history, position) {
    const { context } = history.at(position);
    const step = history.step(position);
    // Nothing that somebody may have selected is replaced by its like.
    if (context === this.#shown && step === this.#shownStep) return;
    this.#shown = context;
    this.#shownStep = step;
    const { users, ...rest } = context;
    const changed = step?.change === undefined ? [] : differing(history.restAt(position - 1), rest);
    this.#target.replaceChildren(
      fieldsOf(rest, new Set(changed)),
      element('h3', '', counted(users.length, 'person', 'people')),
      usersOf(users, step?.change),
    );
  }
}

/**
 * @param {object} before
 * @param {object} after
 */
function differing(before, after) {
  const old = new Map(Object.entries(before));
  return Object.entries(after)
    .filter(([name, value]) => JSON.stringify(old.get(name)) !== JSON.stringify(value))
    .map(([name]) => name);
}
