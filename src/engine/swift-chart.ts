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
    (isFollowed() ? undefined : taken(chart, places, snapshot, event, scope)) ??
    chart.transition(snapshot, event, scope);
  if (beginning !== undefined) {
    quick.getInitialSnapshot = (scope, input) =>
      isFollowed() ? chart.getInitialSnapshot(scope, input) : begun(chart, beginning, scope, input);
  }
  return quick;
}

/** A longer chain of arrows that wait for no event is a circle. XState's own bound, as the charts set it. */
const LONGEST_CHAIN = 100;

type Context = AnyMachineSnapshot['context'];

/** The chart's first snapshot. An exception makes it that of an actor that has failed, as under XState. */
function begun(
  chart: AnyStateMachine,
  { actions, to }: Step,
  scope: AnyActorScope,
  input: unknown,
): AnyMachineSnapshot {
  const event = { type: 'xstate.init', input };
  let first: Context = {};
  try {
    first = firstContext(chart, scope, input);
    const context = performed(actions, first, to.snapshot, event, scope);
    // Of its first event XState takes only the arrows that wait for none: it can go on from anywhere.
    return settled(chart, to, context, to.snapshot, event, scope);
  } catch (error) {
    const nodes = [chart.root];
    return { ...to.snapshot, context: first, _nodes: nodes, status: 'error', error } as AnyMachineSnapshot;
  }
}

/** The snapshot where nothing follows of itself any more. XState goes on where an arrow is not worked out. */
function settled(
  chart: AnyStateMachine,
  from: Place,
  first: Context,
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
): AnyMachineSnapshot {
  let place = from;
  let context = first;
  for (let links = 0; links < LONGEST_CHAIN; links += 1) {
    const arrow = firstOpen(place.always, context, event);
    if (arrow === undefined) return arrived(place, context, before, event, scope);
    const { step } = arrow;
    if (step === undefined) {
      return chart.transition(arrived(place, context, before, event, scope), event, scope);
    }
    context = performed(step.actions, context, before, event, scope);
    place = step.to;
  }
  throw new Error(`the arrows of ${place.leaf.id} that wait for no event lead in a circle`);
}

/** The snapshot after an event; undefined: XState has to take it, and nothing has happened yet. */
function taken(
  chart: AnyStateMachine,
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
  if (step?.to.leadsOn(event.type) !== true) return undefined;
  const context = performed(step.actions, before.context, before, event, scope);
  return settled(chart, step.to, context, before, event, scope);
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
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  { self }: AnyActorScope,
): AnyMachineSnapshot {
  const { children, historyValue } = before;
  if (context === before.context && leaf === leafOf(before)) return before;
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
