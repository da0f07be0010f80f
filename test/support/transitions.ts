import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate';

/** Every transition that a machine defines, with a name for people; initial ones are no choice and are left out. */
export function definedTransitions(machine: AnyStateMachine): ReadonlyMap<AnyTransitionDefinition, string> {
  const defined = new Map<AnyTransitionDefinition, string>();
  const visit = (node: AnyStateNode): void => {
    for (const [type, transitions] of [...node.transitions, ['', node.always ?? []] as const])
      transitions.forEach((transition, index) => {
        defined.set(transition, `${node.id} on ${type === '' ? 'always' : type} [${index}]`);
      });
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return defined;
}

/** Collects the transitions that actors walk; `inspect` is handed to them. */
export class WalkedTransitions {
  readonly #walked = new Set<AnyTransitionDefinition>();

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const transition of event._transitions) this.#walked.add(transition);
  };

  /** Names of the defined transitions that nobody walked. */
  missing(machine: AnyStateMachine): string[] {
    return [...definedTransitions(machine)].flatMap(([transition, name]) =>
      this.#walked.has(transition) ? [] : [name],
    );
  }
}
