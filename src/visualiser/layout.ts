import Elk, { type ElkExtendedEdge, type ElkNode, type ElkPoint } from 'elkjs/lib/elk.bundled.js';
import { boxOf, labelLines, type Box } from './box.ts';
import { goesSomewhere, isInside, type Chart, type ChartTransition } from './chart.ts';
import { edgeId, startId, toGraph } from './elk-graph.ts';
import { tenth } from './tenth.ts';

export type Rectangle = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type Point = { readonly x: number; readonly y: number };

export type PlacedState = Rectangle & { readonly box: Box };
/** Where a compound state begins. */
export type PlacedStart = Rectangle & { readonly of: string; readonly line: readonly Point[] };
export type PlacedEdge = {
  readonly transition: ChartTransition;
  /** One for each target. */
  readonly lines: readonly (readonly Point[])[];
  readonly label: Rectangle & { readonly text: readonly string[] };
};

/** A chart with a place for everything, in pixels from the top left. States as in the chart: outer before inner. */
export type Layout = {
  readonly chart: Chart;
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  readonly starts: readonly PlacedStart[];
  readonly edges: readonly PlacedEdge[];
};

/** Lays a chart out with ELK; the same chart gives the same numbers on every machine. */
export async function layOut(chart: Chart): Promise<Layout> {
  const boxes = new Map(chart.states.map((state) => [state.id, boxOf(chart, state)]));
  return placed(chart, boxes, await new Elk.default().layout(toGraph(chart, boxes)));
}

function placed(chart: Chart, boxes: ReadonlyMap<string, Box>, graph: ElkNode): Layout {
  const nodes = new Map(withInside(graph).map((node) => [node.id, rectangleOf(node)]));
  const edges = new Map((graph.edges ?? []).map((edge) => [edge.id, edge]));
  const states = [...boxes].map(([id, box]) => ({ ...rectangleOf(nodes.get(id)), box }));
  return {
    chart,
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    states,
    starts: chart.states
      .filter(({ initial }) => initial !== null)
      .map(({ id }) => ({
        ...rectangleOf(nodes.get(startId(id))),
        of: id,
        line: lineOf(edges.get(startId(id))),
      })),
    edges: chart.transitions.filter(goesSomewhere).map((transition) => ({
      transition,
      lines: transition.targets.map((target, index) =>
        belowText(
          lineOf(edges.get(edgeId(transition, index))),
          states.find(
            ({ box: { state } }) =>
              state.id === transition.source && isInside(chart, target, transition.source),
          ),
        ),
      ),
      label: {
        ...rectangleOf(edges.get(edgeId(transition, 0))?.labels?.[0]),
        text: labelLines(transition),
      },
    })),
  };
}

/** An edge to a state inside its source comes from the source's upper border; it begins below the text that is there. */
function belowText(line: readonly Point[], from: PlacedState | undefined): readonly Point[] {
  const [first, ...rest] = line;
  if (first === undefined || from === undefined) return line;
  return [{ x: first.x, y: Math.max(first.y, tenth(from.y + from.box.height)) }, ...rest];
}

function withInside(node: ElkNode): readonly ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(withInside)];
}

function rectangleOf(shape: Partial<Rectangle> | undefined): Rectangle {
  return {
    x: tenth(shape?.x),
    y: tenth(shape?.y),
    width: tenth(shape?.width),
    height: tenth(shape?.height),
  };
}

function lineOf(edge: ElkExtendedEdge | undefined): readonly Point[] {
  const section = edge?.sections?.[0];
  if (section === undefined) return [];
  const points: readonly ElkPoint[] = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
  return points.map(({ x, y }) => ({ x: tenth(x), y: tenth(y) }));
}
