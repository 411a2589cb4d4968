import { describe, expect, test } from 'vitest';
import { machines } from '../../machines/index.ts';
import { toChart } from '../../src/visualiser/chart.ts';
import { layOut, type PlacedState, type Point, type Rectangle } from '../../src/visualiser/layout.ts';
import { textWidth, wrapText } from '../../src/visualiser/text-width.ts';
import { everyFeature, hostile } from './small-machines.ts';

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const within = (inner: Rectangle, outer: Rectangle): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** The parts of a line, as thin rectangles. */
const segments = (line: readonly Point[]): readonly Rectangle[] =>
  line.slice(1).map((to, index) => {
    const from = line[index] ?? to;
    return {
      x: Math.min(from.x, to.x),
      y: Math.min(from.y, to.y),
      width: Math.max(1, Math.abs(to.x - from.x)),
      height: Math.max(1, Math.abs(to.y - from.y)),
    };
  });

/** On the border of a box, or on the line below its text, to half a pixel. */
function touches({ x, y }: Point, box: PlacedState): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 0.5;
  const inX = x >= box.x - 0.5 && x <= box.x + box.width + 0.5;
  const inY = y >= box.y - 0.5 && y <= box.y + box.height + 0.5;
  const levels = [box.y, box.y + box.height, box.y + box.box.height];
  const uprights = [box.x, box.x + box.width];
  return (inX && levels.some((at) => near(y, at))) || (inY && uprights.some((at) => near(x, at)));
}

const all = Object.entries({ ...machines, everyFeature, hostile });

describe.each(all)('the layout of %s', async (_, machine) => {
  const chart = toChart(machine);
  const { states, edges, starts, ...page } = await layOut(chart);
  const stateOf = (id: string): PlacedState | undefined => states.find(({ box }) => box.state.id === id);
  const leaves = states.filter(({ box }) => chart.states.every(({ parent }) => parent !== box.state.id));

  test('has a place for every state and every transition that goes somewhere', () => {
    expect(states.map(({ box }) => box.state.id)).toEqual(chart.states.map(({ id }) => id));
    const drawn = edges.map(({ transition, lines }) => [transition.id, lines.length]);
    const expected = chart.transitions
      .filter(({ source, targets }) => targets.length > 1 || (targets[0] ?? source) !== source)
      .map(({ id, targets }) => [id, targets.length]);
    expect(drawn).toEqual(expected);
  });

  test('lets no label overlap another one, a box without states inside, or the text of any box', () => {
    const labels = edges.map(({ transition, label }) => ({ id: transition.id, ...label }));
    const texts = states.map(({ box, ...place }) => ({
      ...place,
      id: box.state.id,
      height: leaves.some((leaf) => leaf.box === box) ? place.height : box.height,
    }));
    const marks = starts.map((start) => ({ ...start, id: `start of ${start.of}` }));
    const pairs = labels.flatMap((label, index) =>
      [...labels.slice(index + 1), ...texts, ...marks]
        .filter((other) => overlap(label, other))
        .map((other) => [label.id, other.id]),
    );
    expect(pairs).toEqual([]);
  });

  test('leads no line through the label of another one or through a box without states inside', () => {
    const solids = [
      ...edges.map(({ transition, label }) => ({ ...label, ids: [transition.id] })),
      ...leaves.map((leaf) => ({
        ...leaf,
        ids: edges
          .filter(({ transition: { source, targets } }) => [source, ...targets].includes(leaf.box.state.id))
          .map(({ transition }) => transition.id),
      })),
    ];
    const crossed = edges.flatMap(({ transition, lines }) =>
      lines
        .flatMap(segments)
        .flatMap((segment) =>
          solids.filter((solid) => !solid.ids.includes(transition.id) && overlap(segment, solid)),
        )
        .map(({ ids }) => [transition.id, ids]),
    );
    expect(crossed).toEqual([]);
  });

  test('keeps every state inside its parent, below the parent’s text, and apart from its neighbours', () => {
    const faults = states.flatMap((state) => {
      const parent = stateOf(state.box.state.parent ?? '');
      const neighbours = states.filter(
        (other) => other !== state && other.box.state.parent === state.box.state.parent,
      );
      const isOut =
        parent !== undefined && (!within(state, parent) || state.y < parent.y + parent.box.height);
      return isOut || neighbours.some((other) => overlap(state, other)) ? [state.box.state.id] : [];
    });
    expect(faults).toEqual([]);
    const sheet = { x: 0, y: 0, width: page.width, height: page.height };
    expect([...states, ...edges.map(({ label }) => label)].filter((shape) => !within(shape, sheet))).toEqual(
      [],
    );
  });

  test('has room for all text', () => {
    const tight = states.filter(
      ({ box, width }) =>
        width < textWidth(box.state.key, 14) + 8 ||
        [...box.behaviour, ...box.rows.flatMap(({ lines }) => lines)].some(
          (line) => width < textWidth(line, 12),
        ),
    );
    // A history state is a circle with a letter.
    expect(tight.filter(({ box }) => box.state.kind !== 'history')).toEqual([]);
    expect(edges.filter(({ label }) => label.text.some((line) => label.width < textWidth(line, 12)))).toEqual(
      [],
    );
  });

  test('leads every line from its source to its target, level or upright', () => {
    const faults = edges.flatMap(({ transition, lines }) =>
      lines.flatMap((line, index) => {
        const [source, target] = [stateOf(transition.source), stateOf(transition.targets[index] ?? '')];
        const [first, last] = [line[0], line.at(-1)];
        if (!source || !target || !first || !last) return [transition.id];
        const slanted = line.slice(1).some(({ x, y }, at) => x !== line[at]?.x && y !== line[at]?.y);
        return slanted || !touches(first, source) || !touches(last, target) ? [transition.id] : [];
      }),
    );
    expect(faults).toEqual([]);
  });

  test('is the same every time', async () => {
    expect(await layOut(toChart(machine))).toEqual({ states, edges, starts, ...page });
  });
});

test('the room reads from top to bottom, at the width of a page', async () => {
  const { states, width } = await layOut(toChart(machines.room));
  const topOf = (key: string): number => states.find(({ box }) => box.state.key === key)?.y ?? Number.NaN;
  const keys = ['room', 'idle', 'active', 'aiConnecting', 'aiActive', 'free', 'granting', 'held'];
  const tops = keys.map(topOf);
  expect(tops).toEqual(tops.toSorted((a, b) => a - b));
  expect(new Set(tops).size).toBe(keys.length);
  expect(width).toBeLessThanOrEqual(1300);
});

test('lines break at spaces, but not inside brackets or after a slash', () => {
  expect(wrapText('after aLongTimeout (20 s) / doThis, thenThat', 12, 100)).toEqual([
    'after',
    'aLongTimeout',
    '(20 s) / doThis,',
    'thenThat',
  ]);
  expect(wrapText('short', 12, 100)).toEqual(['short']);
});
