import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { actionsOf, type ChartAction, type Guard, guardOf } from './chart-actions.ts';

/** What taking an arrow means. */
export interface Step {
  /** In their order: of the states that are left, of the arrow, of the states that are entered. */
  readonly actions: readonly ChartAction[];
  readonly to: Place;
}

/** `step` undefined: it does more than is worked out here, and XState has to take it. */
export interface Arrow {
  readonly guard: Guard | undefined;
  readonly step: Step | undefined;
}

/** Where an actor may be: one path from the root of its chart to a leaf. */
export interface Place {
  readonly leaf: AnyStateNode;
  /** A snapshot of this place. Only its context is not of anybody. */
  readonly snapshot: AnyMachineSnapshot;
  /** What an event may lead to, in the order in which XState asks; undefined: only XState knows. */
  arrows(event: AnyEventObject['type']): readonly Arrow[] | undefined;
  /** Those that wait for no event. */
  readonly always: readonly Arrow[];
  /**
   * Whether all that follows of itself, once an event has led here, is worked out or can be left to XState: it can go on from a
   * place where the event itself leads nowhere.
   */
  leadsOn(event: AnyEventObject['type']): boolean;
}

/** The places of a chart by their leaves, and how it begins. */
export interface Places {
  of(leaf: AnyStateNode): Place;
  /** Undefined: only XState knows. */
  readonly beginning: Step | undefined;
}

/** Works out the arrows of a chart, each when it is first asked for; undefined for one with parallel states or history. */
export function placesOf(chart: AnyStateMachine): Places | undefined {
  if (!isSimple(chart.root)) return undefined;
  const known = new Map<AnyStateNode, Place>();
  const places: Places = {
    of(leaf) {
      const place = known.get(leaf) ?? new ChartPlace(chart, leaf, places);
      known.set(leaf, place);
      return place;
    },
    get beginning() {
      return entering(chart, [chart.root, ...descent(chart.root)], [], places);
    },
  };
  return places;
}

type Transition = NonNullable<AnyStateNode['always']>[number];

class ChartPlace implements Place {
  readonly leaf: AnyStateNode;
  readonly snapshot: AnyMachineSnapshot;
  readonly #chart: AnyStateMachine;
  readonly #places: Places;
  /** From the leaf to the root. */
  readonly #path: readonly AnyStateNode[];
  readonly #arrows = new Map<string, readonly Arrow[] | undefined>();
  #always: readonly Arrow[] | undefined;
  readonly #leadsOn = new Map<string, boolean>();

  constructor(chart: AnyStateMachine, leaf: AnyStateNode, places: Places) {
    this.leaf = leaf;
    this.#chart = chart;
    this.#places = places;
    this.#path = upwards(leaf);
    this.snapshot = chart.resolveState({ value: stateValueOf(leaf), context: {} });
  }

  arrows(event: string): readonly Arrow[] | undefined {
    const known = this.#arrows.get(event);
    if (known !== undefined || this.#arrows.has(event)) return known;
    const hasPatterns = this.#path.some(({ transitions }) => [...transitions.keys()].some(isPattern));
    const arrows = hasPatterns ? undefined : this.#worked(({ transitions }) => transitions.get(event));
    this.#arrows.set(event, arrows);
    return arrows;
  }

  get always(): readonly Arrow[] {
    this.#always ??= this.#worked(({ always }) => always);
    return this.#always;
  }

  leadsOn(event: string): boolean {
    const known = this.#leadsOn.get(event);
    if (known !== undefined) return known;
    // Whoever asks again on the way has gone in a circle: that alone is no hindrance.
    this.#leadsOn.set(event, true);
    const canBeLeft = this.arrows(event)?.length === 0;
    const leads = this.always.every(({ step }) => (step === undefined ? canBeLeft : step.to.leadsOn(event)));
    this.#leadsOn.set(event, leads);
    return leads;
  }

  #worked(transitionsOf: (node: AnyStateNode) => readonly Transition[] | undefined): readonly Arrow[] {
    return this.#path.flatMap((node) => (transitionsOf(node) ?? []).map((each) => this.#arrow(each)));
  }

