import type { SimulcastChoice } from './session-media.ts';

/** A layer as the choice sees it. */
export type LayerState = {
  readonly rid: string;
  /** Packets came lately. */
  readonly isFlowing: boolean;
  readonly bps: number;
};

/**
 * The rid of the layer that a subscriber is to get, or `undefined` when there is none that it may have.
 *
 * A preferred layer is kept to unless an ordering allows another: `ridNotAvailable` while the preferred one does not
 * flow, `priorityOrdering` while it is more than `budgetBps`. Whoever prefers nothing takes the best that flows.
 * "Asciibetical" goes from a to z, best first; without an ordering it is the publisher's own.
 *
 * @param layers - as announced, best first
 */
export function chooseRid(
  layers: readonly LayerState[],
  choice: SimulcastChoice,
  budgetBps: number | undefined,
): string | undefined {
  const { preferredRid, priorityOrdering, ridNotAvailable } = choice;
  const isOrdered = priorityOrdering === 'asciibetical' || ridNotAvailable === 'asciibetical';
  const ordered = isOrdered ? [...layers].sort((a, b) => (a.rid < b.rid ? -1 : 1)) : layers;
  const start = preferredRid === undefined ? 0 : ordered.findIndex(({ rid }) => rid === preferredRid);
  const mayReplace = preferredRid === undefined || ridNotAvailable === 'asciibetical';
  const wanted = firstFlowing(ordered, start, mayReplace);
  if (wanted === undefined || priorityOrdering === 'none' || budgetBps === undefined) return wanted?.rid;
  const cheaper = ordered.slice(ordered.indexOf(wanted)).filter(({ isFlowing }) => isFlowing);
  return (cheaper.find(({ bps }) => bps <= budgetBps) ?? cheaper.at(-1) ?? wanted).rid;
}

/** The layer at `start`, or the next after it, or else the nearest before; when none flows, the first choice is waited for. */
function firstFlowing(
  ordered: readonly LayerState[],
  start: number,
  mayReplace: boolean,
): LayerState | undefined {
  const preferred = ordered[start];
  if (!mayReplace || preferred?.isFlowing === true) return preferred;
  const after = ordered.slice(start + 1).find(({ isFlowing }) => isFlowing);
  const before = ordered.slice(0, Math.max(0, start)).findLast(({ isFlowing }) => isFlowing);
  return after ?? before ?? preferred ?? ordered[0];
}
