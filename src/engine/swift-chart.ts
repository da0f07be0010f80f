import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { act } from './chart-actions.ts';
import { type Arrow, type Place, type Places, placesOf, type Step } from './chart-arrows.ts';

/**
 * A chart that behaves as the given one, faster: the arrows that almost every request takes are worked out once, where
 * XState works out at every step which states are left and entered, and makes a snapshot for each action (a quarter of
 * what a request cost, docs/performance.md). What is not worked out, XState does: delays, invoked actors, actions that
 * enqueue others. Assignments must not spawn.
 *
 * @param isFollowed whether somebody follows each step by XState's `inspect`: then XState takes them all.
 */
export function swift<Logic extends AnyStateMachine>(chart: Logic, isFollowed: () => boolean): Logic {
  const places = placesOf(chart);
  if (places === undefined) return chart;
  const beginning = places.beginning;
  const quick = Object.create(chart) as Logic;
  quick.transition = (snapshot, event, scope) =>
    (isFollowed() ? undefined : taken(places, snapshot, event, scope)) ??
    chart.transition(snapshot, event, scope);
  if (beginning !== undefined) {
    quick.getInitialSnapshot = (scope, input) =>
      isFollowed() ? chart.getInitialSnapshot(scope, input) : begun(chart, beginning, scope, input);
  }
  return quick;
}

/** Longer than any chain of arrows that wait for no event; XState looks after circles. */
const LONGEST_CHAIN = 10;

type Context = AnyMachineSnapshot['context'];

/** The chart's first snapshot. An exception makes it that of an actor that has failed, as under XState. */
function begun(
  chart: AnyStateMachine,
  beginning: Step,
  scope: AnyActorScope,
  input: unknown,
): AnyMachineSnapshot {
  const { snapshot } = beginning.to;
  let first: Context = {};
  try {
    first = firstContext(chart, scope, input);
    return settledFirst(chart, beginning, first, scope, { type: 'xstate.init', input });
  } catch (error) {
    const nodes = [chart.root];
    return { ...snapshot, context: first, _nodes: nodes, status: 'error', error } as AnyMachineSnapshot;
  }
}

function settledFirst(
  chart: AnyStateMachine,
  { actions, to }: Step,
  first: Context,
  scope: AnyActorScope,
  event: AnyEventObject,
): AnyMachineSnapshot {
  const { snapshot } = to;
  let place = to;
  let context = performed(actions, first, snapshot, event, scope);
  for (let links = 0; ; links += 1) {
    const arrow = firstOpen(place.always, context, event);
    const after = (): AnyMachineSnapshot => arrived(place, context, snapshot, event, scope);
    if (arrow === undefined) return after();
    // Of its first event XState takes only the arrows that wait for none: it goes on from here.
    if (arrow.step === undefined || links === LONGEST_CHAIN) return chart.transition(after(), event, scope);
    context = performed(arrow.step.actions, context, snapshot, event, scope);
    place = arrow.step.to;
  }
}

/** The snapshot after an event; undefined: XState has to take it, and nothing has happened yet. */
function taken(
  places: Places,
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
): AnyMachineSnapshot | undefined {
  if (before.status !== 'active' || event.type.startsWith('xstate.')) return undefined;
  for (const _ in before.children) return undefined;
  const from = places.of(leafOf(before));
  const arrows = from.arrows(event.type);
  if (arrows === undefined) return undefined;
  const arrow = firstOpen(arrows, before.context, event);
  const step = arrow === undefined ? { actions: [], to: from } : arrow.step;
  if (step?.to.settles !== true) return undefined;
  let { to } = step;
  let context = performed(step.actions, before.context, before, event, scope);
  for (;;) {
    const next = firstOpen(to.always, context, event)?.step;
    if (next === undefined) break;
    context = performed(next.actions, context, before, event, scope);
    to = next.to;
  }
  if (to === from && context === before.context) return before;
  return arrived(to, context, before, event, scope);
}

function firstOpen(arrows: readonly Arrow[], context: Context, event: AnyEventObject): Arrow | undefined {
  for (const arrow of arrows) {
    if (arrow.guard === undefined || arrow.guard({ context, event })) return arrow;
  }
  return undefined;
}

function performed(
  actions: Step['actions'],
  context: Context,
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
): Context {
  let after = context;
  for (const action of actions) after = act(action, after, before, event, scope);
  return after;
}

function arrived(
  { leaf, snapshot }: Place,
  context: Context,
  { children, historyValue }: AnyMachineSnapshot,
  event: AnyEventObject,
  { self }: AnyActorScope,
): AnyMachineSnapshot {
  // Every member is one of the snapshot's own: the result has its hidden class (docs/performance.md).
  if (leaf.type !== 'final') return { ...snapshot, context, children, historyValue };
  const done = {
    type: `xstate.done.state.${leaf.id}`,
    output: outputOf(leaf.output, { context, event, self }),
  };
  const output = outputOf(leaf.machine.root.output, { context, event: done, self });
  return { ...snapshot, context, children, historyValue, output } as AnyMachineSnapshot;
}

function outputOf(mapper: unknown, args: { readonly context: Context } & Record<string, unknown>): unknown {
  return typeof mapper === 'function' ? mapper(args) : mapper;
}

function leafOf({ _nodes: nodes }: AnyMachineSnapshot): AnyMachineSnapshot['_nodes'][number] {
  const leaf = nodes.find(({ type }) => type === 'atomic' || type === 'final');
  if (leaf === undefined) throw new Error('a snapshot without a leaf');
  return leaf;
}

function firstContext(chart: AnyStateMachine, { self }: AnyActorScope, input: unknown): Context {
  const { context } = chart.config;
  return typeof context === 'function' ? context({ input, self, spawn: noSpawn }) : (context ?? {});
}

function noSpawn(): never {
  throw new Error('a chart that is made swift cannot spawn while it assigns');
}
