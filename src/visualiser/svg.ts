import { LABEL_MARGIN } from './box.ts';
import type { Layout, PlacedEdge, PlacedStart, Point } from './layout.ts';
import { legend, LEGEND_HEIGHT, LEGEND_WIDTH } from './svg-legend.ts';
import { stateGroup } from './svg-state.ts';
import { STYLE } from './svg-style.ts';
import { sign, textLines } from './svg-text.ts';
import { tenth } from './tenth.ts';
import { element, escapeXml } from './xml.ts';
import { startText, transitionText } from './wording.ts';

/**
 * Draws a chart. Every state is a group with `data-state`, every transition one with `data-transition`, each with its id
 * in the chart and once.
 */
export function toSvg(layout: Layout): string {
  const { chart } = layout;
  const width = Math.max(layout.width, LEGEND_WIDTH);
  const height = layout.height + LEGEND_HEIGHT;
  const parts = [
    element('title', { id: `${chart.id}-title` }, escapeXml(`Statechart of ${chart.id}`)),
    element('desc', { id: `${chart.id}-desc` }, escapeXml(describe(layout))),
    element('style', {}, `\n${STYLE}\n`),
    element('rect', { class: 'ground', width, height }),
    ...layout.states.map((state) => stateGroup(layout, state)),
    ...layout.starts.map((start) => startGroup(layout, start)),
    ...layout.edges.map(edgeGroup),
    legend(layout.height),
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'statechart',
    role: 'img',
    'aria-labelledby': `${chart.id}-title ${chart.id}-desc`,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
  };
  return `${element('svg', attributes, `\n${parts.join('\n')}\n`)}\n`;
}

function describe({ chart, edges }: Layout): string {
  const names = chart.states.filter(({ parent }) => parent !== null).map(({ key }) => key);
  return (
    `States: ${names.join(', ')}. Arrows are the ${edges.length} transitions from one state to another; ` +
    'what leaves a state as it is stands in its box. The same as text is in the table beside this drawing.'
  );
}

function startGroup({ chart }: Layout, start: PlacedStart): string {
  const radius = start.width / 2;
  const state = chart.states.find(({ id }) => id === start.of);
  return element('g', { class: 'start-of', 'data-start': start.of }, [
    element('title', {}, escapeXml(state === undefined ? '' : startText(state))),
    element('circle', { class: 'start', cx: start.x + radius, cy: start.y + radius, r: radius - 1 }),
    element('path', { class: 'start-line', d: pathOf(start.line) }),
    element('path', { class: 'start', d: headOf(start.line) }),
  ]);
}

function edgeGroup({ transition, lines, label }: PlacedEdge): string {
  const { text, ...rectangle } = label;
  const at = { x: label.x + LABEL_MARGIN, y: label.y + LABEL_MARGIN };
  return element('g', { class: `edge ${transition.kind}`, 'data-transition': transition.id }, [
    element('title', {}, escapeXml(transitionText(transition))),
    ...lines.flatMap((line) => [
      element('path', { class: 'line', d: pathOf(line) }),
      element('path', { class: 'head', d: headOf(line) }),
    ]),
    element('rect', { class: 'label', ...rectangle, rx: 4 }),
    sign(transition.kind, at),
    textLines(text, at),
  ]);
}

function pathOf(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
}

const HEAD_LENGTH = 9;
const HEAD_HALF = 4.5;

/** An arrow head at the end of a line, whose last part is upright or level. */
function headOf(points: readonly Point[]): string {
  const [from, to] = points.slice(-2);
  if (from === undefined || to === undefined) return '';
  const dx = Math.sign(to.x - from.x);
  const dy = Math.sign(to.y - from.y);
  const back = { x: to.x - dx * HEAD_LENGTH, y: to.y - dy * HEAD_LENGTH };
  const corners = [
    to,
    { x: back.x + dy * HEAD_HALF, y: back.y + dx * HEAD_HALF },
    { x: back.x - dy * HEAD_HALF, y: back.y - dx * HEAD_HALF },
  ];
  return `${pathOf(corners.map(({ x, y }) => ({ x: tenth(x), y: tenth(y) })))}Z`;
}
