/**
 * @typedef {import('../trace.ts').TraceStep} TraceStep
 * @typedef {import('../trace.ts').SeenState} SeenState
 * @typedef {import('../mask.ts').SeenContext} SeenContext
 */

/** How many steps can be gone back, at least. */
const KEPT_STEPS = 1_000;
/** So many more are there before the oldest go, together. */
const SLACK = 500;
/** A reader who has stopped at a step keeps it, and those after it, for this long. */
const KEPT_WHILE_HELD = 10_000;

/** A state that changes are put into, in place: there may be a thousand people and as many steps. */
class Fold {
  /** @type {SeenContext | undefined} */
  #context;

  /** @param {Pick<SeenState, 'value' | 'context'>} state */
  constructor({ value, context }) {
    const { users, ...rest } = context;
    this.value = value;
    this.rest = rest;
    this.users = new Map(users.map((user) => [user.id, user]));
    this.#context = context;
  }

  /** @param {TraceStep} step */
  apply({ value, change }) {
    this.value = value;
    if (change === undefined) return;
    for (const id of change.gone) this.users.delete(id);
    for (const user of change.put) this.users.set(user.id, user);
    this.rest = change.rest;
    this.#context = undefined;
  }

  /** The same object until something changes. */
  get context() {
    const users = () => [...this.users.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#context ??= { ...this.rest, users: users() };
    return this.#context;
  }
}

/**
 * The steps of one room that are remembered, and the state after each: a first state, into which the changes are folded.
 * A position is the `seq` of the step before it; `first` is that before all steps.
 */
export class History {
  /** @type {Fold} */
  #start;
  /** @type {TraceStep[]} */
  #steps;
  /** @type {Fold} */
  #cursor;
  #cursorAt = 0;
  /** @type {Map<string, string>} */
  #names = new Map();

  /**
   * @param {SeenState} start
   * @param {readonly TraceStep[]} steps
   */
  constructor(start, steps) {
    this.#start = new Fold(start);
    this.#cursor = new Fold(start);
    this.#steps = [...steps];
    this.#cursorAt = this.first;
    this.#learn(start.context.users);
    for (const { change } of steps) this.#learn(change?.put ?? []);
  }

  get first() {
    return (this.#steps[0]?.seq ?? 1) - 1;
  }

  get last() {
    return this.first + this.#steps.length;
  }

  /**
   * The step that led to a position; nothing at the first.
   * @param {number} position
   */
  step(position) {
    return this.#steps[position - this.first - 1];
  }

  /**
   * Room and context at a position. Going on is quick; going back is done again from the start.
   * @param {number} position
   */
  at(position) {
    if (position < this.#cursorAt) {
      this.#cursor = new Fold(this.#start);
      this.#cursorAt = this.first;
    }
    const first = this.first;
    for (const step of this.#steps.slice(this.#cursorAt - first, position - first)) this.#cursor.apply(step);
    this.#cursorAt = position;
    const { value, context } = this.#cursor;
    return { value, context };
  }

  /**
   * The context without the people.
   * @param {number} position
   */
  restAt(position) {
    const changes = this.#steps.slice(0, position - this.first);
    return changes.findLast(({ change }) => change !== undefined)?.change?.rest ?? this.#start.rest;
  }

  /**
   * Takes in what has happened since.
   * @param {readonly TraceStep[]} steps
   */
  add(steps) {
    for (const step of steps) {
      if (step.seq <= this.last) continue;
      this.#steps.push(step);
      this.#learn(step.change?.put ?? []);
    }
  }

  /**
   * Forgets the oldest steps, and gives how many.
   * @param {number} held - the position where the reader stays
   */
  trim(held) {
    const many = this.#steps.length;
    if (many < KEPT_STEPS + SLACK) return 0;
    const beforeHeld = Math.max(0, held - this.first - 1);
    const spared = Math.min(many - KEPT_STEPS, beforeHeld);
    const forgotten = many - spared > KEPT_WHILE_HELD ? many - KEPT_WHILE_HELD : spared;
    if (forgotten === 0) return 0;
    // The first state is that after them; the cursor may be among them.
    if (this.#cursorAt < this.first + forgotten) this.at(this.first + forgotten);
    for (const step of this.#steps.splice(0, forgotten)) this.#start.apply(step);
    return forgotten;
  }

  /**
   * Whether this is the same room, watched without a break: what was seen at a position is still so.
   * @param {History} later
   */
  isContinuedBy(later) {
    const sameMeeting = this.#start.rest.meetingId === later.#start.rest.meetingId;
    if (this.#steps.length === 0) return sameMeeting && later.first === this.first;
    const step = this.#steps.find(({ seq }) => later.step(seq) !== undefined);
    return step !== undefined && later.step(step.seq)?.at === step.at;
  }

  /**
   * What somebody is or was called.
   * @param {string} id
   */
  nameOf(id) {
    return this.#names.get(id);
  }

  /**
   * All of it, as the server gives it for `npm run replay`.
   * @param {string} room
   */
  toTrace(room) {
    const { value, context } = this.#start;
    const start = { value, context };
    const end = this.at(this.last);
    return { format: 'satsuma-trace/1', machine: 'room', room, start, steps: [...this.#steps], end };
  }

  /** @param {readonly { id: string, name: string }[]} users */
  #learn(users) {
    for (const { id, name } of users) this.#names.set(id, name);
  }
}
