import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { ChartGraph, ChartNode } from './chart-graph.ts';

/** A graph with its place on paper, in CSS pixels. */
export interface ChartLayout {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly everywhere: ChartGraph['everywhere'];
}

export interface PlacedNode extends ChartNode, Box {}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
  readonly labels: readonly string[];
  /** An SVG path. */
  readonly path: string;
  readonly label?: Box;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CHARACTER = 6.7;
const LINE = 13;

const OPTIONS: Readonly<Record<string, string>> = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  // Close, so that the largest chart fits a usual window and can still be read.
  'elk.spacing.nodeNode': '14',
  'elk.spacing.edgeNode': '9',
  'elk.spacing.edgeEdge': '8',
  'elk.spacing.edgeLabel': '3',
  'elk.layered.spacing.nodeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeNodeBetweenLayers': '9',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '7',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.padding': '[top=4,left=4,bottom=4,right=4]',
};

/** Lays a graph out. Done when the page is built: the browser gets places, not a layouter. */
export async function chartLayout(graph: ChartGraph, elk: Pick<ELK, 'layout'>): Promise<ChartLayout> {
  const root: ElkNode = {
    id: graph.id,
    layoutOptions: OPTIONS,
    children: childrenOf(graph, undefined),
    edges: graph.edges.map(({ from, to, labels }, at) => ({
      id: `e${at}`,
      sources: [from],
      targets: [to],
      labels: labels.join('') === '' ? [] : [{ text: String(at), ...labelSize(labels) }],
    })),
  };
  const laid: ElkNode = await elk.layout(root);
  const places = new Map<string, Box>();
  place(laid, 0, 0, places);
  const edges = allEdges(laid);
  return {
    id: graph.id,
    width: laid.width ?? 0,
    height: laid.height ?? 0,
    nodes: graph.nodes.map((node) => ({ ...node, ...(places.get(node.id) ?? NOWHERE) })),
    edges: graph.edges.map((edge, at) => {
      const found = edges.find(({ id }) => id === `e${at}`);
      const origin =
        places.get((found as { container?: string } | undefined)?.container ?? graph.id) ?? NOWHERE;
      return { ...edge, ...drawn(found, origin) };
    }),
    everywhere: graph.everywhere,
  };
}

const NOWHERE: Box = { x: 0, y: 0, width: 0, height: 0 };

function childrenOf(graph: ChartGraph, parent: string | undefined): ElkNode[] {
  return graph.nodes
    .filter((node) => node.parent === parent)
    .map((node) => ({
      id: node.id,
      ...(node.isCompound
        ? {
            layoutOptions: { 'elk.padding': '[top=32,left=12,bottom=12,right=12]' },
            children: childrenOf(graph, node.id),
          }
        : { width: Math.max(92, node.name.length * 7.6 + (node.isInitial ? 44 : 34)), height: 34 }),
    }));
}

function labelSize(labels: readonly string[]): { width: number; height: number } {
  const longest = Math.max(...labels.map(({ length }) => length));
  return { width: longest * CHARACTER + 8, height: labels.length * LINE + 4 };
}

function place(node: ElkNode, x: number, y: number, places: Map<string, Box>): void {
  const at = { x: x + (node.x ?? 0), y: y + (node.y ?? 0) };
  places.set(node.id, { ...at, width: node.width ?? 0, height: node.height ?? 0 });
  for (const child of node.children ?? []) place(child, at.x, at.y, places);
}

function allEdges(node: ElkNode): ElkExtendedEdge[] {
  return [...(node.edges ?? []), ...(node.children ?? []).flatMap(allEdges)];
}

function drawn(edge: ElkExtendedEdge | undefined, origin: Box): Pick<PlacedEdge, 'path' | 'label'> {
  const section = edge?.sections?.[0];
  if (section === undefined) return { path: '' };
  const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].map(({ x, y }) => ({
    x: x + origin.x,
    y: y + origin.y,
  }));
  const label = edge?.labels?.[0];
  const place =
    label === undefined
      ? {}
      : {
          label: {
            x: round((label.x ?? 0) + origin.x),
            y: round((label.y ?? 0) + origin.y),
            width: label.width ?? 0,
            height: label.height ?? 0,
          },
        };
  return { path: rounded(points), ...place };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line along the points whose corners are round. */
function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${round(first.x)} ${round(first.y)}`];
  rest.forEach((point, at) => {
    const before = points[at] ?? first;
    const next = rest[at + 1];
    if (next === undefined) parts.push(`L${round(point.x)} ${round(point.y)}`);
    else {
      const [start, end] = [towards(point, before), towards(point, next)];
      parts.push(
        `L${round(start.x)} ${round(start.y)}Q${round(point.x)} ${round(point.y)} ${round(end.x)} ${round(end.y)}`,
      );
    }
  });
  return parts.join('');
}

function towards(corner: Point, other: Point): Point {
  const [dx, dy] = [other.x - corner.x, other.y - corner.y];
  const length = Math.hypot(dx, dy);
  const part = length === 0 ? 0 : Math.min(6, length / 2) / length;
  return { x: corner.x + dx * part, y: corner.y + dy * part };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
