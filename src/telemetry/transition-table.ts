/** A step of a request's chart, as it is named. */
export interface Step {
  readonly kind: 'started' | 'transition' | 'stopped';
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly changed: readonly string[];
}

/** Gives each kind of step a small number: there are some dozens of them, whatever the number of requests. */
export interface TransitionTable {
  /** @param changed a bit for each of the keys that the table was made with */
  number(kind: Step['kind'], from: string, event: string, to: string, changed: number): number;
  step(number: number): Step | undefined;
}

interface Known extends Step {
  readonly bits: number;
}

/** More kinds of steps than there can be by far; those beyond are told as the last one. */
const MAX_STEPS = 1_000;

/** @param keys of the context, at most 30 @param begin the first number that is given */
export function createTransitionTable(keys: readonly string[], begin: number): TransitionTable {
  const steps: Known[] = [];
  return {
    number(kind, from, event, to, bits) {
      // The usual ones come early: looking through them costs less than a key made of all five.
      for (let at = 0; at < steps.length; at += 1) {
        const step = steps[at];
        if (step?.bits !== bits || step.to !== to || step.event !== event || step.from !== from) continue;
        if (step.kind === kind) return begin + at;
      }
      const changed = keys.filter((_, bit) => ((bits >> bit) & 1) === 1);
      if (steps.length < MAX_STEPS) steps.push({ kind, event, from, to, changed, bits });
      return begin + steps.length - 1;
    },
    step: (number) => steps[number - begin],
  };
}
