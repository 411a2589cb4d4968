import { element } from './element.js';
import { eventText, outcomeText, timeOf, whoOf } from './words.js';

/** Rows beside those in sight, so that scrolling meets no gap. */
const OVERSCAN = 12;
/** How many steps a page key goes. */
const PAGE = 10;

/**
 * A list of all steps, of which only those in sight are in the document. Follows the end unless its reader has
 * scrolled away from it.
 */
export class Log {
  #list;
  #rows;
  /** @type {Map<number, HTMLElement>} */
  #made = new Map();
  #following = true;
  #rowHeight = 0;
  #count = 0;
  /** @type {number | undefined} */
  #selected;
  /** @type {import('./history.js').History | undefined} */
  #history;
  #withNames = false;

  /**
   * @param {HTMLElement} list - the listbox, which scrolls
   * @param {HTMLElement} rows - in it; as tall as all rows together
   * @param {{ go: (position: number) => void, move: (steps: number) => void }} actions
   */
  constructor(list, rows, { go, move }) {
    this.#list = list;
    this.#rows = rows;
    list.addEventListener('scroll', () => {
      this.#following = list.scrollTop + list.clientHeight >= list.scrollHeight - this.#rowHeight;
      this.#draw();
    });
    list.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest('[data-position]') : null;
      if (row !== null) go(Number(row.getAttribute('data-position')));
    });
    list.addEventListener('keydown', (event) => {
      const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE, PageDown: PAGE }[event.key];
      if (steps === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      move(steps);
    });
    new ResizeObserver(() => this.#measure()).observe(list);
  }

  /** Goes on at the end, wherever the reader has scrolled to. */
  follow() {
    this.#following = true;
  }

  /**
   * Another history, or another way to write it down.
   * @param {import('./history.js').History} history
   * @param {boolean} withNames
   */
  replace(history, withNames) {
    this.#history = history;
    this.#withNames = withNames;
    this.#made.clear();
    this.#rows.replaceChildren();
    this.#selected = undefined;
  }

  /**
   * @param {number} position
   * @param {boolean} isPaused
   * @param {number} forgotten - how many rows have gone at the top since the last time
   */
  show(position, isPaused, forgotten) {
    const history = this.#history;
    if (history === undefined) return;
    if (this.#rowHeight === 0) this.#measure();
    const top = this.#list.scrollTop;
    this.#count = history.last - history.first + 1;
    this.#rows.style.height = `${this.#count * this.#rowHeight}px`;
    if (!isPaused && this.#following) this.#list.scrollTop = this.#list.scrollHeight;
    else if (forgotten > 0) this.#list.scrollTop = top - forgotten * this.#rowHeight;
    if (isPaused && position !== this.#selected) this.#bringIntoView(position - history.first);
    this.#selected = position;
    this.#draw();
    const current = this.#made.get(position);
    if (isPaused && current !== undefined) this.#list.setAttribute('aria-activedescendant', current.id);
    else this.#list.removeAttribute('aria-activedescendant');
  }

  /** @param {number} index */
  #bringIntoView(index) {
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight)
      this.#list.scrollTop = top + this.#rowHeight - clientHeight;
  }

  /** How tall a row is, is said in the style sheet. */
  #measure() {
    const height = Number.parseFloat(getComputedStyle(this.#rows).lineHeight);
    if (height === this.#rowHeight) return this.#draw();
    this.#rowHeight = height;
    this.#rows.style.height = `${this.#count * height}px`;
    this.#made.clear();
    this.#rows.replaceChildren();
    this.#draw();
  }

  #draw() {
    const history = this.#history;
    if (history === undefined || this.#rowHeight === 0) return;
    const { scrollTop, clientHeight } = this.#list;
    const from = history.first + Math.max(0, Math.floor(scrollTop / this.#rowHeight) - OVERSCAN);
    const to = Math.min(history.last, from + Math.ceil(clientHeight / this.#rowHeight) + 2 * OVERSCAN);
    for (const [position, row] of this.#made) {
      // The row before all steps is another one after the oldest have gone.
      const isStale = position === history.first && row.dataset['seq'] !== '';
      if (position >= from && position <= to && !isStale) continue;
      row.remove();
      this.#made.delete(position);
    }
    for (let position = from; position <= to; position += 1) this.#place(history, position);
  }

  /**
   * @param {import('./history.js').History} history
   * @param {number} position
   */
  #place(history, position) {
    const row = this.#made.get(position) ?? this.#make(history, position);
    row.style.top = `${(position - history.first) * this.#rowHeight}px`;
    row.ariaPosInSet = String(position - history.first + 1);
    row.ariaSetSize = String(this.#count);
    row.ariaSelected = String(position === this.#selected);
  }

  /**
   * @param {import('./history.js').History} history
   * @param {number} position
   */
  #make(history, position) {
    const row = rowOf(history, position, this.#withNames);
    row.id = `step-${position}`;
    row.role = 'option';
    row.dataset['position'] = String(position);
    this.#made.set(position, row);
    // In their order, in which a screen reader reads them.
    const next = [...this.#made.keys()].filter((other) => other > position);
    this.#rows.insertBefore(row, (next.length > 0 && this.#made.get(Math.min(...next))) || null);
    return row;
  }
}

/**
 * @param {import('./history.js').History} history
 * @param {number} position
 * @param {boolean} withNames
 */
function rowOf(history, position, withNames) {
  const step = history.step(position);
  if (step === undefined) {
    const row = element(
      'div',
      'row origin',
      position === 0 ? 'When the watching began' : 'Earlier steps are forgotten',
    );
    row.dataset['seq'] = '';
    return row;
  }
  const who = whoOf(step);
  const name = withNames ? history.nameOf(who) : undefined;
  const row = element(
    'div',
    `row ${step.outcome}`,
    element('span', 'seq', String(step.seq)),
    ' ',
    element('time', 'at', timeOf(step.at)),
    ' ',
    element('span', step.event.type === '' ? 'event unreadable' : 'event', eventText(step)),
    ' ',
    element('bdi', 'who', name === undefined ? who : `${name} (${who})`),
    ' ',
    element('span', 'outcome', outcomeText(step)),
  );
  row.dataset['seq'] = String(step.seq);
  // Where a column is too narrow.
  row.title = `${eventText(step)}, ${outcomeText(step)}`;
  return row;
}
