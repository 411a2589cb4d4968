import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk.bundled.js';
import { labelLines, labelSize, type Box } from './box.ts';
import { goesSomewhere, isInside, type Chart, type ChartState, type ChartTransition } from './chart.ts';

const START_SIZE = 12;
const HISTORY_SIZE = 26;

/** ELK's own ways to keep the order of declaration fail on edges into nested boxes; see {@link isBackward}. */
const OPTIONS: Readonly<Record<string, string>> = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.spacing.nodeNode': '24',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
};

/** Ids in the graph of what the chart has no id for. */
export const startId = (state: string): string => `start of ${state}`;

/** A chart as ELK takes it: boxes in boxes, every edge at the top. */
export function toGraph(chart: Chart, boxes: ReadonlyMap<string, Box>): ElkNode {
  const roots = chart.states.filter(({ parent }) => parent === null);
  return {
    id: 'chart',
    layoutOptions: OPTIONS,
    children: roots.map((state) => toNode(chart, boxes, state)),
    edges: [
      ...startEdges(chart),
      ...chart.transitions.filter(goesSomewhere).flatMap((transition) => toEdges(chart, transition)),
    ],
  };
}

function toNode(chart: Chart, boxes: ReadonlyMap<string, Box>, state: ChartState): ElkNode {
  const { width = 0, height = 0 } = boxes.get(state.id) ?? {};
  const size = state.kind === 'history' ? { width: HISTORY_SIZE, height: HISTORY_SIZE } : { width, height };
  const inside = chart.states.filter(({ parent }) => parent === state.id);
  if (inside.length === 0) return { id: state.id, ...size };
  const start = { id: startId(state.id), width: START_SIZE, height: START_SIZE };
  return {
    id: state.id,
    layoutOptions: {
      ...OPTIONS,
      'elk.padding': `[top=${height + 18},left=18,bottom=18,right=18]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${size.width},${size.height})`,
    },
    children: [
      ...(state.initial === null ? [] : [start]),
      ...inside.map((child) => toNode(chart, boxes, child)),
    ],
  };
}

function startEdges(chart: Chart): readonly ElkExtendedEdge[] {
  return chart.states.flatMap(({ id, initial }) =>
    initial === null ? [] : [{ id: startId(id), sources: [startId(id)], targets: [initial.target] }],
  );
}

/** One edge for each target; the first has the label. */
function toEdges(chart: Chart, transition: ChartTransition): readonly ElkExtendedEdge[] {
  const lines = labelLines(transition);
  const label = {
    id: `label of ${transition.id}`,
    text: lines.join('\n'),
    ...labelSize(lines),
    // The line leads through its label, so that nobody asks which label is whose.
    layoutOptions: { 'elk.edgeLabels.inline': 'true' },
  };
  return transition.targets.map((target, index) => ({
    id: edgeId(transition, index),
    ...(isBackward(chart, transition.source, target)
      ? { sources: [target], targets: [transition.source] }
      : { sources: [transition.source], targets: [target] }),
    labels: index === 0 ? [label] : [],
  }));
}

export const edgeId = ({ id }: ChartTransition, target: number): string => `${id} to ${target}`;

/**
 * Whether an edge leads up the page, to a state declared earlier. ELK is given such an edge the other way round, so that
 * it has nothing to decide: what is declared first stands first.
 */
export function isBackward(chart: Chart, source: string, target: string): boolean {
  if (isInside(chart, source, target) || isInside(chart, target, source)) return false;
  const ids = chart.states.map(({ id }) => id);
  return ids.indexOf(target) < ids.indexOf(source);
}
