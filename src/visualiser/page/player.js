/** Where the reader is in a history: at its end, whatever happens, or held at a step. */
export class Player {
  /** @type {import('./history.js').History} */
  #history;
  /** @type {number | undefined} */
  #held;

  /** @param {import('./history.js').History} history */
  constructor(history) {
    this.#history = history;
  }

  get isPaused() {
    return this.#held !== undefined;
  }

  get position() {
    const { first, last } = this.bounds;
    return Math.min(last, Math.max(first, this.#held ?? last));
  }

  /** From where to where the reader can go. */
  get bounds() {
    const { first, last } = this.#history;
    return { first, last };
  }

  /** How many steps there are after the one that is shown. */
  get ahead() {
    return this.#history.last - this.position;
  }

  pause() {
    this.#held = this.position;
  }

  resume() {
    this.#held = undefined;
  }

  /** @param {number} position */
  go(position) {
    this.#held = position;
    this.#held = this.position;
  }

  /**
   * Stops, unless there is nothing to go on to.
   * @param {number} steps - back, if less than nothing
   */
  move(steps) {
    if (steps > 0 && this.ahead === 0) return;
    this.go(this.position + steps);
  }

  first() {
    this.go(this.#history.first);
  }

  /**
   * Goes on with another history; stays at its place if there is such a one.
   * @param {import('./history.js').History} history
   * @param {boolean} isSame - whether its steps are those of the one before
   */
  replace(history, isSame) {
    this.#history = history;
    if (this.#held !== undefined && !isSame) this.#held = undefined;
  }
}
