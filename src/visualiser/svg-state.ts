import { compartmentHeight, LINE_HEIGHT, PADDING_X, PADDING_Y, TITLE_HEIGHT, type BoxRow } from './box.ts';
import type { ChartState } from './chart.ts';
import type { Layout, PlacedState, Point } from './layout.ts';
import { sign, textAt, textLines } from './svg-text.ts';
import { tenth } from './tenth.ts';
import { stateLines, transitionText } from './wording.ts';
import { element, escapeXml } from './xml.ts';

const CORNER = 6;

/** A state's box without the states inside it, which come after it and stand on it. */
export function stateGroup({ chart }: Layout, placed: PlacedState): string {
  const { state } = placed.box;
  const parent = chart.states.find(({ id }) => id === state.parent);
  const hasInside = chart.states.some((other) => other.parent === state.id);
  const names = [
    'state',
    state.kind,
    ...(hasInside ? ['outer'] : []),
    ...(parent?.kind === 'parallel' ? ['region'] : []),
  ];
  return element('g', { class: names.join(' '), 'data-state': state.id }, [
    element('title', {}, escapeXml(tooltip(state))),
    ...(state.kind === 'history' ? historyMark(placed) : boxParts(placed)),
  ]);
}

function tooltip(state: ChartState): string {
  return [state.id, state.description ?? '', ...stateLines(state)].filter(Boolean).join('\n');
}

function historyMark({ x, y, width, box }: PlacedState): readonly string[] {
  const radius = width / 2;
  const circle = { cx: tenth(x + radius), cy: tenth(y + radius), r: tenth(radius - 1) };
  return [
    element('circle', { class: 'box', ...circle }),
    element('circle', { class: 'ring', ...circle }),
    textAt(
      box.state.history?.depth === 'deep' ? 'H*' : 'H',
      { x: x + radius - 6, y: y + radius - 8 },
      'mark',
    ),
  ];
}

function boxParts(placed: PlacedState): readonly string[] {
  const { x, y, width, height, box } = placed;
  const frame = { x, y, width, height, rx: CORNER };
  const titleAt = { x: x + PADDING_X, y: y + (TITLE_HEIGHT - LINE_HEIGHT) / 2 + 1 };
  const behaviourAt = y + TITLE_HEIGHT;
  const rowsAt = behaviourAt + compartmentHeight(box.behaviour.length);
  return [
    element('rect', { class: 'box', ...frame }),
    element('path', { class: 'bar', d: barPath(placed) }),
    element('rect', { class: 'ring', ...frame }),
    ...(box.state.kind === 'final' ? [element('rect', { class: 'ring', ...inset(placed, 3) })] : []),
    textAt(box.state.key, titleAt, 'name'),
    ...box.behaviour.map((line, index) =>
      textAt(line, { x: x + PADDING_X, y: behaviourAt + PADDING_Y + index * LINE_HEIGHT }, 'behaviour'),
    ),
    ...(box.behaviour.length > 0 && box.rows.length > 0 ? [rule(placed, rowsAt)] : []),
    ...(height > box.height + 1 ? [rule(placed, y + box.height)] : []),
    ...rowGroups(box.rows, { x: x + PADDING_X, y: rowsAt + PADDING_Y }),
  ];
}

/** The title bar: round at the top, straight below. */
function barPath({ x, y, width }: PlacedState): string {
  const [right, bottom] = [tenth(x + width), tenth(y + TITLE_HEIGHT)];
  return (
    `M${x} ${bottom}V${tenth(y + CORNER)}Q${x} ${y} ${tenth(x + CORNER)} ${y}` +
    `H${tenth(right - CORNER)}Q${right} ${y} ${right} ${tenth(y + CORNER)}V${bottom}Z`
  );
}

function inset({ x, y, width, height }: PlacedState, by: number): Readonly<Record<string, number>> {
  return {
    x: tenth(x + by),
    y: tenth(y + by),
    width: tenth(width - 2 * by),
    height: tenth(height - 2 * by),
    rx: CORNER - by / 2,
  };
}

function rule({ x, width }: PlacedState, y: number): string {
  return element('path', { class: 'rule', d: `M${x} ${tenth(y)}H${tenth(x + width)}` });
}

/** The transitions that stay in the state: each a line with the sign of its kind. */
function rowGroups(rows: readonly BoxRow[], start: Point): readonly string[] {
  let { y } = start;
  return rows.map(({ transition, lines }) => {
    const at = { x: start.x, y };
    y += lines.length * LINE_HEIGHT;
    return element('g', { class: `row ${transition.kind}`, 'data-transition': transition.id }, [
      element('title', {}, escapeXml(transitionText(transition))),
      sign(transition.kind, at),
      textLines(lines, at),
    ]);
  });
}
