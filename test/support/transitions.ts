import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate';

/** A transition's name: `provider.cooling on attempt.settled [1]`; the same in every copy that `provide` makes. */
function nameOf({ id }: AnyStateNode, eventType: string, index: number): string {
  return `${id} on ${eventType === '' ? 'always' : eventType} [${index}]`;
}

/** Every transition of a machine; initial ones are no choice and are left out. */
function definedTransitions(
  machine: AnyStateMachine,
): readonly { readonly name: string; readonly transition: AnyTransitionDefinition }[] {
  const ofNode = (node: AnyStateNode): { name: string; transition: AnyTransitionDefinition }[] => [
    ...[['', node.always ?? []] as const, ...node.transitions].flatMap(([eventType, transitions]) =>
      transitions.map((transition, index) => ({ name: nameOf(node, eventType, index), transition })),
    ),
    ...Object.values(node.states).flatMap(ofNode),
  ];
  return ofNode(machine.root);
}

/** Collects the transitions that actors walk; `inspect` is handed to them. */
export class WalkedTransitions {
  readonly #walked = new Set<string>();
  readonly #seen = new Set<AnyTransitionDefinition>();

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const transition of event._transitions) {
      if (this.#seen.has(transition)) continue;
      this.#seen.add(transition);
      const { source, eventType } = transition;
      const siblings = eventType === '' ? source.always : source.transitions.get(eventType);
      const index = siblings?.indexOf(transition) ?? -1;
      if (index >= 0) this.#walked.add(nameOf(source, eventType, index));
    }
  };

  /** Names of the defined transitions that nobody walked. */
  missing(machine: AnyStateMachine): string[] {
    return definedTransitions(machine).flatMap(({ name }) => (this.#walked.has(name) ? [] : [name]));
  }
}
