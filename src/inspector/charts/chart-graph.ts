import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { eventWords } from '../../domain/inspection/event-words.ts';

/** A statechart as a graph to be drawn: taken from the definition itself, so that no picture can differ from the code. */
export interface ChartGraph {
  readonly id: string;
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
  /** Events that are taken in every state, with where they lead; nowhere: the state stays. */
  readonly everywhere: readonly { readonly event: string; readonly to?: string }[];
}

export interface ChartNode {
  /** Its path by dots, as states are told: `active.attempting`. */
  readonly id: string;
  readonly name: string;
  readonly parent?: string;
  readonly isCompound: boolean;
  readonly isFinal: boolean;
  readonly isInitial: boolean;
}

export interface ChartEdge {
  readonly from: string;
  readonly to: string;
  /** What moves it: event, guard in brackets; several if they share a way. */
  readonly labels: readonly string[];
  /** The same as events alone, as the feed names them. */
  readonly events: readonly string[];
}

export function chartGraph(machine: AnyStateMachine): ChartGraph {
  const all = descendants(machine.root);
  const edges = new Map<string, { from: string; to: string; labels: string[]; events: string[] }>();
  for (const node of all) {
    for (const { event, guard, to } of waysOf(node)) {
      if (to === undefined) continue;
      const from = pathOf(node);
      const key = `${from}→${to}`;
      const edge = edges.get(key) ?? { from, to, labels: [], events: [] };
      // Below each other: a label's width is what makes a chart wide.
      const label = [eventWords(event), guard === undefined ? '' : `[${guard}]`].filter(Boolean);
      if (label.some((line) => !edge.labels.includes(line))) edge.labels.push(...label);
      if (!edge.events.includes(event)) edge.events.push(event);
      edges.set(key, edge);
    }
  }
  return {
    id: machine.id,
    nodes: all.map((node) => nodeOf(node)),
    edges: [...edges.values()],
    everywhere: waysOf(machine.root).map(({ event, to }) => ({ event, ...(to === undefined ? {} : { to }) })),
  };
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

function nodeOf(node: AnyStateNode): ChartNode {
  const parent = node.parent === undefined ? '' : pathOf(node.parent);
  const initial = node.parent?.initial.target ?? [];
  return {
    id: pathOf(node),
    name: node.key,
    ...(parent === '' ? {} : { parent }),
    isCompound: Object.keys(node.states).length > 0,
    isFinal: node.type === 'final',
    isInitial: initial.some((target: AnyStateNode) => target.id === node.id),
  };
}

interface Way {
  readonly event: string;
  readonly guard: string | undefined;
  readonly to: string | undefined;
}

function waysOf(node: AnyStateNode): Way[] {
  const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
  return transitions.map(({ eventType, guard, target }) => ({
    event: eventType,
    guard: guardName(guard),
    to: target?.[0] === undefined ? undefined : pathOf(target[0]),
  }));
}

function guardName(guard: unknown): string | undefined {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : undefined;
}

function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}
