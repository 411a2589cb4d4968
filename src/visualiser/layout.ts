import Elk, { type ElkExtendedEdge, type ElkNode, type ElkPoint } from 'elkjs/lib/elk.bundled.js';
import { boxOf, labelLines, type Box } from './box.ts';
import { goesSomewhere, isInside, type Chart, type ChartTransition } from './chart.ts';
import { edgeId, isBackward, startId, toGraph } from './elk-graph.ts';
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
  const graph = await new Elk.default().layout(toGraph(chart, boxes));
  const found: Found = {
    chart,
    boxes,
    nodes: new Map(withInside(graph).map((node) => [node.id, rectangleOf(node)])),
    edges: new Map((graph.edges ?? []).map((edge) => [edge.id, edge])),
  };
  return {
    chart,
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    states: [...boxes].map(([id, box]) => ({ ...placeOf(found, id), box })),
    starts: chart.states
      .filter(({ initial }) => initial !== null)
      .map(({ id }) => ({
        ...placeOf(found, startId(id)),
        of: id,
        line: lineOf(found.edges.get(startId(id))),
      })),
    edges: chart.transitions.filter(goesSomewhere).map((transition) => placeEdge(found, transition)),
  };
}

/** What ELK found for each id in the graph. */
type Found = {
  readonly chart: Chart;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly nodes: ReadonlyMap<string, Rectangle>;
  readonly edges: ReadonlyMap<string, ElkExtendedEdge>;
};

const placeOf = ({ nodes }: Found, id: string): Rectangle => nodes.get(id) ?? rectangleOf(undefined);

function placeEdge(found: Found, transition: ChartTransition): PlacedEdge {
  const label = found.edges.get(edgeId(transition, 0))?.labels?.[0];
  return {
    transition,
    lines: transition.targets.map((target, index) => placeLine(found, transition, target, index)),
    label: { ...rectangleOf(label), text: labelLines(transition) },
  };
}

function placeLine(
  found: Found,
  transition: ChartTransition,
  target: string,
  index: number,
): readonly Point[] {
  const { source } = transition;
  const line = lineOf(found.edges.get(edgeId(transition, index)));
  if (isBackward(found.chart, source, target)) return line.toReversed();
  const [first, ...rest] = line;
  if (first === undefined || !isInside(found.chart, target, source)) return line;
  // ELK lets it begin at the upper border of its source; there is text below that.
  const text = placeOf(found, source).y + (found.boxes.get(source)?.height ?? 0);
  return [{ x: first.x, y: tenth(Math.max(first.y, text)) }, ...rest];
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
  const line = points.map(({ x, y }) => ({ x: tenth(x), y: tenth(y) }));
  return straightened(straightened(line).toReversed()).toReversed();
}

/** A line is free to begin a little beside where ELK lets it, if that saves a kink nobody could explain. */
const MAX_KINK = 2;

function straightened(line: readonly Point[]): readonly Point[] {
  const [first, second, third, ...rest] = line;
  if (first === undefined || second === undefined || third === undefined || rest.length === 0) return line;
  const isKink = first.x === second.x && second.y === third.y && Math.abs(third.x - second.x) <= MAX_KINK;
  return isKink ? [{ x: third.x, y: first.y }, ...rest] : line;
}
