import { charts } from 'virtual:charts';
import type { PlacedEdge, PlacedNode } from '../charts/chart-layout.ts';
import { Tip } from './parts.tsx';

interface StatechartProps {
  readonly chart: 'provider' | 'request' | 'balancer';
  /** The state it is in: `trial.running`. */
  readonly active: string;
  /** The last step; its arrow is animated anew whenever `key` changes. */
  readonly last?:
    | { readonly from: string; readonly to: string; readonly event: string; readonly key: number }
    | undefined;
  /** States that were passed, for a path; with it everything else steps back. */
  readonly path?: readonly string[] | undefined;
}

/** A statechart as its definition has it, the active state lit. */
export function Statechart({ chart, active, last, path }: StatechartProps) {
  const layout = charts[chart];
  if (layout === undefined) return null;
  const taken = (edge: PlacedEdge): boolean =>
    last !== undefined &&
    isWithin(last.from, edge.from) &&
    isWithin(last.to, edge.to) &&
    (edge.events.includes(last.event) || last.event === '');
  // An exception of ours leads the same way; the ordinary one is meant.
  const onPath = (edge: PlacedEdge): boolean =>
    !edge.events.every((event) => event === 'attempt.faulted') &&
    path?.some(
      (state, at) => at > 0 && isWithin(path[at - 1] ?? '', edge.from) && isWithin(state, edge.to),
    ) === true;
  const lit = new Set(layout.edges.filter(path === undefined ? taken : onPath));
  const direct = last !== undefined && !layout.edges.some(taken) && last.from !== last.to;
  return (
    <div class="statechart-scroll" role="group" tabIndex={0} aria-label={`Statechart of a ${chart}`}>
      <svg
        class={`statechart of-${chart}`}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        style={{ maxWidth: `${layout.width}px` }}
        role="img"
        aria-label={`Statechart of a ${chart}; it is in ${active.replaceAll('.', ', ')}.`}
      >
        <defs>
          {['plain', 'lit'].map((name) => (
            <Tip key={name} id={`tip-${chart}-${name}`} tone={name} size={10} />
          ))}
        </defs>
        {layout.nodes
          .filter(({ isCompound }) => isCompound)
          .map((node) => (
            <StateBox key={node.id} node={node} active={active} path={path} />
          ))}
        {layout.edges.map((edge) => {
          const isLit = lit.has(edge);
          const dim = path !== undefined && !isLit;
          return (
            <g
              key={`${edge.from}→${edge.to}`}
              class={`edge ${isLit ? 'lit' : ''} ${dim ? 'dim' : ''}`}
              data-edge={`${edge.from}→${edge.to}`}
            >
              <path d={edge.path} marker-end={`url(#tip-${chart}-${isLit ? 'lit' : 'plain'})`} />
              {isLit && path === undefined && <path key={last?.key} class="pulse" d={edge.path} />}
            </g>
          );
        })}
        {layout.edges.map((edge) => (
          <EdgeLabel
            key={`${edge.from}→${edge.to}`}
            edge={edge}
            isLit={lit.has(edge)}
            dim={path !== undefined}
          />
        ))}
        {layout.nodes
          .filter(({ isCompound }) => !isCompound)
          .map((node) => (
            <StateBox key={node.id} node={node} active={active} path={path} />
          ))}
        {layout.nodes
          .filter(({ isCompound }) => isCompound)
          .map((node) => (
            <CompoundName key={node.id} node={node} isActive={isWithin(active, node.id)} />
          ))}
      </svg>
      {direct && (
        <p class="soft">
          Last step: {last.from} → {last.to} by <code>{last.event}</code>, possible in every state.
        </p>
      )}
    </div>
  );
}

function StateBox({
  node,
  active,
  path,
}: {
  node: PlacedNode;
  active: string;
  path: StatechartProps['path'];
}) {
  const { id, name, x, y, width, height, isCompound, isFinal, isInitial } = node;
  const isActive = isWithin(active, id);
  const isPassed = path?.some((state) => isWithin(state, id)) === true;
  const classes = [
    'node',
    isCompound && 'compound',
    isFinal && 'final',
    isActive && 'active',
    isPassed && 'passed',
    path !== undefined && !isPassed && 'dim',
  ];
  return (
    <g class={classes.filter(Boolean).join(' ')} data-state={id} transform={`translate(${x} ${y})`}>
      <rect width={width} height={height} rx={isCompound ? 12 : 9} />
      {isFinal && <rect class="inner" x="3" y="3" width={width - 6} height={height - 6} rx="6.5" />}
      {isInitial && <circle class="initial" cx="12" cy={isCompound ? 18 : height / 2} r="3.2" />}
      {!isCompound && (
        <text x={width / 2 + (isInitial ? 4 : 0)} y={height / 2 + 4.5} text-anchor="middle">
          {name}
        </text>
      )}
    </g>
  );
}

/** Drawn after the arrows, which may lead through the state. */
function CompoundName({ node, isActive }: { node: PlacedNode; isActive: boolean }) {
  const { name, x, y, isInitial } = node;
  return (
    <g class={`node compound ${isActive ? 'active' : ''}`} transform={`translate(${x} ${y})`}>
      <text x={isInitial ? 24 : 16} y={22}>
        {name}
      </text>
    </g>
  );
}

function EdgeLabel({ edge, isLit, dim }: { edge: PlacedEdge; isLit: boolean; dim: boolean }) {
  const { label, labels } = edge;
  if (label === undefined) return null;
  return (
    <g
      class={`edge-label ${isLit ? 'lit' : dim ? 'dim' : ''}`}
      transform={`translate(${label.x} ${label.y})`}
    >
      <rect width={label.width} height={label.height} rx="4" />
      {labels.map((text, at) => (
        <text key={`${at}${text}`} x={label.width / 2} y={11 + at * 13} text-anchor="middle">
          {text}
        </text>
      ))}
    </g>
  );
}

/** Whether `state` is `outer` or lies within it: an arrow to or from a compound state stands for its inner ones. */
function isWithin(state: string, outer: string): boolean {
  return state === outer || state.startsWith(`${outer}.`);
}
