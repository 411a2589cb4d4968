import { statesOf } from './words.js';

const ZOOM_STEP = 1.25;
const MIN_ZOOM = 0.2;
const MAX_ZOOM = 3;
/** Below this the drawing's smallest text, of 12 px, is hard to read. */
const READABLE_ZOOM = 0.75;
/** Room that is left around what is brought into view. */
const MARGIN_PX = 24;

/** The machine's drawing, with the current state and what has just been taken highlighted. */
export class Drawing {
  #pane;
  #svg;
  /** @type {ReadonlyMap<string, Element>} */
  #states;
  /** @type {ReadonlyMap<string, Element>} */
  #transitions;
  #zoom;
  #shown = '';

  /**
   * @param {HTMLElement} pane - scrolls
   * @param {SVGSVGElement} svg
   */
  constructor(pane, svg) {
    this.#pane = pane;
    this.#svg = svg;
    this.#states = byAttribute(svg, 'data-state');
    this.#transitions = byAttribute(svg, 'data-transition');
    this.#zoom = Math.min(1, Math.max(READABLE_ZOOM, this.#fitting));
    pane.replaceChildren(svg);
    this.#resize(this.#zoom);
  }

  /**
   * @param {import('xstate').StateValue | undefined} value - nothing: there is no such room
   * @param {readonly string[]} taken - ids of transitions
   */
  show(value, taken) {
    const active = value === undefined ? [] : statesOf(value).map((path) => `room.${path}`);
    mark(this.#states, 'is-active', active);
    mark(this.#transitions, 'is-taken', taken);
    const wanted = active.at(-1) ?? '';
    if (wanted !== this.#shown) this.#bringIntoView(this.#states.get(wanted));
    this.#shown = wanted;
  }

  /**
   * Lights up what was taken and is not the latest any more, for a moment.
   * @param {readonly string[]} taken
   */
  flash(taken) {
    for (const id of taken) {
      const group = this.#transitions.get(id);
      group?.classList.remove('was-taken');
      // The animation begins again only if the browser has seen it gone.
      group?.getBoundingClientRect();
      group?.classList.add('was-taken');
    }
  }

  /** @param {1 | -1} direction */
  zoom(direction) {
    this.#resize(this.#zoom * ZOOM_STEP ** direction);
  }

  /** The whole drawing in the pane. */
  fit() {
    this.#resize(Math.min(this.#fitting, (this.#pane.clientHeight - 2) / this.#svg.viewBox.baseVal.height));
  }

  get #fitting() {
    return this.#pane.clientWidth / this.#svg.viewBox.baseVal.width;
  }

  /** @param {number} zoom */
  #resize(zoom) {
    this.#zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
    const { width, height } = this.#svg.viewBox.baseVal;
    this.#svg.style.width = `${width * this.#zoom}px`;
    this.#svg.style.height = `${height * this.#zoom}px`;
    this.#bringIntoView(this.#states.get(this.#shown));
  }

  /** Scrolls the pane alone, never the page. */
  #bringIntoView(/** @type {Element | undefined} */ state) {
    if (state === undefined) return;
    const inner = state.getBoundingClientRect();
    const outer = this.#pane.getBoundingClientRect();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#pane.scrollBy({
      left: shift(inner.left, inner.right, outer.left, outer.right),
      top: shift(inner.top, inner.bottom, outer.top, outer.bottom),
      behavior: calm ? 'instant' : 'smooth',
    });
  }
}

/**
 * Fetches a drawing. Its style is inline, which this page allows nobody: it becomes a style sheet of the page's own.
 * @param {string} url
 * @returns {Promise<SVGSVGElement>}
 */
export async function fetchDrawing(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const sheet = new CSSStyleSheet();
  // Before it is parsed: the policy of this page is also that of what it parses.
  const text = (await response.text()).replace(/<style>([^<]*)<\/style>/, (_, style) => {
    sheet.replaceSync(style);
    return '';
  });
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  document.adoptedStyleSheets.push(sheet);
  /** @type {Element} */
  const root = document.importNode(parsed.documentElement, true);
  if (!(root instanceof SVGSVGElement)) throw new Error(`${url} is no drawing`);
  return root;
}

/**
 * @param {Element} root
 * @param {string} attribute
 */
const byAttribute = (root, attribute) =>
  new Map(
    Array.from(root.querySelectorAll(`[${attribute}]`), (group) => [
      group.getAttribute(attribute) ?? '',
      group,
    ]),
  );

/**
 * @param {ReadonlyMap<string, Element>} groups
 * @param {string} className
 * @param {readonly string[]} ids
 */
function mark(groups, className, ids) {
  for (const [id, group] of groups) group.classList.toggle(className, ids.includes(id));
}

/** By how much to scroll so that one stretch lies within another; its beginning, if it is longer. */
function shift(/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ start, end = 0) {
  const before = from - start - MARGIN_PX;
  const after = to - end + MARGIN_PX;
  if (before >= 0 && after <= 0) return 0;
  return before < 0 ? before : Math.min(before, after);
}
