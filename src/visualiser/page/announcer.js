/** A screen reader needs this long for a short sentence; in a busy room the last one counts. */
const INTERVAL_MS = 1_500;

/** Says things to who does not see the page, one at a time and none too often. */
export class Announcer {
  #target;
  #next = '';
  #busy = false;

  /** @param {HTMLElement} target - a live region */
  constructor(target) {
    this.#target = target;
  }

  /** @param {string} text */
  say(text) {
    this.#next = text;
    if (!this.#busy) this.#speak();
  }

  #speak() {
    this.#busy = this.#next !== '';
    if (!this.#busy) return;
    this.#target.textContent = this.#next;
    this.#next = '';
    setTimeout(() => this.#speak(), INTERVAL_MS);
  }
}