  #arrow(transition: Transition): Arrow {
    const guard = guardOf(this.#chart, transition.guard);
    return guard === 'other'
      ? { guard: undefined, step: undefined }
      : { guard, step: this.#step(transition) };
  }

  #step({ target = [], source, reenter, actions }: Transition): Step | undefined {
    const own = actionsOf(this.#chart, actions);
    if (own === undefined) return undefined;
    const [goal] = target;
    if (goal === undefined) return { actions: own, to: this };
    const domain = domainOf(source, goal, reenter);
    if (domain === undefined || target.length > 1) return undefined;
    const left = this.#path.filter((node) => isWithin(node, domain));
    const exits = actionsOf(
      this.#chart,
      left.flatMap(({ exit }) => exit),
    );
    if (exits === undefined || left.some(invokes)) return undefined;
    const way = upwards(goal).filter((node) => isWithin(node, domain));
    return entering(this.#chart, [...way.reverse(), ...descent(goal)], [...exits, ...own], this.#places);
  }
}

/** The step that enters these states, the outer ones first, after some actions. */
function entering(
  chart: AnyStateMachine,
  entered: readonly AnyStateNode[],
  before: readonly ChartAction[],
  places: Places,
): Step | undefined {
  const leaf = entered.at(-1);
  if (leaf === undefined || entered.some(invokes) || entered.some(hasInitialActions)) return undefined;
  // The end of a part raises an event, and whoever ends leaves all states.
  const hasEpilogue = leaf.parent !== chart.root || leaf.exit.length + chart.root.exit.length > 0;
  if (leaf.type === 'final' && hasEpilogue) return undefined;
  const entries = actionsOf(
    chart,
    entered.flatMap(({ entry }) => entry),
  );
  return entries === undefined ? undefined : { actions: [...before, ...entries], to: places.of(leaf) };
}

/** The innermost state that a transition does not leave (SCXML's transition domain); undefined: it leaves them all. */
function domainOf(source: AnyStateNode, goal: AnyStateNode, reenter: boolean): AnyStateNode | undefined {
  if (!reenter && (goal === source || isWithin(goal, source))) return source;
  return upwards(goal).find((node) => node !== goal && isWithin(source, node));
}

function isSimple(node: AnyStateNode): boolean {
  return node.type !== 'parallel' && node.type !== 'history' && Object.values(node.states).every(isSimple);
}

function isWithin(node: AnyStateNode, outer: AnyStateNode): boolean {
  return node !== outer && upwards(node).includes(outer);
}

/** The state itself, and those around it. */
function upwards(node: AnyStateNode): AnyStateNode[] {
  return node.parent === undefined ? [node] : [node, ...upwards(node.parent)];
}

/** The states in it that are entered with it. */
function descent(node: AnyStateNode): AnyStateNode[] {
  if (node.type !== 'compound') return [];
  const [inner] = node.initial.target;
  return inner === undefined ? [] : [inner, ...descent(inner)];
}

function stateValueOf(leaf: AnyStateNode): AnyMachineSnapshot['value'] {
  const [last = '', ...outer] = upwards(leaf)
    .slice(0, -1)
    .map(({ key }) => key);
  return outer.reduce<AnyMachineSnapshot['value']>((value, key) => ({ [key]: value }), last);
}

function invokes({ invoke }: AnyStateNode): boolean {
  return invoke.length > 0;
}

function hasInitialActions(node: AnyStateNode): boolean {
  return node.type === 'compound' && node.initial.actions.length > 0;
}

/** Of several events, as `*` and `user.*`. */
function isPattern(descriptor: string): boolean {
  return descriptor.endsWith('*');
}
