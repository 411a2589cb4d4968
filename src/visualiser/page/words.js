/** @typedef {import('../trace.ts').TraceStep} TraceStep */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});

/** @param {number} at */
export const timeOf = (at) => CLOCK.format(at);

/**
 * Paths of the states in an XState value, outer ones first: `{ aiActive: 'free' }` is `aiActive` and `aiActive.free`.
 * @param {import('xstate').StateValue} value
 * @returns {string[]}
 */
export function statesOf(value) {
  if (typeof value === 'string') return [value];
  return Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [key] : [key, ...statesOf(inner).map((path) => `${key}.${path}`)],
  );
}

/**
 * A state in words: the innermost ones, which name those around them.
 * @param {import('xstate').StateValue} value
 */
export function stateText(value) {
  const all = statesOf(value);
  return all.filter((path) => !all.some((other) => other.startsWith(`${path}.`))).join(', ');
}

/** A frame that could not be read never had a name. */
export const eventText = (/** @type {TraceStep} */ { event }) =>
  event.type === '' ? 'unreadable or forged frame' : event.type;

/**
 * Who an event is from or about; the room itself has none.
 * @param {TraceStep} step
 * @returns {string}
 */
export const whoOf = ({ event }) => event['by'] ?? event['id'] ?? '';

/** @param {TraceStep} step */
export const outcomeText = ({ outcome, code }) =>
  outcome === 'refused' ? `refused: ${code ?? 'without a reason'}` : outcome;

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export const counted = (count, one, many) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
