import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** Draws a machine's definition as a Mermaid state diagram. */
export function mermaid(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...indent(body(machine.root))].join('\n');
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** `trial.due` → `trial_due`: names are unique in the whole diagram. */
function nameOf(node: AnyStateNode): string {
  return node.path.join('_');
}

function body(node: AnyStateNode): string[] {
  const first = node.initial?.target?.[0];
  return [
    ...(first === undefined ? [] : [`[*] --> ${nameOf(first)}`]),
    ...Object.values(node.states).flatMap(stateLines),
    ...arrowsWithin(node),
    ...(node.parent === undefined ? fromAnywhere(node) : []),
  ];
}

/** The arrows that begin and end in `node`, but not both in one of its children: where drawn, an arrow's ends are placed. */
function arrowsWithin(node: AnyStateNode): string[] {
  const isIn = (other: AnyStateNode, parent: AnyStateNode): boolean => other.id.startsWith(`${parent.id}.`);
  const below = (parent: AnyStateNode): AnyStateNode[] =>
    Object.values(parent.states).flatMap((child) => [child, ...below(child)]);
  const holders = Object.values(node.states);
  return below(node).flatMap((source) => [
    ...transitionsOf(source).flatMap(([type, transition]) =>
      (transition.target ?? [])
        .filter((target) => isIn(target, node))
        .filter((target) => !holders.some((child) => isIn(source, child) && isIn(target, child)))
        .map((target) => `${nameOf(source)} --> ${nameOf(target)}: ${label(type, transition)}`),
    ),
    ...(source.type === 'final' && source.parent === node ? [`${nameOf(source)} --> [*]`] : []),
  ]);
}

function stateLines(node: AnyStateNode): string[] {
  const label = `state "${node.key}" as ${nameOf(node)}`;
  return Object.keys(node.states).length === 0 ? [label] : [`${label} {`, ...indent(body(node)), '}'];
}

function transitionsOf(node: AnyStateNode): readonly (readonly [string, AnyTransitionDefinition])[] {
  const all = [['', node.always ?? []] as const, ...node.transitions];
  return all.flatMap(([type, transitions]) => transitions.map((one) => [type, one] as const));
}

/** What the root handles holds in every state: it is noted beside the diagram's first state, not drawn from each. */
function fromAnywhere(root: AnyStateNode): string[] {
  const lines = transitionsOf(root).map(([type, transition]) => {
    const targets = (transition.target ?? []).map(nameOf).join(', ');
    return `${label(type, transition)}${targets === '' ? '' : ` → ${targets}`}`;
  });
  const first = root.initial?.target?.[0];
  if (lines.length === 0 || first === undefined) return [];
  return [`note right of ${nameOf(first)}`, ...indent(['in every state:', ...lines]), 'end note'];
}

function label(type: string, { guard }: AnyTransitionDefinition): string {
  const name = eventName(type);
  const condition = guardName(guard);
  if (condition === undefined) return name === '' ? 'otherwise' : name;
  return name === '' ? `[${condition}]` : `${name} [${condition}]`;
}

function eventName(type: string): string {
  if (type === '') return '';
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after !== null) return `after ${after[1]}`;
  return type.replace(/^xstate\.(error|done)\.actor\.(.+)$/, (_, what: string, who: string) =>
    who === '*'
      ? `a child is ${what === 'done' ? 'done' : 'broken'}`
      : `${who} is ${what === 'done' ? 'done' : 'broken'}`,
  );
}

function guardName(guard: AnyTransitionDefinition['guard']): string | undefined {
  if (guard === undefined) return undefined;
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && 'type' in guard ? String(guard.type) : 'condition';
}
