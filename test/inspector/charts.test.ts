import { createRequire } from 'node:module';
import type { ELK } from 'elkjs/lib/elk-api.js';
import { describe, expect, it } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { balancerMachine } from '../../machines/balancer.ts';
import { providerMachine } from '../../machines/provider.ts';
import { requestMachine } from '../../machines/request.ts';
import { chartGraph } from '../../src/inspector/charts/chart-graph.ts';
import { chartLayout } from '../../src/inspector/charts/chart-layout.ts';

const Elk = createRequire(import.meta.url)('elkjs') as new () => ELK;

describe.each([
  ['provider', providerMachine],
  ['request', requestMachine],
  ['balancer', balancerMachine],
] as const)('the picture of the chart of a %s', (id, machine) => {
  const graph = chartGraph(machine);

  it('has every state of the definition, and no other', () => {
    const defined: string[] = [];
    const walk = (states: Readonly<Record<string, { states?: object }>>, above: string): void => {
      for (const [name, state] of Object.entries(states)) {
        defined.push(above + name);
        walk((state.states ?? {}) as typeof states, `${above}${name}.`);
      }
    };
    walk(machine.config.states as Parameters<typeof walk>[0], '');
    expect(graph.id).toBe(id);
    expect(graph.nodes.map((node) => node.id).sort()).toEqual(defined.sort());
  });

  it('has every transition that leads somewhere, and names what moves it', () => {
    for (const { from, to, events, labels } of graph.edges) {
      expect(graph.nodes.some((node) => node.id === from)).toBe(true);
      expect(graph.nodes.some((node) => node.id === to)).toBe(true);
      expect(events.length).toBeGreaterThan(0);
      expect(labels.every((label) => label !== '' && !label.startsWith('xstate.'))).toBe(true);
    }
    const within = (node: AnyStateNode): AnyStateNode[] =>
      Object.values(node.states).flatMap((child) => [child, ...within(child)]);
    const targets = within(machine.root as unknown as AnyStateNode).flatMap((state) =>
      [...state.transitions.values()]
        .flat()
        .concat(state.always ?? [])
        .flatMap(
          ({ target }) =>
            target?.map((each: AnyStateNode) => `${state.path.join('.')}→${each.path.join('.')}`) ?? [],
        ),
    );
    expect(graph.edges.map(({ from, to }) => `${from}→${to}`).sort()).toEqual([...new Set(targets)].sort());
  });

  it('gives each its own place on the paper', async () => {
    const layout = await chartLayout(graph, new Elk());
    const plain = layout.nodes.filter(({ isCompound }) => !isCompound);
    for (const node of layout.nodes) {
      expect(node.x).toBeGreaterThanOrEqual(0);
      expect(node.x + node.width).toBeLessThanOrEqual(layout.width);
      expect(node.y + node.height).toBeLessThanOrEqual(layout.height);
      const parent = layout.nodes.find((each) => each.id === node.parent);
      if (parent !== undefined) expect(node.x).toBeGreaterThan(parent.x);
    }
    for (const [at, one] of plain.entries()) {
      for (const other of plain.slice(at + 1)) {
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart, `${one.id} and ${other.id}`).toBe(true);
      }
    }
    for (const edge of layout.edges) expect(edge.path).toMatch(/^M[\d.]+ [\d.]+L/);
  });
});
