import { fieldsOf } from './context.js';
import { outcomeText, stateText, timeOf } from './words.js';

/** What happened in a step, and what came of it. */
export class StepView {
  #target;
  /** @type {import('../trace.ts').TraceStep | undefined} */
  #shown;

  /** @param {HTMLElement} target */
  constructor(target) {
    this.#target = target;
  }

  /** @param {import('../trace.ts').TraceStep | undefined} step */
  show(step) {
    if (step === this.#shown) return;
    this.#shown = step;
    this.#target.replaceChildren(...(step === undefined ? [] : [fieldsOf(factsOf(step))]));
  }
}

/**
 * The step's own facts come last: an event's field of the same name hides none of them.
 * @param {import('../trace.ts').TraceStep} step
 */
function factsOf(step) {
  const { type, ...data } = step.event;
  return {
    event: type === '' ? 'none: the frame could not be read' : type,
    ...data,
    time: timeOf(step.at),
    outcome: outcomeText(step),
    transitions: step.transitions.length > 0 ? step.transitions : null,
    'state after': stateText(step.value),
  };
}
