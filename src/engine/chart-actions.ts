import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** What actions and guards are called with. */
export interface ChartArgs {
  readonly context: AnyMachineSnapshot['context'];
  readonly event: AnyEventObject;
}

export type Guard = (args: ChartArgs) => boolean;

/** As `assign` was given it: one function, or one for each key, or values. */
type Assignment = ((args: ChartArgs) => object) | Readonly<Record<string, unknown>>;

/** One of XState's own actions. */
interface Builtin {
  readonly type: string;
  readonly assignment?: Assignment;
  readonly resolve: (
    scope: AnyActorScope,
    snapshot: AnyMachineSnapshot,
    args: ChartArgs,
    params: undefined,
    action: Builtin,
  ) => readonly [AnyMachineSnapshot, unknown, unknown];
  readonly execute: (scope: AnyActorScope, params: unknown) => void;
}

/** An action that is worked out here: an assignment, an event for listeners, or an effect. */
export type ChartAction =
  | { readonly kind: 'assign'; readonly assignment: Assignment }
  | { readonly kind: 'emit'; readonly builtin: Builtin }
  | { readonly kind: 'effect'; readonly type: string; readonly effect: () => void };

/** The guard of a transition; `other`: one with parameters, or one made of others. */
export function guardOf(chart: AnyStateMachine, guard: unknown): Guard | undefined | 'other' {
  if (guard === undefined) return undefined;
  const found = typeof guard === 'string' ? lookUp(chart.implementations.guards, guard) : guard;
  return typeof found === 'function' && !('check' in found) ? (found as Guard) : 'other';
}

/** Undefined where one of them is none of those that are worked out. */
export function actionsOf(chart: AnyStateMachine, actions: readonly unknown[]): ChartAction[] | undefined {
  const known: ChartAction[] = [];
  for (const action of actions) {
    const found = actionOf(chart, action);
    if (found === undefined) return undefined;
    known.push(found);
  }
  return known;
}

function actionOf(chart: AnyStateMachine, action: unknown): ChartAction | undefined {
  const type = typeof action === 'string' ? action : typeOf(action);
  const found = typeof action === 'function' ? action : lookUp(chart.implementations.actions, type);
  if (typeof found !== 'function') return undefined;
  if (!('resolve' in found)) return { kind: 'effect', type: type ?? found.name, effect: found as () => void };
  const builtin = found as unknown as Builtin;
  if (builtin.type === 'xstate.emit') return { kind: 'emit', builtin };
  const { assignment } = builtin;
  return assignment === undefined ? undefined : { kind: 'assign', assignment };
}

/** Of an action that is an object, if it has no parameters. */
function typeOf(action: unknown): string | undefined {
  const { type, params } = action as { readonly type?: string; readonly params?: unknown };
  return params === undefined ? type : undefined;
}

function lookUp(implementations: Readonly<Record<string, unknown>>, name: string | undefined): unknown {
  return name === undefined ? undefined : implementations[name];
}

/** The context after an action; what else it does, it does through the scope, as under XState itself. */
export function act(
  action: ChartAction,
  context: ChartArgs['context'],
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
): ChartArgs['context'] {
  const info = { context, event, self: scope.self, system: scope.system };
  switch (action.kind) {
    case 'assign':
      return Object.assign({}, context, assigned(action.assignment, info));
    case 'emit': {
      const { builtin } = action;
      const [, params] = builtin.resolve(scope, before, info, undefined, builtin);
      const exec = (): void => builtin.execute(scope, params);
      scope.actionExecutor({ type: builtin.type, info, params: undefined, exec });
      return context;
    }
    case 'effect':
      scope.actionExecutor({ type: action.type, info, params: undefined, exec: action.effect });
      return context;
  }
}

function assigned(assignment: Assignment, args: ChartArgs): object {
  if (typeof assignment === 'function') return assignment(args);
  const values: Record<string, unknown> = {};
  for (const key in assignment) {
    const value = assignment[key];
    values[key] = typeof value === 'function' ? value(args) : value;
  }
  return values;
}
